"""A company comes by a file while people talk: preview, commit, memory, and how long the talkers wait meanwhile."""

from __future__ import annotations

import contextlib
import csv
import http.client
import io
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import msgspec
from sqlalchemy import func, insert, select

from directory.demo.departments import departments
from directory.demo.files import departments_tsv, users_tsv
from directory.demo.people import people
from server import settings
from server.auth.tables import company as company_row
from server.auth.tables import privileges
from server.data import engine
from server.work.tables import jobs
from tests.bench import seed, surroundings, tools
from tests.bench.figures import Bench
from tests.bench.markdown import mark, table
from tests.bench.seed import Company
from tests.bench.subject import Server, founded, serving
from tests.bench.tools import Measured

TALKERS = Company(people=12, rooms=3)
TALK_RATE = 40
TALK_SECONDS = 2
"""A stretch of talk; all acks of all stretches count together."""
LOOK_SECONDS = 0.05
LOOK_AGAIN_SECONDS = 0.2
HTTP_SECONDS = 900
PREVIEW_S, COMMIT_S, MEMORY_MB, ACK_MS, LONGEST_ACK_MS = 5, 10, 300, 100, 2000
GREAT = 100_000
NO_PASSWORD = {"USER_TYPE": "REGISTRATION_ONLY_USER", "PRIVILEGES": "", "TALK_AVAILABLE": "0", "ANPI_LOGIN_ID": ""}
"""Who signs in needs a password, and its hash 41 ms of a core: that is another figure."""
NO_PASSWORD |= {"TALK_LOG_DOWNLOAD_AVAILABLE": "0", "PASSWORD": ""}

Answer = TypeVar("Answer")


class Imported(msgspec.Struct, frozen=True):
    """One file on one database: what it came to, and what it cost."""

    database: str
    what: str
    rows: int
    preview_s: float
    commit_s: float
    server_mb: float
    sandbox_mb: float
    ack_p99_ms: float
    ack_max_ms: float
    found_s: float
    """From the commit until the search knows everybody as he is."""


class _Preview(msgspec.Struct):
    id: int
    ready: bool
    counts: dict[str, int]


def importing(bench: Bench) -> Iterator[Imported]:
    """Everybody added, then everybody changed, then that undone; on SQLite and on PostgreSQL."""
    for size in bench.effort.imported:
        with contextlib.ExitStack() as running:
            yield from _on(bench, "SQLite", size, {})
            url = running.enter_context(surroundings.database(bench.client_core)).url
            yield from _on(bench, "PostgreSQL", size, {"database_url": url})


def _on(bench: Bench, database: str, size: int, given: dict[str, str]) -> Iterator[Imported]:
    with founded(TALKERS, **given) as folder:
        chosen = settings.load({}, var=folder / "var", **given)
        _found_company(chosen)
        with serving(folder, bench.server_core, **given) as server, working(server, database):
            office = _Office(bench, server, folder / "who", chosen.database)
            office.send("departments", departments_tsv(departments(size)).encode())
            added, changed = _file(size, NO_PASSWORD), _file(size, NO_PASSWORD | {"REMARKS": "新しい席"})
            for what, work in (
                ("added", lambda: office.send("users", added)),
                ("changed", lambda: office.send("users", changed)),
                ("undone", office.undo),
            ):
                figure = _measured(database, what, size, office, work)
                bench.note(f"import: {size} {what}, {database}", figure)
                yield figure


def _measured(
    database: str, what: str, size: int, office: _Office, work: Callable[[], tuple[float, float]]
) -> Imported:
    with talking(office) as talk, watching(office.server.pid) as peak:
        preview_s, commit_s = work()
        found_s = office.wait_for_the_index()
    return Imported(
        database,
        what,
        size,
        preview_s,
        commit_s,
        peak["server"] / 1000,
        peak["sandbox"] / 1000,
        *tools.acks_ms(talk),
        found_s,
    )


@contextlib.contextmanager
def working(server: Server, database: str) -> Iterator[None]:
    """Beside PostgreSQL the process that does what an import leaves to be done, on the server's core."""
    with contextlib.ExitStack() as running:
        if database == "PostgreSQL":
            running.enter_context(server.worker())
        yield


class _Office:
    """The administrator's browser."""

    def __init__(self, bench: Bench, server: Server, who: Path, database: str) -> None:
        self.bench, self.server, self.who, self._database = bench, server, who, engine.parse(database)

    def send(self, kind: str, file: bytes) -> tuple[float, float]:
        """Preview and commit; the seconds of each."""
        return self._do("PUT", f"/{kind}", file, "apply")

    def undo(self) -> tuple[float, float]:
        return self._do("POST", "/users/undo-preview", b"{}", "undo")

    def wait_for_the_index(self) -> float:
        """Until what an import leaves to be done after it is done; the seconds."""
        began, looking = time.perf_counter(), engine.looking_engine(self._database)
        left = select(func.count()).where(jobs.c.kind.like("directory.%"), jobs.c.failed == "")
        while True:
            with looking.connect() as connection:
                if not connection.execute(left).scalar():
                    return time.perf_counter() - began
            time.sleep(LOOK_AGAIN_SECONDS)

    def _do(self, method: str, path: str, body: bytes, then: str) -> tuple[float, float]:
        began = time.perf_counter()
        preview = self._ask(method, path, body, _Preview)
        looked = time.perf_counter()
        if not preview.ready:
            raise tools.BenchFailed(f"{path}: cannot be applied: {preview.counts}")
        self._ask(method, f"/{preview.id}/{then}", body, dict[str, Any])
        return looked - began, time.perf_counter() - looked

    def _ask(self, method: str, path: str, body: bytes, answer: type[Answer]) -> Answer:
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=HTTP_SECONDS)
        headers = {
            "Cookie": f"{seed.COOKIE}={seed.token(0)}",
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/json" if method == "POST" else "application/octet-stream",
        }
        with contextlib.closing(line):
            line.request(method, f"/api/admin/imports{path}", body, headers)
            said = line.getresponse()
            data = said.read()
        if said.status != 200:
            raise tools.BenchFailed(f"{method} {path}: {said.status} {data[:300]!r}")
        return msgspec.json.decode(data, type=answer)


