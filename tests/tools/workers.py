"""Several workers at once: what must not run beside its like stays together on one of them.

Each worker has its own databases, Redis, browser and loop. Browsers and load tools take a core each, and what is
killed or starved here is measured against a machine that is not at the same time killed and starved by a neighbour.
"""

from __future__ import annotations

import os
from typing import Any

import pytest

HEAVY = ("bench", "browser", "fault")
"""Folders whose tests run one after the other."""

NAME = os.environ.get("PYTEST_XDIST_WORKER", "")
"""This worker's name; blank where there are none."""


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """xdist's own groups are marked in a test's id, which pytest 9.2 lets nobody change: all would run beside all,
    and nothing would say so."""
    from xdist.scheduler import LoadScopeScheduling

    class Grouped(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(nodeid) or nodeid

    return Grouped(config, log)


def group_of(nodeid: str) -> str:
    """Whom a test follows; blank for what may run beside everything.

    Two workers have a browser, and no third: the one with the stories goes on with what is killed."""
    folder, _, name = nodeid.partition("::")[0].removeprefix("tests/").partition("/")
    if folder == "browser" and not name.startswith("test_story_"):
        return "browser"
    return "heavy" if folder in HEAVY else ""
