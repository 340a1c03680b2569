"""Of all processes one listens to the sources; when it goes another does, and nothing is taken twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from sqlalchemy import select

from anpi import tables as anpi
from anpi.hazard.feeds import health
from anpi.hazard.feeds.feeding import Feeding
from server.services import Services
from server.settings import Settings
from tests.tools.quakes import KAGA, NOTO, Quake
from tests.tools.running import Running, running, together
from tests.tools.sources import FakeJma, FakeP2p, fake_jma, fake_p2p

PATIENCE = 18.0


@pytest.fixture
async def jma() -> AsyncIterator[FakeJma]:
    async with fake_jma() as found:
        yield found


@pytest.fixture
async def p2p() -> AsyncIterator[FakeP2p]:
    async with fake_p2p() as found:
        yield found


@pytest.fixture
async def server(settings: Settings, jma: FakeJma, p2p: FakeP2p) -> AsyncIterator[Running]:
    chosen = {"jma_url": jma.url, "p2p_url": p2p.url, "outbound_hosts": ("127.0.0.1",)}
    own = settings.model_copy(update=chosen)
    async with together(own) if own.redis_url else running(own) as here:
        yield here


async def test_one_process_listens_and_another_takes_over(server: Running, jma: FakeJma, p2p: FakeP2p):
    quake = Quake(server.services.clock)
    listening = [Listening(process.services) for process in server.processes]
    try:
        await p2p.wait_for_lines(1)
        await p2p.say(quake.p2p_observed({NOTO: "6-"}, "first"))
        await reached(lambda: incidents(server))
        # A second listener would have come by now: each asks for the lease before it does anything.
        assert len(p2p.lines) == 1 and len([task for task in asyncio.all_tasks() if named(task, "source p2p")]) == 1

        (holder,) = [each for each in listening if each.feeding._tasks]
        await holder.end()
        if len(listening) == 1:
            listening.append(Listening(server.services))
        await p2p.wait_for_lines(2)
        p2p.history = [quake.p2p_observed({NOTO: "6-"}, "first")]
        jma.publish("VXSE51", quake.observed({NOTO: "6-", KAGA: "5+"}), server.services.clock())
        await p2p.say(quake.p2p_observed({NOTO: "6-", KAGA: "5+"}, "second"))
        await reached(lambda: widened(server))
        assert len(await incidents(server)) == 1
        await reached(lambda: known(server, "jma", "p2p"))
    finally:
        for each in listening:
            await each.end()


class Listening:
    """A process's listener, begun."""

    def __init__(self, services: Services) -> None:
        self.feeding = Feeding(services)
        self.task = asyncio.create_task(self.feeding.run())

    async def end(self) -> None:
        self.task.cancel()
        await asyncio.gather(self.task, return_exceptions=True)


def named(task: asyncio.Task[Any], name: str) -> bool:
    return task.get_name() == name


async def incidents(server: Running) -> list[Any]:
    return await server.services.readers.ask(lambda db: list(db.execute(select(anpi.incidents))))


async def widened(server: Running) -> bool:
    return len(await server.services.readers.ask(lambda db: list(db.execute(select(anpi.sends))))) == 2


async def known(server: Running, *names: str) -> bool:
    """Whether every process sees that these were heard."""
    found = await server.services.readers.ask(health.read)
    return all(name in found and found[name].heard_at is not None for name in names)


async def reached(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await condition():
            await asyncio.sleep(0.02)
