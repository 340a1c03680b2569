"""The safety check's mails under ``kill -9``: everybody gets at least one, and a crash repeats no more than is
stated.

``leasing.HELD`` is the bound: so many deliveries a process holds at most, and only what it holds can be sent again.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sqlite3
import sys
from collections import Counter
from pathlib import Path

from anpi.sending.dispatching import Dispatcher
from anpi.sending.leasing import HELD
from server.opening import opened
from tests.tools.anpi_mailing import incident, mails, people, put
from tests.tools.process import ROOT
from tests.tools.relay import Sink, relay
from tests.tools.running import settings_for

SEED = 6
WAIT_SECONDS = 40
LEFT = "SELECT count(*) FROM anpi_deliveries WHERE state <> 'sent'"


async def test_everybody_gets_one_and_a_crash_repeats_no_more_than_is_stated(
    tmp_path: Path, sqlite_template: Path, tier
):
    kills, number = tier(short=4, long=50), tier(short=600, long=5000)
    folder = tmp_path / "var"
    async with opened(settings_for(folder, sqlite_template, outbound=False)) as services:
        about = await incident(services)
        ids = await people(services, number)
        for start in range(0, number, 500):
            await put(services, about, mails(ids[start : start + 500]))
    rng = random.Random(SEED)
    async with relay() as sink:
        for kill in range(kills):
            # So that all kills come while mails are on their way.
            wanted = rng.randrange(number * kill // (kills + 1), number * (kill + 1) // (kills + 1))
            sender = await _sender(folder, sink)
            await _until_taken(sink, max(wanted, 1))
            sender.send_signal(signal.SIGKILL)
            await sender.wait()
        left = _left(folder)
        sender = await _sender(folder, sink)
        async with asyncio.timeout(WAIT_SECONDS):
            while _left(folder):
                await asyncio.sleep(0.05)
        sender.kill()
        await sender.wait()
    got = _got(sink)
    doubled = sum(times - 1 for times in got.values())
    print(f"{kills} kills in {number} mails, {left} left after them, {doubled} repeated, seed {SEED}")
    assert set(got) == {f"p{id}@hokuto.example" for id in ids}
    assert left, "the kills came while mails were on their way"
    assert doubled <= kills * HELD
    names = {(mail["to"], mail["message-id"]) for mail in sink.mails()}
    assert len(names) == number, "a repeated mail bears the same Message-ID"


async def _sender(folder: Path, sink: Sink) -> asyncio.subprocess.Process:
    command = (sys.executable, "-m", "tests.fault.test_anpi_dispatch_kill", str(folder), sink.url)
    silent = asyncio.subprocess.DEVNULL
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return await asyncio.create_subprocess_exec(*command, cwd=ROOT, env=environment, stdout=silent)


async def _send(folder: Path, url: str) -> None:
    async with opened(settings_for(folder, smtp_url=url, outbound=False)) as services:
        await Dispatcher(services).run()


def _got(sink: Sink) -> Counter[str]:
    return Counter(address for envelope in sink.taken for address in envelope.rcpt_tos)


async def _until_taken(sink: Sink, number: int) -> None:
    async with asyncio.timeout(WAIT_SECONDS):
        while len(sink.taken) < number:
            await asyncio.sleep(0.005)


def _left(folder: Path) -> int:
    database = sqlite3.connect(f"file:{folder}/renraku.db?mode=ro", uri=True)
    try:
        return int(database.execute(LEFT).fetchone()[0])
    finally:
        database.close()


if __name__ == "__main__":
    asyncio.run(_send(Path(sys.argv[1]), sys.argv[2]))
