"""Several workers at once: what must not run beside its like stays together on one of them.

Each worker has its own databases, Redis, browser and loop. Browsers and load tools take a core each, and what is
killed or starved here is measured against a machine that is not at the same time killed and starved by a neighbour.
"""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
APART = ("bench", "fault")
"""Folders whose tests run one after the other."""

NAME = os.environ.get("PYTEST_XDIST_WORKER", "")
"""This worker's name; blank where there are none."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        if group := group_of(item):
            item.add_marker(pytest.mark.xdist_group(group))


def group_of(item: pytest.Item) -> str:
    """Whom it follows; blank for what may run beside everything. Stories take about as long as all other pages."""
    if item.path.name == "test_web_project.py":
        return "node"
    if "chromium_path" in getattr(item, "fixturenames", ()):
        return "stories" if item.path.name.startswith("test_story_") else "browser"
    folder = folder_of(item)
    return folder if folder in APART else ""


def folder_of(item: pytest.Item) -> str:
    """The folder of ``tests/`` that it stands in."""
    return item.path.relative_to(ROOT).parts[0] if item.path.is_relative_to(ROOT) else ""
