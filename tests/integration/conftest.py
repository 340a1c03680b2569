"""A server of its own for each test, on SQLite, with three people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.tools.company import hire
from tests.tools.running import Running, running, settings_for


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Running]:
    async with running(settings_for(tmp_path / "var", sqlite_template)) as here:
        yield here


@pytest.fixture
async def company(server: Running) -> SimpleNamespace:
    """佐藤, 鈴木 and 伊藤, who all may talk."""
    names = ("sato", "suzuki", "ito")
    return SimpleNamespace(**{name: await hire(server.services, name) for name in names})
