"""A PostgreSQL that freezes or goes: `/readyz` is red, and green again by itself when it is back."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest
from sqlalchemy import text

from server import health
from server.data import engine
from tests.tools.company import hire
from tests.tools.databases import postgres_database
from tests.tools.running import running, settings_for


@pytest.fixture
async def server(postgres, postgres_template, tmp_path, monkeypatch):
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.5)
    with postgres_database(postgres, postgres_template) as url:
        async with running(settings_for(tmp_path / "var", database_url=url)) as here:
            yield here


async def test_a_database_that_freezes_is_red_and_green_again_by_itself(server):
    services = server.services
    await services.probe.look()
    assert services.probe.failing() == []

    def own_process(tx):
        return tx.connection.execute(text("SELECT pg_backend_pid()")).scalar()

    backend = await services.writer.act(own_process)
    os.kill(backend, signal.SIGSTOP)
    try:
        for _ in range(2):
            await services.probe.look()
            assert services.probe.failing() == ["database"]
    finally:
        os.kill(backend, signal.SIGCONT)
    await until_well(services)


async def test_a_database_that_throws_us_out_is_found_again(server):
    """The line breaks under the probe, which is well again without anybody's help."""
    services = server.services
    await services.probe.look()
    everybody = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    stranger = engine.throwaway_engine(engine.parse(services.settings.database))
    with stranger.connect() as connection:
        assert connection.execute(text(f"{everybody} AND pid <> pg_backend_pid()")).all(), "somebody was there"
    await until_well(services)
    await hire(services, "sato")


async def until_well(services):
    async with asyncio.timeout(10):
        while services.probe.failing():
            await services.probe.look()
        await services.probe.look()
    assert services.probe.failing() == []
