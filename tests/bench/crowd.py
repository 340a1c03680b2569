"""What a large crowd costs: all reading along, five thousand in one room, many who only listen, some who stand still.

Paired as in ``figures.py``: what is compared runs in turns, and a ratio is taken within one turn.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

from tests.bench import tools
from tests.bench.figures import WARM_CONNECTIONS, Bench
from tests.bench.seed import Company
from tests.bench.subject import Subject, renraku
from tests.bench.tools import Measured

MARK_EVERY = 2.0
"""Seconds: no client reports more often what it has read (docs/protocol.md)."""
MARK_LEAD_IN = 3.0
"""Marks are gathered and answered for a second: what is measured begins when as many are written as are sent."""
LIVELY_RATE = 20
LARGE_RATE = 5
STALL_RATE = 40
STALL_BYTES = 4000
STALLED = (1, 10)
PEOPLE_IN_HELD_ROOMS = 100

# ---------------------------------------------------------------- reading along


@dataclass(frozen=True)
class Marks:
    """The same posting, once with nobody's marks and once with everybody's, in each turn."""

    what: str
    without: list[Measured] = field(default_factory=list)
    reading: list[Measured] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        pairs = zip(self.reading, self.without, strict=True)
        return [reading.cpu_per_delivery_us / without.cpu_per_delivery_us for reading, without in pairs]


def marks(bench: Bench) -> Iterator[Marks]:
    """CPU a delivery with everybody reading along: in bursts, one at a time, and at a lively room's rate."""
    ways: tuple[tuple[str, str, dict[str, object]], ...] = (
        ("bursts of 10", "bursts", {"burst": 10, "per_second": 100}),
        ("one at a time", "bursts", {"burst": 1, "per_second": 1000}),
        (f"{LIVELY_RATE} messages/s", "open", {"rate": LIVELY_RATE}),
    )
    with renraku(Company(bench.effort.members), bench.server_core) as server:
        for what, scenario, options in ways:
            figure = Marks(what)
            for turn in range(bench.effort.turns):
                both = [("without marks", 0.0, figure.without), ("reading along", MARK_EVERY, figure.reading)]
                # Whoever goes first has the cooler machine: in turns.
                for name, every, into in both if turn % 2 == 0 else reversed(both):
                    given = {**options, "mark_every": every, "lead_in": MARK_LEAD_IN}
                    into.append(bench.load(f"{what}, {name}", scenario, server, **given))
            yield figure


# ---------------------------------------------------------------- one large room


@dataclass(frozen=True)
class LargeRoom:
    """The same few messages a second to a room of the usual size and to a large one."""

    who: str
    small: int
    large: int
    in_small: list[Measured] = field(default_factory=list)
    in_large: list[Measured] = field(default_factory=list)

    @property
    def ratios(self) -> list[float]:
        pairs = zip(self.in_large, self.in_small, strict=True)
        return [large.delivery_p99_us / small.delivery_p99_us for large, small in pairs]


def large_room(bench: Bench) -> list[LargeRoom]:
    """Renraku, and beside it the C server: what the kernel alone makes of five times as many recipients."""
    small, large = bench.effort.members, bench.effort.large
    figures = [LargeRoom(who, small, large) for who in ("C, one send() a recipient", "Renraku")]
    with ExitStack() as running:
        ours = [running.enter_context(renraku(Company(people), bench.server_core)) for people in (small, large)]
        limit = running.enter_context(tools.echo_server("send", core=bench.server_core))
        limits = [Subject(limit.pid, limit.port, server.who) for server in ours]
        for _ in range(bench.effort.turns):
            for figure, servers in zip(figures, (limits, ours), strict=True):
                _a_large_turn(bench, figure, servers)
    return figures


def _a_large_turn(bench: Bench, figure: LargeRoom, servers: list[Subject]) -> None:
    for server, people, into in zip(
        servers, (figure.small, figure.large), (figure.in_small, figure.in_large), strict=True
    ):
        # One burst warms up: twenty would be a minute's worth of what is measured.
        options = {"rate": LARGE_RATE, "connections": people, "warm_up": 1, "seconds": bench.effort.seconds * 2}
        into.append(bench.load(f"{people} people, {figure.who}", "open", server, **options))


# ---------------------------------------------------------------- holding still


@dataclass(frozen=True)
class Held:
    """Connections that only listen, and a sign of life from each at the end."""

    rooms: int
    measured: Measured

    @property
    def kilobytes(self) -> float:
        grown = self.measured.rss_after_kb - self.measured.rss_before_kb
        return grown * 1.024 / self.measured.connections


def connections(bench: Bench) -> Held:
    """As many as one process of this machine may hold, in rooms of a hundred."""
    people = bench.effort.held
    company = Company(people, rooms=max(1, people // PEOPLE_IN_HELD_ROOMS))
    with renraku(company, bench.server_core) as server:
        bench.load("warm up", "idle", server, connections=WARM_CONNECTIONS, seconds=0.5)
        options = {"seconds": bench.effort.held_seconds, "alive": 1, "timeout": 300}
        return Held(company.rooms, bench.load(f"{people} held", "idle", server, **options))


# ---------------------------------------------------------------- standing still


@dataclass(frozen=True)
class SlowReader:
    """The others' latency while so many of a thousand read nothing, beside a run in which all read."""

    stalled: int
    without: list[Measured] = field(default_factory=list)
    beside: list[Measured] = field(default_factory=list)

    @property
    def changes(self) -> list[float]:
        """How much greater the others' p99 is, as a share, in each pair."""
        return [after / before - 1 for before, after in self._pairs()]

    @property
    def differences_ms(self) -> list[float]:
        return [(after - before) / 1000 for before, after in self._pairs()]

    def _pairs(self) -> Iterator[tuple[float, float]]:
        for without, beside in zip(self.without, self.beside, strict=True):
            yield without.delivery_p99_us, beside.delivery_p99_us


def slow_reader(bench: Bench) -> list[SlowReader]:
    """One, and ten. Frames are large, so that buffers are full within seconds and the server must decide."""
    figures = [SlowReader(stalled) for stalled in STALLED]
    with renraku(Company(bench.effort.members), bench.server_core) as server:
        for turn in range(bench.effort.turns):
            for figure in figures:
                both = [(0, figure.without), (figure.stalled, figure.beside)]
                for stalled, into in both if turn % 2 == 0 else reversed(both):
                    into.append(_beside(bench, server, stalled))
    return figures


def _beside(bench: Bench, server: Subject, stalled: int) -> Measured:
    return bench.load(
        f"{stalled} stand still",
        "open",
        server,
        stalled=stalled,
        rate=STALL_RATE,
        frame_bytes=STALL_BYTES,
        seconds=bench.effort.stall_seconds,
    )
