"""The whole directory as a file, twice from one process: how long it takes, and what memory it leaves behind."""

from __future__ import annotations

import contextlib
import http.client
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
from sqlalchemy import delete, insert, update

from directory.demo.filling import fill
from server import settings
from server.auth.tables import accounts, privileges, sessions
from server.auth.tables import company as company_row
from server.clock import system_clock
from server.data import engine, migrate
from tests.bench import importing, seed, tools
from tests.bench.figures import Bench
from tests.bench.markdown import mark, table
from tests.bench.subject import Server, folder_on_disk, serving

TIMES = 2
GROWTH_MB = 64
"""What the caches of the four reading connections may hold (``server/data/engine.py``), however many rows."""
AGAIN_MB = 8
PIECE_BYTES = 64 * 1024
HTTP_SECONDS = 300


class Exported(msgspec.Struct, frozen=True):
    """One export: the most memory above what the process had before the first, and above what it had before this."""

    people: int
    turn: int
    megabytes: float
    seconds: float
    above_rest_mb: float
    above_before_mb: float


def exporting(bench: Bench) -> Iterator[Exported]:
    """Small first, so that code and first threads are no export's."""
    size = bench.effort.searched
    with folder_on_disk("run-") as folder:
        _found(folder, size)
        with serving(folder, bench.server_core) as server:
            _download(server, "departments")
            rest = importing.resident_kb(server.pid)
            for turn in range(1, TIMES + 1):
                figure = _measured(server, size, turn, rest)
                bench.note(f"export: {size}, no. {turn}", figure)
                yield figure


def _measured(server: Server, size: int, turn: int, rest: int) -> Exported:
    before = importing.resident_kb(server.pid)
    with importing.watching(server.pid) as peak:
        began = time.perf_counter()
        length = _download(server, "users")
        took = time.perf_counter() - began
    most = peak["server"]
    return Exported(size, turn, length / 1e6, took, (most - rest) / 1000, (most - before) / 1000)


def _found(folder: Path, size: int) -> None:
    """The demo's people, and one of them signed in who may export them."""
    chosen = settings.load({}, var=folder / "var")
    database = engine.writing_engine(engine.parse(chosen.database))
    try:
        migrate.upgrade(database)
        with database.begin() as connection:
            boss, now = min(fill(connection, size).values()), system_clock()
            able = {"user_type": "REGULAR_USER", "state": "enabled"}
            connection.execute(update(accounts).where(accounts.c.id == boss).values(able))
            connection.execute(delete(privileges).where(privileges.c.account_id == boss))
            rights = [{"account_id": boss, "privilege": name} for name in ("ADMIN_DIVISION", "ADMIN_USER")]
            connection.execute(insert(privileges), rights)
            limits = dict.fromkeys(("licence_basic", "licence_talk", "licence_anpi"), 10 * size)
            row = {"id": 1, "name": "北斗精機", "group_code": "hokuto", "opened_at": now, **limits}
            connection.execute(insert(company_row), row)
            connection.execute(insert(sessions), {**seed.session(0, now), "account_id": boss})
    finally:
        database.dispose()


def _download(server: Server, kind: str) -> int:
    """Read the file as a browser does that writes it away; its length."""
    line = http.client.HTTPConnection("127.0.0.1", server.port, timeout=HTTP_SECONDS)
    with contextlib.closing(line):
        line.request("GET", f"/api/admin/exports/{kind}", headers={"Cookie": f"{seed.COOKIE}={seed.token(0)}"})
        answer = line.getresponse()
        if answer.status != 200:
            raise tools.BenchFailed(f"export of {kind}: {answer.status} {answer.read()[:300]!r}")
        length = 0
        while piece := answer.read(PIECE_BYTES):
            length += len(piece)
    return length


def report(figures: list[Exported]) -> str:
    """The figures as Markdown."""
    titles = ("users", "file", "time", "memory above rest", "above the moment before", "must be")
    note = (
        "The same process each time, SQLite. What stays after the first are the caches of the reading connections, "
        "which have a limit of their own; an export itself holds a page of people."
    )
    return f"### A company as a file\n\n{table(titles, map(_row, figures))}\n\n{note}"


def _row(figure: Exported) -> list[str]:
    limit, grown = (GROWTH_MB, figure.above_rest_mb) if figure.turn == 1 else (AGAIN_MB, figure.above_before_mb)
    return [
        f"{figure.people:,}, no. {figure.turn}",
        f"{figure.megabytes:.0f} MB",
        f"{figure.seconds:.1f} s",
        f"+{figure.above_rest_mb:.0f} MB",
        f"+{figure.above_before_mb:.0f} MB",
        mark(f"≤ {limit} MB more", grown <= limit),
    ]
