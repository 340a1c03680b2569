"""A company answers: pages and answers a second over HTTP, durable, while boards and directories are open.

The client is Python on uvloop with its own few lines of HTTP, on a core of its own; each connection sends one request
and waits for its answer, as a phone does. The open loop counts from the moment when a request should have been sent.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

import msgspec
import uvloop
from sqlalchemy import func, insert, select

from anpi.answers import tokens
from anpi.sending.tables import deliveries
from anpi.tables import incidents, targets
from server import settings
from server.auth.model import Privilege
from server.auth.tables import privileges
from server.clock import to_millis
from server.data import engine
from server.secrets import Secrets
from tests.bench import seed, tools
from tests.bench.figures import Bench
from tests.bench.line import Line
from tests.bench.markdown import mark, table
from tests.bench.seed import Company
from tests.bench.subject import Server, founded, serving

PAGES_A_SECOND, ANSWERS_A_SECOND, ANSWER_MS = 3000, 1500, 250
IN_FLIGHT = 200
BOARDS = 30
ON_SCREEN = 40
INCIDENT = 1
MASTER_KEY = "11" * 32
PATIENCE_SECONDS = 60
TITLE = "災害発生/Disaster occurred"
MESSAGE = "震度6強の地震がありました。身の安全を確保してから、安否を回答してください。"


class Rate(msgspec.Struct, frozen=True):
    """Requests of one kind: how many a second, and how long each took."""

    per_second: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    server_busy: float
    client_busy: float


class Answering(msgspec.Struct, frozen=True):
    """Everything, with ``watching`` sockets open; ``frames`` is what each of those was told a second."""

    people: int
    watching: int
    pages: Rate
    most: Rate
    steady: Rate
    frames_a_second: float
    kb_a_second: float
    totals_agree: bool


def answering(bench: Bench) -> Answering:
    """On one process with SQLite."""
    company = Company(people=bench.effort.asked, rooms=1, rooms_each=1)
    watching = min(bench.effort.watching, company.people)
    with founded(company) as folder:
        _ask(folder, company.people)
        with serving(folder, bench.server_core, master_key=MASTER_KEY) as server:
            with tools.pinned(bench.client_core):
                figures = uvloop.run(_measured(bench, server, company.people, watching))
            pages, most, steady, frames, kilobytes, totals = figures
        found = Answering(
            company.people, watching, pages, most, steady, frames, kilobytes, totals == _counted(folder)
        )
    bench.note("anpi answers", found)
    return found


# ---------------------------------------------------------------- the company


def _ask(folder: Path, people: int) -> None:
    """An open incident that has asked everybody, by mails that have gone."""
    database = engine.writing_engine(engine.parse(settings.load({}, var=folder / "var").database))
    now = datetime.now(UTC)
    try:
        with database.begin() as connection:
            incident = {
                "id": INCIDENT,
                "key": "bench",
                "kind": "ask",
                "drill": False,
                "origin": "automatic",
                "cause": "earthquake",
                "state": "open",
                "title": TITLE,
                "message": MESSAGE,
                "count_from": now,
                "created_at": now,
                "sent_at": now,
                "rev": 1,
            }
            connection.execute(insert(incidents), incident)
            for first in range(1, people + 1, 1000):
                ids = range(first, min(first + 1000, people + 1))
                connection.execute(insert(targets), [_target(id, now) for id in ids])
                connection.execute(insert(deliveries), [_mail(id, now) for id in ids])
            held = [{"account_id": id, "privilege": Privilege.ADMIN_ANPI.value} for id in range(1, BOARDS + 1)]
            connection.execute(insert(privileges), held)
    finally:
        database.dispose()


def _target(id: int, now: datetime) -> dict[str, object]:
    area = str(100 + id % 20)
    place = {"department_id": None, "area": area, "area_kind": "work", "rev": 1}
    return {"incident_id": INCIDENT, "account_id": id, "send_id": 1, "asked_at": now, **place}


def _mail(id: int, now: datetime) -> dict[str, object]:
    kind = {"round": 0, "channel": "mail", "slot": "email1", "address_key": f"k{id}", "state": "sent"}
    return {"incident_id": INCIDENT, "account_id": id, "due_at": now, "ended_at": now, **kind}


def _counted(folder: Path) -> dict[str, int]:
    database = engine.reading_engine(engine.parse(settings.load({}, var=folder / "var").database), 1)
    t = targets.c
    try:
        with database.connect() as connection:
            rows = connection.execute(select(t.self, func.count()).group_by(t.self)).all()
    finally:
        database.dispose()
    return {said or "unanswered": people for said, people in rows}


# ---------------------------------------------------------------- requests


class Requests:
    """One connection that asks, waits for the whole answer, and asks again."""

    def __init__(self, port: int) -> None:
        self._port = port

    async def open(self) -> Requests:
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        return self

    async def ask(self, request: bytes) -> None:
        self._writer.write(request)
        head = await self._reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200 "):
            raise tools.BenchFailed(f"an answer of {head[:60]!r}")
        place = head.lower().find(b"content-length: ")
        await self._reader.readexactly(int(head[place + 16 : head.find(b"\r\n", place)]))

    def close(self) -> None:
        self._writer.close()


@dataclass
class Phones:
    """People who open their links and answer."""

    port: int
    people: int
    turn: int = 0

    def page(self) -> bytes:
        return self._request("GET", self._next()[1])

    def answer(self) -> bytes:
        """A form that a page has just given, with an answer of its own."""
        number, token = self._next()
        given = tokens.nonce(SECRETS, token, INCIDENT, to_millis(datetime.now(UTC)), os.urandom(tokens.KEY_BYTES))
        said = ("safe", "safe", "safe", "minor", "major")[number % 5]
        body = urlencode({"n": given, "self": said, "work": "can", "comment": "だいじょうぶです"}).encode()
        return self._request("POST", token, body)

    def _next(self) -> tuple[int, str]:
        self.turn += 1
        return self.turn, tokens.make(SECRETS, INCIDENT, self.turn % self.people + 1)

    def _request(self, method: str, token: str, body: bytes = b"") -> bytes:
        form = "Content-Type: application/x-www-form-urlencoded\r\n" if body else ""
        head = (
            f"{method} /a/{token} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nAccept-Encoding: gzip\r\n"
            f"{form}Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


SECRETS = Secrets(bytes.fromhex(MASTER_KEY))


async def _closed(bench: Bench, server: Server, made: Callable[[], bytes]) -> Rate:
    """As many as there can be with so many waiting."""
    lines = [await Requests(server.port).open() for _ in range(IN_FLIGHT)]
    took: list[float] = []
    end = time.perf_counter() + bench.effort.seconds

    async def one(line: Requests) -> None:
        while (began := time.perf_counter()) < end:
            await line.ask(made())
            took.append(time.perf_counter() - began)

    with _busy(server) as busy:
        await asyncio.gather(*map(one, lines))
    for line in lines:
        line.close()
    return _rate(took, busy)


async def _open_loop(bench: Bench, server: Server, made: Callable[[], bytes], rate: float) -> Rate:
    """So many a second, whether the server keeps up or not."""
    free = asyncio.Queue[Requests]()
    for _ in range(IN_FLIGHT):
        free.put_nowait(await Requests(server.port).open())
    took: list[float] = []
    seconds = bench.effort.seconds
    begun = time.perf_counter()

    async def one(due: float) -> None:
        line = await free.get()
        await line.ask(made())
        free.put_nowait(line)
        took.append(time.perf_counter() - due)

    with _busy(server) as busy:
        async with asyncio.TaskGroup() as group:
            for number in range(int(rate * seconds)):
                due = begun + number / rate
                if (early := due - time.perf_counter()) > 0.001:
                    await asyncio.sleep(early)
                group.create_task(one(due))
    while not free.empty():
        free.get_nowait().close()
    return _rate(took, busy)


@dataclass
class Busy:
    """What both cores did meanwhile."""

    seconds: float = 0.0
    server: float = 0.0
    client: float = 0.0


@contextmanager
def _busy(server: Server) -> Iterator[Busy]:
    busy, began = Busy(), time.perf_counter()
    server_before, client_before = tools.cpu_seconds(server.pid), time.process_time()
    yield busy
    busy.seconds = time.perf_counter() - began
    busy.server = (tools.cpu_seconds(server.pid) - server_before) / busy.seconds
    busy.client = (time.process_time() - client_before) / busy.seconds


def _rate(took: list[float], busy: Busy) -> Rate:
    cuts = statistics.quantiles(took, n=100)
    return Rate(
        len(took) / busy.seconds, cuts[49] * 1000, cuts[98] * 1000, max(took) * 1000, busy.server, busy.client
    )


# ---------------------------------------------------------------- who watches


class Watcher:
    """A socket that has a board, or the directory with some people on its screen, and reads what it is told."""

    def __init__(self, port: int, person: int, people: int) -> None:
        self.board = person <= BOARDS
        self.ready = asyncio.get_running_loop().create_future()
        self.frames = self.bytes = 0
        self.totals: dict[str, int] = {}
        self._person, self._people = person, people
        self._line = Line(self, f"127.0.0.1:{port}", f"{seed.COOKIE}={seed.token(person - 1)}")

    async def connect(self, port: int) -> None:
        await asyncio.get_running_loop().create_connection(lambda: self._line, "127.0.0.1", port)
        await self.ready

    def opened(self, line: Line) -> None:
        self._say(1, "hello")

    def heard(self, line: Line, payload: bytes) -> None:
        if not self.ready.done():
            return self._greet(json.loads(payload))
        self.frames += 1
        self.bytes += len(payload)
        if self.board and payload.startswith(b'{"is":"anpi.board"'):
            self._keep(json.loads(payload)["totals"])
        return None

    def lost(self, line: Line, code: int) -> None:
        if not self.ready.done():
            self.ready.set_exception(tools.BenchFailed(f"a socket was closed with {code}"))

    def _greet(self, frame: dict[str, object]) -> None:
        step = frame.get("ref")
        if frame["is"] == "error":
            self.ready.set_exception(tools.BenchFailed(str(frame)))
        elif step == 1 and self.board:
            self._say(2, "anpi.watch", incident=INCIDENT)
        elif step == 1:
            self._say(3, "directory")
        elif step == 3:
            shown = [(self._person * 17 + place) % self._people + 1 for place in range(ON_SCREEN)]
            self._say(4, "directory.statuses", people=shown)
        elif step in (2, 4):
            self.ready.set_result(None)

    def _say(self, ref: int, do: str, **fields: object) -> None:
        self._line.say(json.dumps({"do": do, "ref": ref, **fields}).encode())

    def _keep(self, totals: dict[str, int]) -> None:
        names = ("unanswered", "safe", "minor", "major", "other")
        self.totals = {name: totals[name] for name in names if name in totals}


async def _measured(
    bench: Bench, server: Server, people: int, watching: int
) -> tuple[Rate, Rate, Rate, float, float, dict[str, int]]:
    phones = Phones(server.port, people)
    watchers = [Watcher(server.port, person, people) for person in range(1, watching + 1)]
    for start in range(0, watching, 50):
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*(watcher.connect(server.port) for watcher in watchers[start : start + 50]))
    pages = await _closed(bench, server, phones.page)
    most = await _closed(bench, server, phones.answer)
    await asyncio.sleep(2)
    frames, told = sum(w.frames for w in watchers), sum(w.bytes for w in watchers)
    began = time.perf_counter()
    steady = await _open_loop(bench, server, phones.answer, ANSWERS_A_SECOND)
    seconds = time.perf_counter() - began
    frames, told = sum(w.frames for w in watchers) - frames, sum(w.bytes for w in watchers) - told
    # The last frame is told a second later at most.
    await asyncio.sleep(3)
    totals = {json.dumps(w.totals, sort_keys=True) for w in watchers if w.board}
    if len(totals) != 1:
        raise tools.BenchFailed(f"{len(totals)} boards show different totals")
    return (
        pages,
        most,
        steady,
        frames / seconds / watching,
        told / 1000 / seconds / watching,
        json.loads(totals.pop()),
    )


def report(found: Answering) -> str:
    """The figures as Markdown."""
    titles = ("what", "a second", "p50", "p99", "slowest", "server", "client", "must be")
    rows = [
        _row(
            "pages opened, as many as can be",
            found.pages,
            f"≥ {PAGES_A_SECOND:,}/s",
            _reached(found.pages, PAGES_A_SECOND),
        ),
        _row(
            "answers, as many as can be",
            found.most,
            f"≥ {ANSWERS_A_SECOND:,}/s",
            _reached(found.most, ANSWERS_A_SECOND),
        ),
        _row(
            f"answers at {ANSWERS_A_SECOND:,}/s",
            found.steady,
            f"p99 ≤ {ANSWER_MS} ms",
            found.steady.p99_ms <= ANSWER_MS,
        ),
    ]
    agree = mark("The boards' totals are SQL's", found.totals_agree)
    return (
        f"### Answers of the safety check\n\n{found.people:,} people asked; {found.watching:,} sockets watch, "
        f"{BOARDS} of them boards. SQLite, one process.\n\n{table(titles, rows)}\n\n"
        f"- Each socket was told {found.frames_a_second:.1f} frames and {found.kb_a_second:.1f} KB a second.\n"
        f"- {agree}."
    )


def _reached(rate: Rate, least: float) -> bool:
    return rate.per_second >= least


def _row(what: str, rate: Rate, must: str, reached: bool) -> tuple[str, ...]:
    times = (f"{each:.1f} ms" for each in (rate.p50_ms, rate.p99_ms, rate.max_ms))
    return (
        what,
        f"{rate.per_second:,.0f}",
        *times,
        f"{rate.server_busy:.0%}",
        f"{rate.client_busy:.0%}",
        mark(must, reached),
    )
