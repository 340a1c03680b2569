"""P2P地震情報's socket: taken up again at once, nothing missed, nothing taken twice, its chatter ignored."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from anpi import tables as anpi
from anpi.hazard import intake as intake_module
from anpi.hazard import recording
from anpi.hazard.feeds.aside import AGAIN_SECONDS, Aside
from anpi.hazard.feeds.health import Health
from anpi.hazard.feeds.p2p_socket import P2pSocket
from anpi.hazard.intake import Intake
from anpi.hazard.tables import events, reports
from server.clock import system_clock
from server.errors import Unavailable
from tests.tools.quakes import NOTO, MovedClock, Quake
from tests.tools.running import Running, running, settings_for
from tests.tools.sources import FakeP2p, fake_p2p

PATIENCE = 15.0


@pytest.fixture
async def p2p() -> AsyncIterator[FakeP2p]:
    async with fake_p2p() as found:
        yield found


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path, p2p: FakeP2p, clock: MovedClock) -> AsyncIterator[Running]:
    chosen = settings_for(tmp_path / "var", sqlite_template, p2p_url=p2p.url, outbound_hosts=("127.0.0.1",))
    async with running(chosen, clock) as here:
        yield here


class Heard(Intake):
    """Tells when a message was taken in."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.times = 0
        self._changed = asyncio.Condition()

    async def message(self, source: str, name: str, data: bytes) -> Any:
        taken = await super().message(source, name, data)
        async with self._changed:
            self.times += 1
            self._changed.notify_all()
        return taken

    async def wait_for(self, times: int) -> None:
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: self.times >= times)


@contextlib.asynccontextmanager
async def listening(server: Running, pauses: list[float] | None = None) -> AsyncIterator[tuple[Heard, Health]]:
    """Somebody who listens while the block runs; his pauses after a trouble are none."""
    intake, health = Heard(server.services), Health("p2p")

    async def pause(seconds: float) -> None:
        if pauses is not None and seconds != AGAIN_SECONDS:
            pauses.append(seconds)
        # Between two pings nothing is to happen here.
        await asyncio.sleep(3600 if seconds == 20.0 else 0.01)

    task = asyncio.create_task(P2pSocket(server.services, intake, health, pause).run())
    try:
        yield intake, health
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def rows(server: Running, table: Any) -> list[Any]:
    return await server.services.readers.ask(lambda db: list(db.execute(select(table).order_by(*table.primary_key))))


