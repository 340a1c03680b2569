"""A whole company is written to while people talk: how soon the first mail leaves, how soon the last one, how soon so
many more are queued, and how long the talkers wait meanwhile.

The administrator presses ［発信］ over HTTP. The relay is a few lines of SMTP in the bench's own process, on the
client's core: it takes everything at once and keeps nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, func, insert, select

from anpi.sending.tables import deliveries
from anpi.tables import incidents
from directory.tables import people
from server import settings
from server.auth.tables import accounts, privileges
from server.data import engine
from tests.bench import seed, tools
from tests.bench.figures import Bench
from tests.bench.importing import TALKERS, talking
from tests.bench.markdown import mark, table
from tests.bench.subject import Server, founded, serving

FIRST_S, ALL_S, QUEUED_S, ACK_MS = 2, 30, 60, 100
PATIENCE_SECONDS = 600
LOOK_SECONDS = 0.1
ROWS_AT_ONCE = 5000
INCIDENT = 1
MESSAGE = "震度6強の地震がありました。身の安全を確保してから、安否を回答してください。"


class Mailed(msgspec.Struct, frozen=True):
    """One ［発信］: seconds from pressing it, and the acks of the talkers meanwhile. ``sent_s`` is 0 where the
    end was not waited for."""

    people: int
    first_s: float
    queued_s: float
    sent_s: float
    ack_p99_ms: float
    ack_max_ms: float


class Relay:
    """Takes every mail; counts them, and remembers when the first came."""

    def __init__(self) -> None:
        self.port = 0
        self.taken = 0
        self.first_at = 0.0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="relay", daemon=True)
        self._ready = threading.Event()

    def __enter__(self) -> Relay:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def count(self) -> None:
        self.first_at = self.first_at or time.perf_counter()
        self.taken += 1

    def _run(self) -> None:
        listening = self._loop.run_until_complete(self._loop.create_server(lambda: _Talk(self), "127.0.0.1", 0))
        self.port = listening.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        listening.close()


class _Talk(asyncio.Protocol):
    """One connection of a sender."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._had = b""
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.write(b"220 bench\r\n")

    def data_received(self, data: bytes) -> None:
        self._had += data
        while self._next():
            pass

    def _next(self) -> bool:
        end = b"\r\n.\r\n" if self._in_mail else b"\r\n"
        line, found, rest = self._had.partition(end)
        if not found:
            return False
        self._had = rest
        if self._in_mail:
            self._in_mail = False
            self._relay.count()
            self._transport.write(b"250 taken\r\n")
        else:
            self._answer(line[:4].upper())
        return True

    def _answer(self, verb: bytes) -> None:
        self._in_mail = verb == b"DATA"
        answers = {b"DATA": b"354 go on\r\n", b"EHLO": b"250-bench\r\n250 SIZE 1000000\r\n", b"QUIT": b"221 bye\r\n"}
        self._transport.write(answers.get(verb, b"250 ok\r\n"))
        if verb == b"QUIT":
            self._transport.close()


def mailing(bench: Bench) -> Iterator[Mailed]:
    """All to the end; then so many more, until they are queued."""
    for number, to_the_end in ((bench.effort.mailed, True), (bench.effort.queued, False)):
        figure = _measured(bench, number, to_the_end)
        bench.note(f"anpi mail: {number}", figure)
        yield figure


def _measured(bench: Bench, number: int, to_the_end: bool) -> Mailed:
    with Relay() as relay, founded(TALKERS) as folder:
        database = engine.parse(settings.load({}, var=folder / "var").database)
        _found(engine.writing_engine(database), number)
        # As the demo: on loopback it is its own public address, and the talkers come from there.
        (folder / "var" / "demo.txt").touch()
        with serving(folder, bench.server_core, smtp_url=f"smtp://127.0.0.1:{relay.port}") as server:
            return _pressed(_Office(bench, server, folder / "who", relay), database, number, to_the_end)


def _pressed(office: _Office, database: Any, number: int, to_the_end: bool) -> Mailed:
    looking = engine.looking_engine(database)
    with talking(office) as talk:
        began = time.perf_counter()
        office.press()
        queued_s = _until(lambda: _queued(looking) >= number) - began
        sent_s = _until(lambda: office.relay.taken >= number) - began if to_the_end else 0.0
    looking.dispose()
    return Mailed(
        number,
        office.relay.first_at - began,
        queued_s,
        sent_s,
        *tools.acks_ms(talk),
    )


