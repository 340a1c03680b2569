"""Every task has an owner: what a test started has ended when the test is over.

All tests share one loop, so a forgotten task would go on working inside the next test.
"""

import asyncio
import inspect
from collections.abc import AsyncIterator

import pytest

GRACE_SECONDS = 2


@pytest.fixture(autouse=True)
def tasks_have_an_owner(request: pytest.FixtureRequest) -> None:
    if inspect.iscoroutinefunction(getattr(request, "function", None)):
        request.getfixturevalue("no_task_left_behind")


@pytest.fixture
async def no_task_left_behind() -> AsyncIterator[None]:
    before = asyncio.all_tasks()
    yield
    left = asyncio.all_tasks() - before - {asyncio.current_task()}
    if left:
        # One that is just ending may end.
        _, left = await asyncio.wait(left, timeout=GRACE_SECONDS)
    for task in left:
        task.cancel()
    assert not left, f"still running after the test: {sorted(str(task.get_coro()) for task in left)}"
