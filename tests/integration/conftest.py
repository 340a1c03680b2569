"""A server of its own for each test, on SQLite, with three people."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.tools.running import Running, running, settings_for
from tests.tools.staffed import company_of


@pytest.fixture
async def server(tmp_path: Path, sqlite_for_test: Path) -> AsyncIterator[Running]:
    async with running(settings_for(tmp_path / "var", sqlite_for_test)) as here:
        yield here


@pytest.fixture
async def company(server: Running) -> SimpleNamespace:
    """佐藤, 鈴木 and 伊藤, who all may talk."""
    return await company_of(server.services)