def _found_company(chosen: settings.Settings) -> None:
    """A company with room for everybody, and an administrator."""
    database = engine.throwaway_engine(engine.parse(chosen.database))
    limits = dict.fromkeys(("licence_basic", "licence_talk", "licence_anpi"), 10 * GREAT)
    row = {"id": 1, "name": "北斗精機", "group_code": "hokuto", "opened_at": datetime.now(UTC), **limits}
    rights = [{"account_id": 1, "privilege": name} for name in ("ADMIN_DIVISION", "ADMIN_USER")]
    with database.begin() as connection:
        connection.execute(insert(company_row), row)
        connection.execute(insert(privileges), rights)
        if not chosen.embedded:
            # The talkers came with numbers of their own.
            connection.exec_driver_sql(
                "SELECT setval(pg_get_serial_sequence('accounts', 'id'), max(id)) FROM accounts"
            )
    database.dispose()


def _file(size: int, given: Mapping[str, str]) -> bytes:
    """The demo company as a user file, with these columns for everybody."""
    header, *rows = csv.reader(io.StringIO(users_tsv(people(size)), newline=""), "excel-tab")
    places = {header.index(name): text for name, text in given.items()}
    written = io.StringIO(newline="")
    table = csv.writer(written, "excel-tab")
    table.writerow(header)
    table.writerows([places.get(at, text) for at, text in enumerate(row)] for row in rows)
    return written.getvalue().encode()


@contextlib.contextmanager
def talking(office: Any) -> Iterator[list[Measured]]:
    """A few people talk until the end, stretch by stretch."""
    lines: list[Measured] = []
    failed: list[tools.BenchFailed] = []
    over = threading.Event()

    def talk() -> None:
        try:
            while not (over.is_set() and lines):
                lines.append(_stretch(office))
        except tools.BenchFailed as problem:
            failed.append(problem)

    thread = threading.Thread(target=talk)
    thread.start()
    try:
        yield lines
    finally:
        over.set()
        thread.join()
    if failed:
        raise failed[0]


def _stretch(office: Any) -> Measured:
    options = {"path": "/socket", "server_pid": office.server.pid, "seconds": TALK_SECONDS, "rate": TALK_RATE}
    return tools.load("open", office.who, office.server.port, core=office.bench.client_core, **options)


@contextlib.contextmanager
def watching(pid: int) -> Iterator[dict[str, int]]:
    """The most memory that the server and its children together have had meanwhile, in kB."""
    peak = {"server": 0, "sandbox": 0}
    over = threading.Event()

    def watch() -> None:
        while not over.wait(LOOK_SECONDS):
            children = sum(map(resident_kb, tools.children(pid)))
            peak["server"] = max(peak["server"], resident_kb(pid))
            peak["sandbox"] = max(peak["sandbox"], children)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()


def resident_kb(pid: int) -> int:
    """What it has for itself: pages that it shares with others count in parts."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)


def report(figures: list[Imported]) -> str:
    """The figures as Markdown."""
    titles = ("database", "users", "preview", "commit", "found", "server / sandbox", "ack p99", "ack max", "must be")
    note = (
        f"{TALKERS.people} people talk meanwhile, {TALK_RATE} messages/s; the p99 is that of all their acks. "
        "Nobody's password is hashed. *Found*: how long after the commit the search and the audit have caught up; "
        "the next file comes then. Memory is the most that each of the two had at once."
    )
    return f"### A company by a file\n\n{table(titles, map(_row, figures))}\n\n{note}"


def _row(figure: Imported) -> list[str]:
    return [
        figure.database,
        f"{figure.rows:,} {figure.what}",
        f"{figure.preview_s:.1f} s",
        f"{figure.commit_s:.1f} s",
        f"{figure.found_s:.1f} s",
        f"{figure.server_mb:.0f} / {figure.sandbox_mb:.0f} MB",
        f"{figure.ack_p99_ms:.0f} ms",
        f"{figure.ack_max_ms:.0f} ms",
        _must(figure),
    ]


def _must(figure: Imported) -> str:
    if figure.rows >= GREAT:
        return mark(f"no ack later than {LONGEST_ACK_MS / 1000:.0f} s", figure.ack_max_ms <= LONGEST_ACK_MS)
    reached = (
        figure.preview_s <= PREVIEW_S
        and figure.commit_s <= COMMIT_S
        and figure.server_mb + figure.sandbox_mb <= MEMORY_MB
        and figure.ack_p99_ms <= ACK_MS
    )
    return mark(f"≤ {PREVIEW_S} s, ≤ {COMMIT_S} s, ≤ {MEMORY_MB} MB together, ≤ {ACK_MS} ms", reached)
