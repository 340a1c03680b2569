"""No test waits for ever: one that hangs is failed with the line where it hangs."""

import signal
from collections.abc import Generator
from types import FrameType

import pytest

# The house rule is 20 s a test; a machine that others use too may be three times as slow.
LIMIT_SECONDS = 60


class HungTest(Exception):
    """Raised where the test stands when its time is over."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None]:
    return (yield from limited(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    return (yield from limited(item))


def limited(item: pytest.Item) -> Generator[None]:
    if item.config.getoption("--long"):
        return (yield)
    own = item.get_closest_marker("limit")
    before = signal.signal(signal.SIGALRM, raise_hung)
    signal.setitimer(signal.ITIMER_REAL, own.args[0] if own else LIMIT_SECONDS)
    try:
        return (yield)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def raise_hung(_number: int, _frame: FrameType | None) -> None:
    raise HungTest("still running after the time that a test may take")
