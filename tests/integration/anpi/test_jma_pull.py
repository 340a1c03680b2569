"""JMA's lists: asked no oftener than they change, each telegram fetched once, and nothing in them stops the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from anpi import tables as anpi
from anpi.hazard.feeds import jma_pull, pacing
from anpi.hazard.feeds.health import Health
from anpi.hazard.feeds.jma_pull import JmaPull
from anpi.hazard.intake import Intake
from anpi.hazard.tables import decisions, reports
from server.services import Services
from server.work.sandbox import SandboxFailed, TooLongToRead
from tests.tools.quakes import KAGA, NOTO, MovedClock, Quake
from tests.tools.running import Running, running, settings_for
from tests.tools.sources import FakeJma, fake_jma


@pytest.fixture
async def jma() -> AsyncIterator[FakeJma]:
    async with fake_jma() as found:
        yield found


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path, jma: FakeJma, clock: MovedClock) -> AsyncIterator[Running]:
    chosen = settings_for(tmp_path / "var", sqlite_template, jma_url=jma.url, outbound_hosts=("127.0.0.1",))
    async with running(chosen, clock) as here:
        yield here


class Listener:
    """Looks when it is told to."""

    def __init__(self, services: Services, *, weather: bool = False, waits: list[float] | None = None) -> None:
        self.health = Health("jma")
        self.weather = weather
        self._waits = waits if waits is not None else []
        self.pull = JmaPull(services, Intake(services), self.health, lambda: self.weather, self._pause)

    async def look(self) -> float:
        return await self.pull.look()

    async def _pause(self, seconds: float) -> None:
        self._waits.append(seconds)


async def rows(server: Running, table: Any) -> list[Any]:
    return await server.services.readers.ask(lambda db: list(db.execute(select(table).order_by(*table.primary_key))))


async def test_a_quake_in_the_list_starts_a_safety_check(server: Running, jma: FakeJma, clock: MovedClock):
    jma.publish("VXSE51", Quake(clock).observed({NOTO: "6-"}), clock())
    listener = Listener(server.services)
    await listener.look()
    assert len(await rows(server, anpi.incidents)) == 1
    assert listener.health.heard_at == clock() and listener.health.report_at == clock()


async def test_no_telegram_is_fetched_twice(server: Running, jma: FakeJma, clock: MovedClock):
    first = jma.publish("VXSE51", Quake(clock).observed({NOTO: "4"}), clock())
    listener = Listener(server.services)
    await listener.look()
    clock.move(seconds=60)
    second = jma.publish("VXSE53", Quake(clock, ago=400).observed({KAGA: "3"}), clock())
    await listener.look()
    # Another process, or this one after a restart, knows it from the database.
    await Listener(server.services).look()
    assert (jma.fetched(first), jma.fetched(second)) == (1, 1)
    assert len(await rows(server, reports)) == 2


async def test_a_list_that_has_not_changed_is_not_sent_again(server: Running, jma: FakeJma, clock: MovedClock):
    jma.publish("VXSE51", Quake(clock).observed({NOTO: "4"}), clock())
    listener = Listener(server.services)
    await listener.look()
    await listener.look()
    assert jma.looked() == 2 and jma.conditions[-1].startswith('"'), "the second asks only for news"
    assert listener.health.error == ""


async def test_only_what_may_matter_is_fetched_and_only_from_there(server: Running, jma: FakeJma, clock: MovedClock):
    quake = Quake(clock).observed({NOTO: "7"})
    ash = jma.publish("VFVO53", quake, clock())
    elsewhere = jma.publish("VXSE51", quake, clock(), host=f"http://localhost:{jma.port}")
    secure = jma.publish("VXSE51", quake, clock(), host=f"https://127.0.0.1:{jma.port}")
    user = jma.publish("VXSE51", quake, clock(), host=f"http://x@127.0.0.1:{jma.port}")
    await Listener(server.services).look()
    assert [jma.fetched(name) for name in (ash, elsewhere, secure, user)] == [0, 0, 0, 0]
    assert await rows(server, reports) == []


async def test_weather_is_asked_for_only_while_a_rule_is_about_it(server: Running, jma: FakeJma, clock: MovedClock):
    name = jma.publish("VPWW55", b"<x/>", clock())
    listener = Listener(server.services)
    await listener.look()
    assert jma.looked("extra.xml") == 0
    listener.weather = True
    await listener.look()
    assert jma.looked("extra.xml") == 1 and jma.fetched(name) >= 1


async def test_one_bad_telegram_does_not_stop_the_others(server: Running, jma: FakeJma, clock: MovedClock):
    quake = Quake(clock)
    good = quake.observed({NOTO: "6-"})
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>' + good.split(b"?>", 1)[1]
    for bad in (bomb, good[:700], good.replace(b"utf-8", b"x").decode().encode("shift_jis"), b"<html></html>", b""):
        jma.publish("VXSE51", bad, clock())
    jma.publish("VXSE51", good, clock())
    jma.publish("VXSE51", good, clock())
    listener = Listener(server.services)
    await listener.look()
    assert len(await rows(server, anpi.incidents)) == 1
    for _ in range(jma_pull.TRIES + 2):
        await listener.look()
    assert len(await rows(server, anpi.incidents)) == 1
    assert max(jma.asked[path] for path in jma.telegrams) <= jma_pull.TRIES
    assert sum(bool(row.error) for row in await rows(server, reports)) == 5, "each is kept with its fault"


async def test_what_comes_as_something_else_is_asked_for_again(server: Running, jma: FakeJma, clock: MovedClock):
    name = jma.publish("VXSE51", Quake(clock).observed({NOTO: "6-"}), clock())
    jma.raw[f"{name}.xml"] = b"<html>Service Unavailable</html>"
    listener = Listener(server.services)
    await listener.look()
    assert await rows(server, reports) == [] and listener.health.error.startswith("telegram_")
    jma.raw.clear()
    await listener.look()
    assert len(await rows(server, anpi.incidents)) == 1 and jma.fetched(name) == 2


@pytest.mark.parametrize(
    ("raw", "status", "reason"),
    [
        (b"<html>Maintenance</html>", "200 OK", "no_feed"),
        (b"", "200 OK", "no_feed"),
        (b"<feed></feed>", "503 Service Unavailable", "http_503"),
        (b"<feed></feed>", "403 Forbidden", "http_403"),
    ],
)
async def test_a_list_that_is_none_is_trouble_and_the_next_one_works(
    server: Running, jma: FakeJma, clock: MovedClock, raw: bytes, status: str, reason: str
):
    jma.raw["eqvol.xml"], jma.status = raw, status
    listener = Listener(server.services)
    first = await listener.look()
    second = await listener.look()
    assert listener.health.error == reason and listener.health.troubles == 2 and first < second
    jma.raw.clear()
    jma.status = "200 OK"
    jma.publish("VXSE51", Quake(clock).observed({NOTO: "7"}), clock())
    await listener.look()
    assert listener.health.error == "" and len(await rows(server, anpi.incidents)) == 1


async def test_a_process_that_was_too_slow_loses_no_telegram(
    server: Running, jma: FakeJma, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
):
    jma.publish("VXSE51", Quake(clock).observed({NOTO: "6-"}), clock())
    listener, run = Listener(server.services), server.services.sandbox.run
    failures: list[Exception] = [TooLongToRead(), SandboxFailed()]

    async def slow(function: str, *given: Any, **more: Any) -> Any:
        if function == "anpi.telegram" and failures:
            raise failures.pop()
        return await run(function, *given, **more)

    monkeypatch.setattr(server.services.sandbox, "run", slow)
    for _ in range(2):
        await listener.look()
        assert await rows(server, reports) == [] and listener.health.error.startswith("telegram_")
    await listener.look()
    assert len(await rows(server, anpi.incidents)) == 1


async def test_a_list_that_hangs_is_left_in_time(server: Running, jma: FakeJma, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(jma_pull, "SECONDS", 0.1)
    jma.hangs.add("/developer/xml/feed/eqvol.xml")
    listener = Listener(server.services)
    await listener.look()
    assert listener.health.error == "timeout"


async def test_stray_html_in_the_list_hides_no_entry(server: Running, jma: FakeJma, clock: MovedClock):
    jma.publish("VXSE51", Quake(clock).observed({NOTO: "6-"}), clock())
    jma.lists["eqvol.xml"].insert(0, "<div><p>広告</div><entry><title>x</title></entry><br>")
    await Listener(server.services).look()
    assert len(await rows(server, anpi.incidents)) == 1


async def test_after_a_silence_the_long_list_fills_the_gap_and_starts_nothing_old(
    server: Running, jma: FakeJma, clock: MovedClock
):
    old = jma.publish(
        "VXSE51", Quake(clock, ago=7200).observed({NOTO: "7"}, ago=7000), clock() - timedelta(hours=2), long=True
    )
    ancient = jma.publish("VXSE51", b"<x/>", clock() - timedelta(days=3), long=True)
    waits: list[float] = []
    listener = Listener(server.services, waits=waits)
    seconds = await listener.look()
    await listener.pull._wait(seconds)
    assert jma.looked("eqvol_l.xml") == 1 and jma.fetched(old) == 1 and jma.fetched(ancient) == 0
    assert await rows(server, anpi.incidents) == []
    assert [row.reason for row in await rows(server, decisions)] == ["too_old"]

    await listener.look()
    assert jma.looked("eqvol_l.xml") == 1, "no gap, no long list"
    clock.move(minutes=10)
    await listener.look()
    assert jma.looked("eqvol_l.xml") == 1, "once an hour at most"
    clock.move(hours=1)
    await listener.look()
    assert jma.looked("eqvol_l.xml") == 2


async def test_so_many_bytes_a_day_and_no_more(server: Running, jma: FakeJma, clock: MovedClock):
    listener = Listener(server.services)
    await listener.look()
    spent = listener.health.kept["bytes"]
    assert spent["used"] > 0 and spent["day"] == clock().date().isoformat()
    listener.pull._budget.used = pacing.DAY_BYTES
    before = jma.looked()
    await listener.look()
    assert jma.looked() == before and listener.health.error == "bytes"
    clock.move(days=1)
    await listener.look()
    assert jma.looked() == before + 1 and listener.health.error == ""


async def test_it_goes_on_by_itself(server: Running, jma: FakeJma, clock: MovedClock):
    jma.publish("VXSE51", Quake(clock).observed({NOTO: "6-"}), clock())
    looks = asyncio.Event()

    async def pause(_: float) -> None:
        if jma.looked() >= 3:
            looks.set()
        await asyncio.sleep(0)

    health = Health("jma")
    pull = JmaPull(server.services, Intake(server.services), health, lambda: False, pause)
    task = asyncio.create_task(pull.run())
    try:
        await asyncio.wait_for(looks.wait(), 15)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
