"""Every test here runs on SQLite and on two processes that share a PostgreSQL and a Redis; the long tier takes one
process on PostgreSQL too.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.settings import Settings
from tests.tools.databases import postgres_database
from tests.tools.directory import found, give
from tests.tools.running import Running, running, settings_for, together
from tests.tools.staffed import company_of

SET_UPS = ["sqlite", pytest.param("postgresql", marks=pytest.mark.long), "two processes"]


@pytest.fixture(params=SET_UPS)
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    if request.param == "sqlite":
        yield settings_for(tmp_path / "var", request.getfixturevalue("sqlite_for_test"))
        return
    server = request.getfixturevalue("postgres")
    with postgres_database(server, request.getfixturevalue("postgres_for_test")) as url:
        joined = {}
        if request.param == "two processes":
            joined = {"redis_url": f"{request.getfixturevalue('redis')}?prefix={uuid.uuid4().hex}"}
        yield settings_for(tmp_path / "var", database_url=url, **joined)


@pytest.fixture
async def server(settings: Settings) -> AsyncIterator[Running]:
    async with together(settings) if settings.redis_url else running(settings) as here:
        yield here


@pytest.fixture
async def company(server: Running) -> SimpleNamespace:
    return await company_of(server.services)


@pytest.fixture
async def tree(server: Running, company: SimpleNamespace) -> SimpleNamespace:
    """営業部 over 営業一課, beside 総務部; 鈴木 works in the team, 伊藤 in the office."""
    services = server.services
    sales = await found(services, "S", name="営業部")
    team = await found(services, "S-1", sales, name="営業一課")
    office = await found(services, "G", name="総務部")
    await give(services, company.suzuki.id, (team, "課長"), phone_number="03-1234-2201")
    await give(services, company.ito.id, (office, ""), (team, "応援"))
    return SimpleNamespace(sales=sales, team=team, office=office)
