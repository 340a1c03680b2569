"""A word that was lost on its way is found by looking, and looking ends with the process."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import update

from anpi import state
from anpi.tables import incidents
from server.data.transaction import Transaction
from tests.tools.anpi_answering import ask, incident
from tests.tools.running import Running


async def test_a_check_whose_word_was_lost_is_told_all_the_same(server: Running, company: SimpleNamespace):
    services = server.services
    about = await incident(services)
    await ask(services, about, [company.sato.id])
    sato = await server.connect(company.sato.token)
    looking = asyncio.create_task(state.look_again(services))

    def silently(tx: Transaction) -> None:
        gone = update(incidents).where(incidents.c.id == about)
        tx.connection.execute(gone.values(state="done", completed_at=tx.now, rev=incidents.c.rev + 1))

    while True:
        async with asyncio.timeout(5):
            if (await sato.events.get())["is"] == "anpi.mine":
                break
    await services.writer.act(silently)
    services.wakeups.wake(state.QUEUE)
    while True:
        async with asyncio.timeout(5):
            event = await sato.events.get()
        if event["is"] == "anpi.mine" and not event["open"]:
            break

    services.draining = True
    services.wakeups.wake_all()
    async with asyncio.timeout(5):
        await looking
    services.draining = False


async def test_what_begins_while_it_is_looked_is_not_taken_for_nothing(
    server: Running, monkeypatch: pytest.MonkeyPatch
):
    services, read, looked = server.services, server.services.readers.ask, asyncio.Event()

    async def begin_meanwhile(question: Any, *given: Any) -> Any:
        found = await read(question, *given)
        if question is state._heads:
            state.here(services).moved(1)
            looked.set()
        return found

    monkeypatch.setattr(services.readers, "ask", begin_meanwhile)
    looking = asyncio.create_task(state.look_again(services))
    async with asyncio.timeout(5):
        await looked.wait()
    assert state.here(services).quiet is None
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)


async def test_while_nothing_is_open_whoever_comes_costs_no_question(server: Running, company: SimpleNamespace):
    services = server.services
    looking = asyncio.create_task(state.look_again(services))
    async with asyncio.timeout(5):
        while state.here(services).quiet is None:
            await asyncio.sleep(0.01)
    assert (await server.connect(company.sato.token)).welcome["anpi_open"] == []

    about = await incident(services)
    await ask(services, about, [company.sato.id])
    assert state.here(services).quiet is None
    assert (await server.connect(company.sato.token)).welcome["anpi_open"][0]["id"] == about
    looking.cancel()
    await asyncio.gather(looking, return_exceptions=True)
