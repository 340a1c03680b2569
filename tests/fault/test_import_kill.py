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
import psycopg
import pytest

from directory.imports import applying, claims, ready, staging
from directory.imports.model import Counts, Record, StagedRow
from server.auth.model import operator
from server.clock import system_clock
from server.data import engine
from server.data.writer import Writer
from tests.tools.databases import postgres_database

PEOPLE = 10_000
KILLS_ON_POSTGRESQL = 12
KILLED_WITHIN = 3.0
"""Seconds in which it makes people ahead, and then admits them."""
COUNTED = (
    "SELECT (SELECT count(*) FROM accounts WHERE state <> 'deleted'), (SELECT count(*) FROM people WHERE NOT gone),"
    " (SELECT count(*) FROM posts WHERE department_id > 0), (SELECT state FROM imports)"
)
LEFT = "SELECT (SELECT count(*) FROM accounts), (SELECT count(*) FROM people)"
NOTHING, ALL = (0, 0, 0, "applying"), (PEOPLE, PEOPLE, 0, "applied")
OTHERS = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    " AND backend_type = 'client backend'"
)


async def test_an_import_is_done_whole_or_not_at_all(tmp_path: Path, sqlite_template: Path, tier):
    kills = tier(short=3, long=50)
    first = tmp_path / "first.db"
    shutil.copy(sqlite_template, first)
    await _with_writer(f"sqlite:///{first}", _stage)
    rng, whole = random.Random(31), 0
    for number in range(kills):
        path = tmp_path / f"{number}.db"
        shutil.copy(first, path)
        # The first runs to its end: it shows that the others could have.
        await _kill_in_the_midst(f"sqlite:///{path}", None if number == 0 else rng.uniform(0.0, KILLED_WITHIN))
        found = _counted(path)
        assert found in (NOTHING, ALL), found
        whole += found[0] > 0
        if found == NOTHING:
            await _with_writer(f"sqlite:///{path}", _clear)
            with sqlite3.connect(path) as database:
                assert database.execute(LEFT).fetchone() == (0, 0), "who was made ahead is taken away"
    print(f"{kills} kills, {whole} whole, {kills - whole} nothing")
    assert whole, "the first ran to its end"


@pytest.mark.long
async def test_the_same_holds_on_postgresql(postgres: str, postgres_template: str):
    rng, whole = random.Random(31), 0
    for number in range(KILLS_ON_POSTGRESQL):
        with postgres_database(postgres, postgres_template) as url:
            await _with_writer(url, _stage)
            await _kill_in_the_midst(url, None if number == 0 else rng.uniform(0.0, KILLED_WITHIN))
            found = await _counted_on_postgresql(url)
        assert found in (NOTHING, ALL), found
        whole += found[0] > 0
    print(f"{KILLS_ON_POSTGRESQL} kills, {whole} whole, {KILLS_ON_POSTGRESQL - whole} nothing")
    assert 0 < whole < KILLS_ON_POSTGRESQL, "kills came before the commit and after it"


async def _kill_in_the_midst(url: str, after: float | None) -> None:
    applying_process = _started(url)
    assert applying_process.stdout is not None
    with applying_process.stdout as said:
        await asyncio.to_thread(said.readline)
        if after is not None:
            await asyncio.sleep(after)
            applying_process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(applying_process.wait)


def _started(url: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.fault.test_import_kill", url]
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2])


def _counted(path: Path) -> tuple[int, int, int, str]:
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        row = database.execute(COUNTED).fetchone()
    return tuple(row)


async def _counted_on_postgresql(url: str) -> tuple[int, int, int, str]:
    """Once the database has noticed that its client is gone: what it was doing is then done or undone."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as database:
        while database.execute(OTHERS).fetchone() != (0,):
            await asyncio.sleep(0.05)
        row = database.execute(COUNTED).fetchone()
    assert row is not None
    return tuple(row)


async def _with_writer(url: str, work) -> None:
    writer = Writer(engine.writing_engine(engine.parse(url)), system_clock, lambda outcome: None)
    writer.start(asyncio.get_running_loop())
    try:
        await work(writer)
    finally:
        await writer.stop()


async def _stage(writer: Writer) -> None:
    rows = [StagedRow(n, "add", f"p{n}@x", None, "{}", _person(n)) for n in range(2, PEOPLE + 2)]
    chunks = [msgspec.json.encode(rows[at : at + 250]) for at in range(0, PEOPLE, 250)]
    await writer.bulk(staging.steps(operator(), "users", "0" * 64, 1, Record(), Counts(add=PEOPLE), chunks))
    await writer.act(claims.begin, 1, True)
    await writer.act(claims.say, 1, "applying", 0, 0)


async def _clear(writer: Writer) -> None:
    """As the upkeep does it."""
    await writer.act(claims.fail, 1, "import_interrupted")
    await writer.bulk(ready.unmake_steps(1))


def _person(number: int) -> str:
    flags = {"ENABLED": "1", "TALK_AVAILABLE": "0", "TALK_LOG_DOWNLOAD_AVAILABLE": "0", "LANGUAGE": "ja"}
    words = {"LOGIN_ID": f"p{number}@x", "NAME": "山田", "NAME_KANA": "", "_search_key": "山田", "ANPI_LOGIN_ID": ""}
    return msgspec.json.encode(flags | words | {"USER_TYPE": "REGULAR_USER", "SORT_SCORE": ""}).decode()


async def _apply(writer: Writer) -> None:
    print("now", flush=True)
    await writer.bulk(ready.steps(1, []))
    await writer.apart(applying.apply, operator(), 1)


if __name__ == "__main__":
    asyncio.run(_with_writer(sys.argv[1], _apply))
