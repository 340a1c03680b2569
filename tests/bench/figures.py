"""What is measured, and how each figure is made of the load client's lines.

A machine's speed drifts while it runs, most of all a shared one's. So what is compared runs in turns, and a
ratio is taken within one turn; of several turns the median counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from statistics import median

import msgspec

from tests.bench import tools
from tests.bench.seed import Company
from tests.bench.subject import SOCKET_PATH, Subject, renraku
from tests.bench.tools import Measured

IN_FLIGHT = 512
IN_FLIGHT_EACH = 60
"""Renraku stops reading from a connection that has 64."""
PEOPLE_A_ROOM = 4
FIXED_RATE = 4000
WARM_CONNECTIONS = 20
"""Few: the memory that they give back is used again by those that are measured."""


@dataclass(frozen=True)
class Effort:
    """How much of everything."""

    turns: int
    seconds: float
    members: int
    idle: int
    stored_few: int
    stored_many: int
    large: int = 5000
    held: int = 19_000
    held_seconds: float = 65
    """Long enough for the server to ping everybody, and to give up whoever does not answer."""
    returning: int = 5000
    stall_seconds: float = 10
    """Long enough for the one who stands still to fill his buffers, to be owed too much, and to be cut."""
    rooms: tuple[int, ...] = (1, 20, 200)
    searched: int = 100_000
    questions: int = 1000
    imported: tuple[int, ...] = (10_000, 100_000)
    logged_mb: int = 1000
    asked: int = 10_000
    mailed: int = 10_000
    queued: int = 200_000
    watching: int = 2000


FULL = Effort(turns=5, seconds=5, members=1000, idle=5000, stored_few=10_000, stored_many=1_000_000)
QUICK = Effort(
    turns=1, seconds=1, members=1000, idle=1000, stored_few=1000, stored_many=20_000,
    large=2000, held=1500, held_seconds=2, returning=300, stall_seconds=2, rooms=(1, 20),
    searched=1000, questions=100, imported=(300,), logged_mb=20, asked=1000, watching=200,
    mailed=1000, queued=3000,
)  # fmt: skip


@dataclass(frozen=True)
class Bench:
    """The cores, the effort, and where every single line goes that was measured."""

    effort: Effort
    server_core: int | None
    client_core: int | None
    record: Callable[[str, msgspec.Struct], None]

    def load(self, name: str, scenario: str, server: Subject, **options: object) -> Measured:
        options = {"path": SOCKET_PATH, "server_pid": server.pid, "seconds": self.effort.seconds, **options}
        measured = tools.load(scenario, server.who, server.port, core=self.client_core, **options)
        self.record(name, measured)
        return measured

    def note(self, name: str, measured: msgspec.Struct) -> None:
        """Keep a measurement that another client than ``load.c`` has made."""
        self.record(name, measured)


# ---------------------------------------------------------------- fan-out


@dataclass(frozen=True)
class Turn:
    """The same posting into one room at each server, one soon after the other."""

    limit: Measured
    joined: Measured
    ours: Measured
    committing: Measured
    """Renraku with nobody connected but those who post: what a message costs before it is told to anybody."""

    def of_limit(self, cpu_per_delivery_us: float) -> float:
        """This cost against one ``send()`` a recipient."""
        return cpu_per_delivery_us / self.limit.cpu_per_delivery_us

    @property
    def telling_us(self) -> float:
        """CPU of one more recipient: all that is left when the committing is taken away."""
        more_recipients = self.ours.connections - self.committing.connections
        return (self.ours.cpu_per_message_us - self.committing.cpu_per_message_us) / more_recipients


@dataclass(frozen=True)
class FanOut:
    """One way of posting into one room."""

    what: str
    burst: int
    turns: list[Turn]


def fan_out(bench: Bench) -> Iterator[FanOut]:
    """CPU per delivery in one room: in bursts, and one message at a time."""
    with ExitStack() as running:
        ours = running.enter_context(renraku(Company(bench.effort.members), bench.server_core))
        limit, joined = (
            Subject(server.pid, server.port, ours.who)
            for server in (
                running.enter_context(tools.echo_server(mode, core=bench.server_core)) for mode in ("send", "join")
            )
        )
        for what, burst, per_second in (("bursts of 10", 10, 100), ("one at a time", 1, 1000)):
            post = partial(_bursts, bench, what, burst, per_second)
            turns = [_turn(post, limit, joined, ours, senders=burst) for _ in range(bench.effort.turns)]
            yield FanOut(what, burst, turns)


def _bursts(
    bench: Bench, what: str, burst: int, per_second: int, name: str, server: Subject, **options: object
) -> Measured:
    return bench.load(f"{what}, {name}", "bursts", server, burst=burst, per_second=per_second, **options)


def _turn(post: Callable[..., Measured], limit: Subject, joined: Subject, ours: Subject, senders: int) -> Turn:
    return Turn(
        limit=post("C send", limit),
        ours=post("Renraku", ours),
        joined=post("C join", joined),
        committing=post("Renraku, senders only", ours, connections=senders),
    )


# ---------------------------------------------------------------- posting


@dataclass(frozen=True)
class Posting:
    """Committed messages in so many rooms: the most, and latencies at half of it and at a fixed rate."""

    rooms: int
    people: int
    most: list[Measured]
    half: Measured
    fixed: Measured | None


def posting(bench: Bench) -> Iterator[Posting]:
    for rooms in bench.effort.rooms:
        company = Company(people=rooms * PEOPLE_A_ROOM, rooms=rooms)
        with renraku(company, bench.server_core) as server:
            yield _posting(bench, server, company)


def _posting(bench: Bench, server: Subject, company: Company) -> Posting:
    name = f"{company.rooms} rooms"
    in_flight = _in_flight(company)
    most = [bench.load(f"{name}, most", "closed", server, in_flight=in_flight) for _ in range(bench.effort.turns)]
    rate = median(line.messages_per_s for line in most)
    half = bench.load(f"{name}, half", "open", server, rate=rate / 2)
    fixed = None
    if rate > FIXED_RATE:
        fixed = bench.load(f"{name}, {FIXED_RATE}/s", "open", server, rate=FIXED_RATE)
    return Posting(company.rooms, company.people, most, half, fixed)


def _in_flight(company: Company) -> int:
    return min(IN_FLIGHT_EACH, max(1, IN_FLIGHT // company.people))


# ---------------------------------------------------------------- what is stored


@dataclass(frozen=True)
class Storage:
    """The cost of a message when few and when many are stored."""

    few_stored: int
    many_stored: int
    few: list[Measured]
    many: list[Measured]

    @property
    def ratios(self) -> list[float]:
        return [
            many.cpu_per_message_us / few.cpu_per_message_us for few, many in zip(self.few, self.many, strict=True)
        ]


def storage(bench: Bench) -> Storage:
    effort = bench.effort
    few, many = (Company(people=80, rooms=20, messages=stored) for stored in (effort.stored_few, effort.stored_many))
    figure = Storage(effort.stored_few, effort.stored_many, [], [])
    with ExitStack() as running:
        servers = [running.enter_context(renraku(company, bench.server_core)) for company in (few, many)]
        for _ in range(effort.turns):
            for stored, server, into in zip(
                (few.messages, many.messages), servers, (figure.few, figure.many), strict=True
            ):
                # Half a second: what is posted here is stored too, and few shall stay few.
                options = {"in_flight": _in_flight(few), "seconds": 0.5}
                into.append(bench.load(f"{stored} stored", "closed", server, **options))
    return figure


# ---------------------------------------------------------------- memory


@dataclass(frozen=True)
class Memory:
    """What one connection more costs that only listens."""

    rooms: int
    measured: Measured

    @property
    def kilobytes(self) -> float:
        grown = self.measured.rss_after_kb - self.measured.rss_before_kb
        return grown * 1.024 / self.measured.connections


def memory(bench: Bench) -> Iterator[Memory]:
    for rooms in (1, 20):
        company = Company(people=bench.effort.idle, rooms=rooms, rooms_each=rooms)
        with renraku(company, bench.server_core) as server:
            # The first connections pay for what all share: imports, caches, buffers.
            bench.load("warm up", "idle", server, connections=WARM_CONNECTIONS, seconds=0.5)
            yield Memory(rooms, bench.load(f"idle in {rooms} rooms", "idle", server, seconds=3))
