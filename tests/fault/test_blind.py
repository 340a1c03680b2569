"""Law 5 without a database: who cannot read what rights were taken away delivers nothing until he can."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy.exc import OperationalError

from server.data.transaction import Event
from server.live import upkeep
from server.live.frames import Done
from tests.tools.company import hire
from tests.tools.databases import postgres_database
from tests.tools.running import running, settings_for


@pytest.fixture
async def server(postgres, postgres_template, tmp_path, monkeypatch):
    monkeypatch.setattr(upkeep, "REVOCATION_SECONDS", 0.05)
    monkeypatch.setattr(upkeep, "BLIND_SECONDS", 0.4)
    with postgres_database(postgres, postgres_template) as url:
        async with running(settings_for(tmp_path / "var", database_url=url)) as here:
            yield here


async def test_who_cannot_read_revocations_delivers_nothing_and_goes_on_when_he_can(server, monkeypatch):
    hub, sato = server.services.hub, await hire(server.services, "sato")
    client = await server.connect(sato.token)
    question = upkeep.revocation.new_revocations

    def away(*_):
        raise OperationalError("SELECT", {}, Exception("the line is gone"))

    monkeypatch.setattr(upkeep.revocation, "new_revocations", away)
    async with asyncio.timeout(5):
        while not hub.muted:
            await asyncio.sleep(0.01)
    hub.publish([Event(f"user:{sato.id}", None, Done(ref=4711))])
    await client.expect_silence()
    monkeypatch.setattr(upkeep.revocation, "new_revocations", question)
    await client.expect("done", ref=4711)
    assert not hub.muted