async def reached(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


async def test_an_early_warning_is_heard_and_waits(server: Running, p2p: FakeP2p, clock: MovedClock):
    async with listening(server) as (intake, health):
        await p2p.wait_for_lines(1)
        await p2p.say(Quake(clock, ago=7).p2p_warned({NOTO: "6-"}))
        await intake.wait_for(1)
        (event,) = await rows(server, events)
        assert event.state == "armed"
        await reached(lambda: health.report_at == clock())
        assert health.heard_at == clock() and health.error == ""


async def test_what_cannot_be_written_at_first_is_not_lost(
    server: Running, p2p: FakeP2p, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
):
    act, refused = server.services.writer.act, 0

    async def away(*given: Any, **more: Any) -> Any:
        nonlocal refused
        if given[0] is recording.record and refused < 6:
            refused += 1
            raise Unavailable()
        return await act(*given, **more)

    monkeypatch.setattr(server.services.writer, "act", away)
    monkeypatch.setattr(intake_module, "PAUSES", (0.0, 0.0, 0.0))
    async with listening(server) as (intake, _):
        await p2p.wait_for_lines(1)
        await p2p.say(Quake(clock, ago=7).p2p_warned({NOTO: "6-"}))
        await intake.wait_for(1)
    (event,) = await rows(server, events)
    assert (event.state, refused) == ("armed", 6)


async def test_it_comes_back_at_once_and_hears_what_it_missed(server: Running, p2p: FakeP2p, clock: MovedClock):
    pauses: list[float] = []
    quake = Quake(clock)
    async with listening(server, pauses) as (intake, _):
        await p2p.wait_for_lines(1)
        await p2p.say(quake.p2p_observed({NOTO: "6-"}, "a"))
        await intake.wait_for(1)
        p2p.history = [quake.p2p_observed({NOTO: "6-"}, "a"), quake.p2p_observed({NOTO: "6-", "391": "5+"}, "b")]
        await p2p.close_lines()
        await p2p.wait_for_lines(2)
        await intake.wait_for(3)
    assert [row.name for row in await rows(server, reports)] == ["a", "b"], "each is taken once"
    assert len(await rows(server, anpi.incidents)) == 1


async def test_the_network_s_chatter_and_tests_are_no_reports(server: Running, p2p: FakeP2p, clock: MovedClock):
    async with listening(server) as (intake, _):
        await p2p.wait_for_lines(1)
        for noise in (b'{"code":555,"areas":[]}', b'{"code":561}', b'{"code":9611,"id":"x"}', b'{"code":554}'):
            await p2p.say(noise)
        for garbage in (b"", b"[]", b"null", b"{", b'"' + b"x" * 1000 + b'"', b"[" * 5000):
            await p2p.say(garbage)
        await p2p.say(Quake(clock).p2p_warned({NOTO: "7"}, "test", test=True))
        await p2p.say(b'{"code":551,"id":"bad","issue":5}')
        await p2p.say(Quake(clock).p2p_observed({NOTO: "3"}, "last"))
        await intake.wait_for(2)
    kept = {row.name: row.error for row in await rows(server, reports)}
    assert set(kept) == {"bad", "last"} and kept["bad"] and not kept["last"]
    assert len(p2p.lines) == 1, "nothing of it has ended the line"


async def test_a_message_that_is_far_too_long_ends_the_line_and_not_the_listening(
    server: Running, p2p: FakeP2p, clock: MovedClock
):
    async with listening(server) as (intake, _):
        await p2p.wait_for_lines(1)
        with contextlib.suppress(Exception):
            await p2p.say(b'{"code":555,"x":"' + b"x" * 2_000_000 + b'"}')
        await p2p.wait_for_lines(2)
        await p2p.say(Quake(clock).p2p_observed({NOTO: "6-"}))
        await intake.wait_for(1)
    assert len(await rows(server, anpi.incidents)) == 1


async def test_without_history_the_line_goes_on(server: Running, p2p: FakeP2p, clock: MovedClock):
    p2p.history = [b"no json"]
    async with listening(server) as (intake, health):
        await reached(lambda: health.error == "history_no_json")
        await p2p.say(Quake(clock).p2p_observed({NOTO: "6-"}))
        await intake.wait_for(1)
        await reached(lambda: health.error == "")
    assert len(await rows(server, anpi.incidents)) == 1


async def test_nobody_there_is_trouble_with_longer_and_longer_pauses(tmp_path: Path, sqlite_template: Path):
    chosen = settings_for(
        tmp_path / "var", sqlite_template, p2p_url="ws://127.0.0.1:1/v2/ws", outbound_hosts=("127.0.0.1",)
    )
    pauses: list[float] = []
    async with running(chosen) as server, listening(server, pauses) as (_, health):
        await reached(lambda: len(pauses) >= 4)
        assert health.error == "connect" and health.heard_at is None
        assert pauses[0] < pauses[1] < pauses[2] < pauses[3] and max(pauses) <= 62


async def test_a_bug_about_one_that_waits_loses_none_of_those_behind_it():
    there, taken = False, list[str]()

    async def take(said: str) -> bool:
        if there and said == "broken":
            raise RuntimeError("a bug")
        taken.extend([said] if there else [])
        return there

    aside = Aside(system_clock, take)
    for said in ("first", "broken", "last"):
        await aside.take(said)
    there = True
    with pytest.raises(RuntimeError):
        await aside.again()
    await aside.again()
    assert taken == ["first", "last"]
