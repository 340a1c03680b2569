"""What is kept of quakes that asked nobody, and for how long."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from anpi.hazard.forgetting import forget
from anpi.hazard.tables import decisions, events, reports
from tests.tools.quakes import NOTO, Brought, MovedClock, Quake
from tests.tools.running import Running, running, settings_for


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path, clock: MovedClock) -> AsyncIterator[Running]:
    async with running(settings_for(tmp_path / "var", sqlite_template), clock) as here:
        yield here


async def rows(server: Running, table: Any) -> list[Any]:
    return await server.services.readers.ask(lambda db: list(db.execute(select(table).order_by(*table.primary_key))))


async def test_what_asked_somebody_stays_and_the_rest_goes_in_time(server: Running, clock: MovedClock):
    brought = Brought(server.services)
    await brought.telegram(Quake(clock).observed({NOTO: "4"}), "quiet")
    clock.move(hours=1)
    await brought.telegram(Quake(clock).observed({NOTO: "6-"}), "asked")
    await brought.telegram(b"<html>", "bad")

    clock.move(days=59)
    await forget(server.services)
    assert all(row.raw for row in await rows(server, reports))
    clock.move(days=2)
    await forget(server.services)
    assert [row.name for row in await rows(server, reports) if row.raw] == ["asked"]
    assert len(await rows(server, events)) == 2

    clock.move(days=400)
    await forget(server.services)
    assert [row.name for row in await rows(server, reports)] == ["asked"]
    assert len(await rows(server, events)) == 1 and len(await rows(server, decisions)) == 1
