"""Two tiers of the same tests: `./test` in minutes, `./test --long` with the numbers of the issues."""

from dataclasses import dataclass
from typing import TypeVar

import pytest

Number = TypeVar("Number", int, float)
TWO_PROCESSES = "two processes"
"""How the set-up of ``tests/contract`` is called that has a PostgreSQL and a Redis."""


@dataclass(frozen=True)
class Tier:
    """Which numbers count today: ``kills = tier(short=6, long=100)``."""

    is_long: bool

    def __call__(self, *, short: Number, long: Number) -> Number:
        return long if self.is_long else short


@pytest.fixture(scope="session")
def tier(pytestconfig: pytest.Config) -> Tier:
    return Tier(is_long=pytestconfig.getoption("--long"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long tier: hours instead of minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is marked `long`; a skip would say that something is missing here."""
    if config.getoption("--long"):
        return
    for item in further_examples(items):
        item.add_marker(pytest.mark.long)
    left_out = [item for item in items if item.get_closest_marker("long")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


def further_examples(items: list[pytest.Item]) -> list[pytest.Item]:
    """Of a test with many examples one is enough to see that it holds on two processes too, which cost three times as
    much. SQLite gets all of them; so do two processes in the long tier."""
    seen: set[tuple[object, str]] = set()
    further = []
    for item in items:
        if not isinstance(item, pytest.Function) or TWO_PROCESSES not in _examples(item):
            continue
        test = (item.path, item.originalname)
        if test in seen:
            further.append(item)
        seen.add(test)
    return further


def _examples(item: pytest.Function) -> list[object]:
    return list(item.callspec.params.values()) if hasattr(item, "callspec") else []
