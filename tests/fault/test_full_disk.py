"""A full disk: everybody hears ``unavailable``, reading goes on, and the resend says it once."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from sqlalchemy import event

from tests.tools.client import Refused
from tests.tools.mirror import everything


@pytest.fixture
def disk(server):
    """A switch: while it is full, SQLite may not add a page."""
    engine, full = server.services.writer._engine, {"is": False}

    def limit(connection, *_):
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count={pages if full['is'] else 2**30}").fetchone()

    # For the connection that is open, and for the one that is opened anew after the failure.
    event.listen(engine, "connect", lambda connection, _: limit(connection))

    async def switch(is_full):
        full["is"] = is_full
        await server.services.writer.act(lambda tx: limit(tx.connection.connection.driver_connection))

    return switch


async def test_nothing_is_acknowledged_that_the_disk_did_not_take(server, company, disk):
    sato = await server.connect(company.sato.token)
    room = (await sato.ask("room.create", kind="closed", name="営業", people=[]))["room"]["id"]
    await sato.post(room, "前")
    long, ids = "あ" * 9000, [str(uuid.uuid4()) for _ in range(20)]

    await disk(True)
    refs = [await sato.say("post", channel=room, text=long, client_id=client_id) for client_id in ids]
    answers = await asyncio.gather(*(sato.answer_to(ref) for ref in refs), return_exceptions=True)
    assert all(isinstance(answer, Refused) and answer.code == "unavailable" for answer in answers)
    assert len((await everything(sato, room)).messages) == 1, "reading goes on"

    await disk(False)
    for client_id in ids:
        await sato.post(room, long, client_id)
    held = await everything(sato, room)
    assert sorted(held.messages) == list(range(1, 22)), "no gap, nothing twice"
