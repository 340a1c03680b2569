"""The follower of the talk log: how many entries a second it numbers, and how far it is behind while people talk."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from sqlalchemy import insert

from chat.log import queries, state
from chat.log.follower import follow
from chat.tables import log_entries
from server import settings
from server.clock import system_clock, to_millis
from server.data import engine, migrate
from server.opening import opened
from server.services import Services
from tests.bench import surroundings, tools
from tests.bench.figures import Bench
from tests.bench.markdown import mark, table
from tests.bench.seed import TEXT, Company
from tests.bench.subject import folder_on_disk, founded, serving
from tests.bench.tools import Measured

AT_ONCE = 5_000
RATE = 5_000
FEWEST = 30_000
LOOK_SECONDS = 0.05
NUMBERED_A_SECOND, BEHIND_S = 20_000, 1.0
TALKERS = Company(people=80, rooms=20)


class Followed(msgspec.Struct, frozen=True):
    """Entries that waited, numbered, hashed, written into the file and archived, on one database."""

    database: str
    entries: int
    per_second: float
    slowest_step_ms: float
    """The bucket of the writer's histogram in which its slowest step lies."""


class Behind(msgspec.Struct, frozen=True):
    """People talk, and the log follows."""

    rate: float
    messages_per_s: float
    ack_p50_ms: float
    ack_p99_ms: float
    longest_behind_s: float


def following(bench: Bench) -> Iterator[Followed | Behind]:
    """Both databases alone; then SQLite under load."""
    with folder_on_disk("log-") as folder:
        yield _followed(bench, "SQLite", folder)
    with folder_on_disk("log-") as folder, surroundings.database(bench.client_core) as database:
        yield _followed(bench, "PostgreSQL", folder, database_url=database.url)
    yield _behind(bench)


def _followed(bench: Bench, name: str, folder: Path, **given: str) -> Followed:
    chosen = settings.load({}, var=folder / "var", **given)
    chosen.var.mkdir(exist_ok=True)
    entries = max(FEWEST, 2 * bench.effort.searched)
    _fill(chosen, entries)
    with tools.pinned(bench.server_core):
        figure = asyncio.run(_number(name, chosen, entries))
    bench.note(f"log on {name}", figure)
    return figure


def _fill(chosen: settings.Settings, entries: int) -> None:
    database = engine.writing_engine(engine.parse(chosen.database))
    at, body = (
        to_millis(system_clock()),
        f'{{"name":"Bench","room":"Room","kind":"closed","members":4,"text":"{TEXT}"}}',
    )
    try:
        migrate.upgrade(database)
        for start in range(0, entries, AT_ONCE):
            numbers = range(start, min(start + AT_ONCE, entries))
            rows = [_entry(number, at, body) for number in numbers]
            with database.begin() as connection:
                connection.execute(insert(log_entries), rows)
    finally:
        database.dispose()


def _entry(number: int, at: int, body: str) -> dict[str, object]:
    place = {"channel_id": number % 20 + 1, "rev": number // 20 + 2, "seq": number // 20 + 1}
    return {"at": at, "kind": "sent", "actor_id": 1, "body": body, **place}


async def _number(name: str, chosen: settings.Settings, entries: int) -> Followed:
    async with opened(chosen) as services:
        began = time.perf_counter()
        task = asyncio.create_task(follow(services), name="follower")
        # Counting what waits would be a good part of what is measured.
        while state.of(services).numbered < entries:
            await asyncio.sleep(LOOK_SECONDS)
        taken = time.perf_counter() - began
        if await services.readers.ask(queries.lag):
            raise tools.BenchFailed("some entries have no number")
        slowest = _slowest(services)
        services.draining = True
        services.wakeups.wake_all()
        await task
    return Followed(name, entries, entries / taken, slowest * 1000)


def _slowest(services: Services) -> float:
    commits = services.writer.commit_seconds
    reached = [bound for bound, count in zip((*commits.bounds, float("inf")), commits.counts, strict=True) if count]
    return reached[-1] if reached else 0.0


def _behind(bench: Bench) -> Behind:
    """The age of the oldest entry without a number, looked at from outside while people talk."""
    with founded(TALKERS) as folder, serving(folder, bench.server_core) as server:
        with _looking(folder / "var" / "renraku.db") as longest:
            options = {"path": "/socket", "server_pid": server.pid, "seconds": bench.effort.seconds, "rate": RATE}
            talk = tools.load("open", folder / "who", server.port, core=bench.client_core, **options)
        figure = _figure(talk, longest())
    bench.note("log under load", figure)
    return figure


def _figure(talk: Measured, behind: float) -> Behind:
    return Behind(RATE, talk.messages_per_s, talk.ack_p50_us / 1000, talk.ack_p99_us / 1000, behind)


@contextlib.contextmanager
def _looking(path: Path) -> Iterator[Callable[[], float]]:
    worst, ended = [0.0], threading.Event()

    def look() -> None:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as database:
            while not ended.wait(LOOK_SECONDS):
                oldest = database.execute("SELECT at FROM log_entries WHERE n IS NULL ORDER BY id LIMIT 1").fetchone()
                if oldest is not None:
                    worst[0] = max(worst[0], time.time() - oldest[0] / 1000)

    thread = threading.Thread(target=look, name="looking")
    thread.start()
    try:
        yield lambda: worst[0]
    finally:
        ended.set()
        thread.join()


def report(figures: list[Followed | Behind]) -> str:
    """The figures as Markdown."""
    alone = [each for each in figures if isinstance(each, Followed)]
    titles = ("database", "entries", "a second", "must be", "slowest step in the writer")
    rows = [_row(each) for each in alone]
    beside = [_beside(each) for each in figures if isinstance(each, Behind)]
    return f"### The talk log\n\n{table(titles, rows)}\n\n" + "\n".join(beside)


def _row(figure: Followed) -> list[str]:
    return [
        figure.database,
        f"{figure.entries:,}",
        f"{figure.per_second:,.0f}",
        mark(f"≥ {NUMBERED_A_SECOND:,}", figure.per_second >= NUMBERED_A_SECOND),
        f"≤ {figure.slowest_step_ms:.0f} ms",
    ]


def _beside(figure: Behind) -> str:
    return (
        f"- At {figure.messages_per_s:,.0f} messages/s (wanted: {figure.rate:,.0f}), SQLite, one core: the oldest "
        f"entry without a number was {figure.longest_behind_s:.2f} s old "
        f"({mark(f'≤ {BEHIND_S:.0f} s', figure.longest_behind_s <= BEHIND_S)}), "
        f"acks p50 / p99 {figure.ack_p50_ms:.1f} / {figure.ack_p99_ms:.1f} ms"
    )
