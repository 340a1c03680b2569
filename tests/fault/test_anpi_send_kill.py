"""A send to thousands under ``kill -9`` in any of its steps: everybody is asked, and nobody twice (laws 1 and 9)."""

from __future__ import annotations

import asyncio
import random
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from anpi import incidents as door
from anpi import preparing, queries
from anpi.incidents import Start
from server.opening import opened
from tests.tools.anpi_incidents import scope
from tests.tools.running import settings_for

PEOPLE = 3_000
COUNTED = (
    "SELECT (SELECT count(*) FROM anpi_targets), (SELECT count(*) FROM anpi_deliveries),"
    " (SELECT count(*) FROM statuses WHERE NOT gone), (SELECT state FROM anpi_sends)"
)
TWICE = (
    "SELECT count(*) FROM"
    " (SELECT account_id FROM anpi_deliveries GROUP BY round, account_id, slot HAVING count(*) > 1)"
)


async def test_everybody_is_asked_once_however_often_it_is_killed(tmp_path: Path, sqlite_template: Path, tier):
    folder, rng = tmp_path / "var", random.Random(9)
    await _begin(folder, sqlite_template)
    kills = tier(short=2, long=40)
    for at in sorted(rng.sample(range(1, PEOPLE - preparing.STEP), kills)):
        await asyncio.to_thread(_work_until, folder, at)
        targets, deliveries, badges, state = _counted(folder)
        assert targets == deliveries == badges, "a step is whole or not there"
        assert at <= targets and state == "preparing"
    await asyncio.to_thread(_work_until, folder, None)
    assert _counted(folder) == (PEOPLE, PEOPLE, PEOPLE, "ready")
    with sqlite3.connect(folder / "renraku.db") as database:
        assert database.execute(TWICE).fetchone() == (0,)


def _work_until(folder: Path, asked: int | None) -> None:
    """Another process takes it up; it is killed as soon as so many have been asked, wherever it is then."""
    worker = subprocess.Popen([sys.executable, "-m", "tests.fault.test_anpi_send_kill", str(folder)])
    if asked is not None:
        with sqlite3.connect(folder / "renraku.db", timeout=20) as database:
            while database.execute("SELECT count(*) FROM anpi_targets").fetchone()[0] < asked:
                assert worker.poll() is None, "it ended before"
                time.sleep(0.002)
        worker.send_signal(signal.SIGKILL)
    assert worker.wait(60) == (-signal.SIGKILL if asked is not None else 0)


async def _begin(folder: Path, template: Path) -> None:
    """A send of which nothing has been done yet."""
    async with opened(settings_for(folder, template)) as services:
        for _ in range(0, PEOPLE, 1000):
            await scope(services, 1000)
        await services.writer.act(door.start_automatic, Start("eq:1", "earthquake", ("442",)))
        assert len(await services.readers.ask(queries.preparing)) == 1


async def _work(folder: Path) -> None:
    async with opened(settings_for(folder)) as services:
        await preparing.prepare_all(services)


def _counted(folder: Path) -> tuple[int, int, int, str]:
    with sqlite3.connect(folder / "renraku.db", timeout=20) as database:
        found: tuple[int, int, int, str] = database.execute(COUNTED).fetchone()
    return found


if __name__ == "__main__":
    asyncio.run(_work(Path(sys.argv[1])))
