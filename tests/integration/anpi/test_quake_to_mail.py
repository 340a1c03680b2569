"""From the earth to the mailbox, with everything that a server runs by itself: nobody presses anything."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from anpi import tables as anpi
from server.run import features
from server.settings import Settings
from server.work.jobs import Worker
from tests.tools.anpi_incidents import PUBLIC_URL, scope
from tests.tools.quakes import KAGA, NOTO, Quake
from tests.tools.relay import Sink, relay
from tests.tools.running import Running, running, settings_for
from tests.tools.sources import FakeJma, FakeP2p, fake_jma, fake_p2p

PATIENCE = 18.0
TOKYO = "350"


@pytest.fixture
async def jma() -> AsyncIterator[FakeJma]:
    async with fake_jma() as found:
        found.max_age = 0
        yield found


@pytest.fixture
async def p2p() -> AsyncIterator[FakeP2p]:
    async with fake_p2p() as found:
        yield found


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with relay() as found:
        yield found


@pytest.fixture
def chosen(tmp_path: Path, sqlite_template: Path, jma: FakeJma, p2p: FakeP2p, sink: Sink) -> Settings:
    return settings_for(
        tmp_path / "var",
        sqlite_template,
        jma_url=jma.url,
        p2p_url=p2p.url,
        outbound_hosts=("127.0.0.1",),
        smtp_url=sink.url,
        mail_from="anpi@hokuto.example",
        public_url=PUBLIC_URL,
    )


@contextlib.asynccontextmanager
async def at_work(server: Running) -> AsyncIterator[None]:
    """All loops of a server, and its jobs."""
    tasks = [*features(server.services), asyncio.create_task(Worker(server.services).run())]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def reached(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.02)


async def test_whoever_works_or_lives_there_has_a_mail_and_nobody_has_two(
    chosen: Settings, jma: FakeJma, p2p: FakeP2p, sink: Sink
):
    async with running(chosen) as server:
        areas = {0: [f"work:{NOTO}"], 1: ["work:350", f"home:{NOTO}"], 2: ["work:1720400"], 3: ["home:17"]}
        areas |= {4: [f"work:{TOKYO}"], 5: [f"work:{KAGA}"]}
        people = await scope(server.services, 7, areas)
        address = {each: f"p{each}@hokuto.example" for each in people}
        quake = Quake(server.services.clock)
        async with at_work(server):
            await p2p.wait_for_lines(1)
            since = time.monotonic()
            await p2p.say(quake.p2p_observed({NOTO: "5+", TOKYO: "3"}))
            await sink.arrived.wait()
            print(f"from the telegram to the first mail: {time.monotonic() - since:.2f} s")
            first = [people[0], people[1], people[2], people[3], people[6]]
            await reached(lambda: len(sink.taken) >= len(first))
            assert recipients(sink) == Counter(address[each] for each in first)

            jma.publish("VXSE51", quake.observed({NOTO: "6-", KAGA: "5+"}), server.services.clock())
            await reached(lambda: len(sink.taken) >= 6)
            # What comes once more, from the other side, asks nobody.
            await p2p.say(quake.p2p_observed({NOTO: "6-", KAGA: "5+"}, "again"))
            await reached(lambda: jma.looked() >= 1)
        assert recipients(sink) == Counter(address[each] for each in (*first, people[5]))
        incidents = await server.services.readers.ask(lambda db: list(db.execute(select(anpi.incidents))))
        assert len(incidents) == 1
    text = sink.mails()[0].get_content()
    assert "石川県能登" in text and "5強" in text and f"{PUBLIC_URL}/a/" in text
    assert sink.mails()[0]["subject"] == "災害発生/Disaster occurred"


async def test_an_early_warning_that_was_wrong_writes_to_nobody_and_one_that_had_been_sent_is_taken_back(
    chosen: Settings, jma: FakeJma, sink: Sink, p2p: FakeP2p
):
    async with running(chosen) as server:
        (person,) = await scope(server.services, 1, {0: [f"work:{NOTO}"]})
        quake = Quake(server.services.clock, ago=8)
        async with at_work(server):
            await p2p.wait_for_lines(1)
            await p2p.say(quake.p2p_warned({NOTO: "6-"}))
            await p2p.say(quake.p2p_warned({}, "556-2", cancelled=True))
            later = Quake(server.services.clock, ago=600)
            await p2p.say(later.p2p_observed({NOTO: "6-"}, "551-2"))
            await reached(lambda: len(sink.taken) == 1)
            # Whole seconds: later than what the socket said, however quick the mail was.
            later_on = server.services.clock() + timedelta(seconds=2)
            jma.publish("VXSE51", later.observed({NOTO: "6-"}, ago=-1), later_on - timedelta(seconds=1))
            jma.publish("VXSE51", later.observed({}, info="取消", ago=-2), later_on)
            await reached(lambda: len(sink.taken) == 2)
        subjects = [mail["subject"] for mail in sink.mails()]
        assert subjects == ["災害発生/Disaster occurred", "取消：災害発生/Disaster occurred"]
        assert set(recipients(sink)) == {f"p{person}@hokuto.example"}


def recipients(sink: Sink) -> Counter[str]:
    return Counter(each for envelope in sink.taken for each in envelope.rcpt_tos)
