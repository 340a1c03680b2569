"""An import of ten thousand people under ``kill -9``: all of them or nobody (law 1)."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import msgspec

from directory.imports import applying, staging
from directory.imports.model import Counts, Record, StagedRow
from server.auth.model import operator
from server.clock import system_clock
from server.data import engine
from server.data.writer import Writer

PEOPLE = 10_000


async def test_an_import_is_done_whole_or_not_at_all(tmp_path: Path, sqlite_template: Path, tier):
    kills = tier(short=3, long=50)
    first = tmp_path / "first.db"
    shutil.copy(sqlite_template, first)
    await _with_writer(first, _stage)
    rng, whole = random.Random(31), 0
    for number in range(kills):
        path = tmp_path / f"{number}.db"
        shutil.copy(first, path)
        # The first runs to its end: it shows that the others could have.
        await _kill_in_the_midst(path, None if number == 0 else rng.uniform(0.0, 0.6))
        found = _counted(path)
        assert found in ((0, 0, "previewed"), (PEOPLE, PEOPLE, "applied")), found
        whole += found[0] > 0
    print(f"{kills} kills, {whole} whole, {kills - whole} nothing")
    assert whole, "the first ran to its end"


async def _kill_in_the_midst(path: Path, after: float | None) -> None:
    applying_process = _started(path)
    assert applying_process.stdout is not None
    with applying_process.stdout as said:
        await asyncio.to_thread(said.readline)
        if after is not None:
            await asyncio.sleep(after)
            applying_process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(applying_process.wait)


def _started(path: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.fault.test_import_kill", str(path)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])


def _counted(path: Path) -> tuple[int, int, str]:
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        row = database.execute(
            "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM people), (SELECT state FROM imports)"
        ).fetchone()
    return tuple(row)


async def _with_writer(path: Path, work) -> None:
    writer = Writer(engine.writing_engine(engine.parse(f"sqlite:///{path}")), system_clock, lambda outcome: None)
    writer.start(asyncio.get_running_loop())
    try:
        await work(writer)
    finally:
        await writer.stop()


async def _stage(writer: Writer) -> None:
    rows = [StagedRow(n, "add", f"p{n}@x", None, "{}", _person(n)) for n in range(2, PEOPLE + 2)]
    chunks = [msgspec.json.encode(rows[at : at + 250]) for at in range(0, PEOPLE, 250)]
    await writer.bulk(staging.steps(operator(), "users", "0" * 64, 1, Record(), Counts(add=PEOPLE), chunks))


def _person(number: int) -> str:
    flags = {"ENABLED": "1", "TALK_AVAILABLE": "0", "TALK_LOG_DOWNLOAD_AVAILABLE": "0", "LANGUAGE": "ja"}
    words = {"LOGIN_ID": f"p{number}@x", "NAME": "山田", "NAME_KANA": "", "_search_key": "山田", "ANPI_LOGIN_ID": ""}
    return msgspec.json.encode(flags | words | {"USER_TYPE": "REGULAR_USER", "SORT_SCORE": ""}).decode()


async def _apply(writer: Writer) -> None:
    print("now", flush=True)
    await writer.alone(applying.apply, operator(), 1)


if __name__ == "__main__":
    asyncio.run(_with_writer(Path(sys.argv[1]), _apply))
