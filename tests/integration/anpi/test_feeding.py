"""Who listens to the sources: one process, only while company and operator want it, and what it hears starts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from sqlalchemy import select, update

from anpi import tables as anpi
from anpi.hazard import recording, starting
from anpi.hazard.feeds import feeding, health
from anpi.hazard.feeds.feeding import Feeding, feed
from anpi.hazard.tables import events
from server.data.transaction import Transaction
from server.settings import Settings
from tests.tools.quakes import KAGA, NOTO, Quake
from tests.tools.running import Running, running, settings_for
from tests.tools.sources import FakeJma, FakeP2p, fake_jma, fake_p2p

PATIENCE = 15.0


@pytest.fixture
async def jma() -> AsyncIterator[FakeJma]:
    async with fake_jma() as found:
        yield found


@pytest.fixture
async def p2p() -> AsyncIterator[FakeP2p]:
    async with fake_p2p() as found:
        yield found


@pytest.fixture
def chosen(tmp_path: Path, sqlite_template: Path, jma: FakeJma, p2p: FakeP2p) -> Settings:
    return settings_for(
        tmp_path / "var", sqlite_template, jma_url=jma.url, p2p_url=p2p.url, outbound_hosts=("127.0.0.1",)
    )


@contextlib.asynccontextmanager
async def fed(server: Running) -> AsyncIterator[None]:
    task = asyncio.create_task(feed(server.services))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def reached(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.02)


async def incidents(server: Running) -> list[object]:
    return await server.services.readers.ask(lambda db: list(db.execute(select(anpi.incidents))))


async def set_settings(server: Running, body: str) -> None:
    def write(tx: Transaction) -> None:
        tx.connection.execute(update(anpi.settings).values(body=body))
        tx.wake(starting.QUEUE)

    await server.services.writer.act(write)


async def test_both_sources_are_listened_to_from_the_start_and_make_one_incident(
    chosen: Settings, jma: FakeJma, p2p: FakeP2p
):
    async with running(chosen) as server:
        quake = Quake(server.services.clock)
        jma.publish("VXSE51", quake.observed({NOTO: "6-"}), server.services.clock())
        p2p.history = [quake.p2p_observed({NOTO: "6-"})]
        async with fed(server):
            await reached(lambda: heard(server, "jma", "p2p"))
            await reached(lambda: incidents(server))
        assert len(await incidents(server)) == 1
    assert [task for task in asyncio.all_tasks() if task.get_name().startswith("source ")] == []


async def heard(server: Running, *names: str) -> bool:
    """Whether the sources' rows say that each has brought a report."""
    known = await server.services.readers.ask(health.read)
    return all(name in known and known[name].report_at is not None for name in names)


async def test_the_switch_turns_all_outside_sources_off_and_on_again(chosen: Settings, jma: FakeJma, p2p: FakeP2p):
    async with running(chosen) as server, fed(server):
        await p2p.wait_for_lines(1)
        await set_settings(server, '{"outside": false}')
        await p2p.lines[0].wait_closed()
        looked = jma.looked()
        await set_settings(server, '{"outside": true}')
        await p2p.wait_for_lines(2)
        await reached(lambda: jma.looked() > looked)


async def test_an_operator_who_closes_the_door_is_asked_nothing_more(chosen: Settings, jma: FakeJma, p2p: FakeP2p):
    async with running(chosen.model_copy(update={"outbound": False})) as server:
        assert feeding.sources_on(server.services, True) == frozenset()
        listener = Feeding(server.services)
        await listener.turn()
        assert listener._tasks == {}
    assert jma.looked() == 0 and p2p.lines == []


async def test_who_has_no_lease_does_not_listen(chosen: Settings, p2p: FakeP2p):
    async with running(chosen) as server:
        idle = Feeding(server.services)
        await idle._safely_turn()
        assert idle._tasks == {} and p2p.lines == []


async def test_a_wait_ends_without_anybody_asking(chosen: Settings, p2p: FakeP2p):
    async with running(chosen) as server, fed(server):
        await set_settings(server, '{"early_wait_seconds": 1}')
        await p2p.wait_for_lines(1)
        await p2p.say(Quake(server.services.clock, ago=5).p2p_warned({NOTO: "6-"}))
        await reached(lambda: incidents(server))
        (event,) = await server.services.readers.ask(lambda db: list(db.execute(select(events))))
        assert event.state == "started" and event.armed_until is None


async def test_a_bug_about_one_event_keeps_nobody_from_being_asked_about_the_next(
    chosen: Settings, p2p: FakeP2p, monkeypatch: pytest.MonkeyPatch
):
    end_wait, ended = recording.end_wait, list[int]()

    def stumble(tx: Transaction, event: int) -> str:
        if event == 1:
            raise RuntimeError("a bug")
        ended.append(event)
        return end_wait(tx, event)

    monkeypatch.setattr(recording, "end_wait", stumble)
    async with running(chosen) as server, fed(server):
        await set_settings(server, '{"early_wait_seconds": 1}')
        await p2p.wait_for_lines(1)
        await p2p.say(Quake(server.services.clock, ago=300).p2p_warned({NOTO: "6-"}))
        await p2p.say(Quake(server.services.clock, ago=5).p2p_warned({KAGA: "6-"}, "556-2"))
        await reached(lambda: incidents(server))
        assert ended == [2]


async def test_a_bug_in_one_source_ends_neither_the_other_nor_itself(
    chosen: Settings, jma: FakeJma, p2p: FakeP2p, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(feeding, "AFTER_BUG_SECONDS", 0.01)
    times = 0
    listen = feeding.P2pSocket.run

    async def stumble(self: feeding.P2pSocket) -> None:
        nonlocal times
        times += 1
        if times < 3:
            raise RuntimeError("a bug")
        await listen(self)

    monkeypatch.setattr(feeding.P2pSocket, "run", stumble)
    async with running(chosen) as server, fed(server):
        await p2p.wait_for_lines(1)
        await reached(lambda: jma.looked() >= 1)
    assert times == 3