class _Office:
    """The administrator's browser."""

    def __init__(self, bench: Bench, server: Server, who: Path, relay: Relay) -> None:
        self.bench, self.server, self.who, self.relay = bench, server, who, relay

    def press(self) -> None:
        """［発信］ to everybody."""
        whom = {"all": True}
        counted = self._ask("count", {"whom": whom})
        self._ask("send", {"key": str(uuid.uuid4()), "whom": whom, "people": counted["people"]})

    def _ask(self, what: str, body: dict[str, object]) -> dict[str, Any]:
        line = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_SECONDS)
        headers = {
            "Cookie": f"{seed.COOKIE}={seed.token(0)}",
            "Sec-Fetch-Site": "same-origin",
            "Content-Type": "application/json",
        }
        with contextlib.closing(line):
            line.request("POST", f"/api/anpi/incidents/{INCIDENT}/{what}", msgspec.json.encode(body), headers)
            said = line.getresponse()
            data = said.read()
        if said.status != 200:
            raise tools.BenchFailed(f"{what}: {said.status} {data[:300]!r}")
        found: dict[str, Any] = msgspec.json.decode(data)
        return found


def _until(met: Callable[[], bool]) -> float:
    ends = time.perf_counter() + PATIENCE_SECONDS
    while not met():
        if time.perf_counter() > ends:
            raise tools.BenchFailed("the mails do not come")
        time.sleep(LOOK_SECONDS)
    return time.perf_counter()


def _queued(looking: Engine) -> int:
    """By the newest number: counting them all would cost more the more there are."""
    with looking.connect() as connection:
        return int(connection.execute(select(func.max(deliveries.c.id))).scalar() or 0)


def _found(database: Engine, number: int) -> None:
    """So many people with an address and a 安否ログインID, an administrator, and a disaster that is ready to be
    sent."""
    now = datetime.now(UTC)
    try:
        with database.begin() as connection:
            connection.execute(insert(privileges), {"account_id": 1, "privilege": "ADMIN_ANPI"})
            connection.execute(insert(incidents), _incident(now))
            for first in range(0, number, ROWS_AT_ONCE):
                _employ(connection, range(first, min(first + ROWS_AT_ONCE, number)), now)
    finally:
        database.dispose()


def _employ(connection: Connection, numbers: range, now: datetime) -> None:
    start = 1000
    named = [(start + n, f"e{n:07d}") for n in numbers]
    connection.execute(
        insert(accounts),
        [
            {
                "id": id,
                "login_id": name,
                "login_key": name,
                "name": f"社員 {name}",
                "created_at": now,
                "anpi_login_id": name,
                "anpi_key": name,
                "user_type": "REGISTRATION_ONLY_USER",
            }
            for id, name in named
        ],
    )
    rows = [{"account_id": id, "email1": f"{name}@hokuto.example", "rev": 1} for id, name in named]
    connection.execute(insert(people), rows)


def _incident(now: datetime) -> dict[str, object]:
    return {
        "id": INCIDENT,
        "key": "bench",
        "kind": "ask",
        "drill": False,
        "origin": "manual",
        "cause": "other",
        "state": "open",
        "title": "災害発生/Disaster occurred",
        "message": MESSAGE,
        "count_from": now,
        "created_at": now,
    }


def report(found: list[Mailed]) -> str:
    """The figures as Markdown."""
    titles = ("people", "first mail", "all queued", "all taken by the relay", "talkers' ack p99", "slowest")
    rows = [
        (
            f"{each.people:,}",
            f"{each.first_s:.1f} s",
            f"{each.queued_s:.1f} s",
            f"{each.sent_s:.1f} s" if each.sent_s else "not waited for",
            f"{each.ack_p99_ms:.1f} ms",
            f"{each.ack_max_ms:.1f} ms",
        )
        for each in found
    ]
    few, many = found[0], found[-1]
    reached = (
        mark(f"The first mail leaves within {FIRST_S} s", few.first_s <= FIRST_S),
        mark(f"{few.people:,} mails within {ALL_S} s", few.sent_s <= ALL_S),
        mark(f"{many.people:,} queued within {QUEUED_S} s", many.queued_s <= QUEUED_S),
        mark(f"Talkers' acks p99 ≤ {ACK_MS} ms", max(each.ack_p99_ms for each in found) <= ACK_MS),
    )
    told = "\n".join(f"- {each}." for each in reached)
    return (
        "### Mails of the safety check\n\n"
        f"{TALKERS.people} people talk meanwhile. SQLite, one process, eight connections to a relay beside it.\n\n"
        f"{table(titles, rows)}\n\n{told}"
    )
