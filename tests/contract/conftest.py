"""Every test here runs twice: on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.settings import Settings
from tests.tools.company import hire
from tests.tools.databases import postgres_database
from tests.tools.running import Running, running, settings_for


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    if request.param == "sqlite":
        yield settings_for(tmp_path / "var", request.getfixturevalue("sqlite_template"))
        return
    server = request.getfixturevalue("postgres")
    with postgres_database(server, request.getfixturevalue("postgres_template")) as url:
        yield settings_for(tmp_path / "var", database_url=url)


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Running]:
    async with running(settings) as here:
        yield here


@pytest.fixture
async def company(server: Running) -> SimpleNamespace:
    names = ("sato", "suzuki", "ito")
    return SimpleNamespace(**{name: await hire(server.services, name) for name in names})
