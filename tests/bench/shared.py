"""What a shared database costs: one process on PostgreSQL, and two joined by Redis.

Two cores carry what would be several machines. The web process, which is what is measured, has one for itself; the
database, Redis and the people share the other, and the tables say how busy each was. Of two web processes the second
is put once beside the first and once beside the database: neither is fair to it, so the smaller hop is the nearer.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from statistics import median

from tests.bench import seed, tools
from tests.bench.figures import IN_FLIGHT, IN_FLIGHT_EACH, PEOPLE_A_ROOM, Bench
from tests.bench.seed import Company
from tests.bench.subject import Server, Subject, founded, renraku, serving
from tests.bench.surroundings import Database, database, redis
from tests.bench.tools import Measured

ROOMS = 20
HOP_RATE = 2000


@dataclass(frozen=True)
class Shared:
    """A measurement, and the CPU that the database used meanwhile."""

    measured: Measured
    database_cpu_s: float

    @property
    def database_us_per_message(self) -> float:
        return self.database_cpu_s * 1e6 / self.measured.messages

    @property
    def database_busy(self) -> float:
        return self.database_cpu_s / self.measured.seconds


@dataclass(frozen=True)
class OnPostgres:
    """Committed messages with PostgreSQL: the most, and latencies at half of it."""

    people: int
    most: list[Shared]
    half: Measured


def on_postgres(bench: Bench) -> OnPostgres:
    company = Company(people=ROOMS * PEOPLE_A_ROOM, rooms=ROOMS)
    with ExitStack() as running:
        data = running.enter_context(database(bench.client_core))
        server = running.enter_context(renraku(company, bench.server_core, database_url=data.url))
        in_flight = min(IN_FLIGHT_EACH, max(1, IN_FLIGHT // company.people))
        most = [
            _shared(bench, data, "PostgreSQL, most", "closed", server, in_flight=in_flight)
            for _ in range(bench.effort.turns)
        ]
        rate = median(line.measured.messages_per_s for line in most)
        half = bench.load("PostgreSQL, half", "open", server, rate=rate / 2)
    return OnPostgres(company.people, most, half)


def _shared(bench: Bench, data: Database, name: str, scenario: str, server: Subject, **options: object) -> Shared:
    before = data.cpu_seconds()
    measured = bench.load(name, scenario, server, **options)
    return Shared(measured, data.cpu_seconds() - before)


# ---------------------------------------------------------------- two processes


@dataclass(frozen=True)
class TwoProcesses:
    """Everybody speaks at one process; half of the people hear it there, half at the other."""

    people: int
    beside: str
    """With whom the second process shares a core."""
    lines: list[Shared] = field(default_factory=list)
    other_busy: list[float] = field(default_factory=list)
    """The process that only hears."""

    @property
    def hops_ms(self) -> list[float]:
        """How much later 99 of 100 deliveries come where the message came by Redis."""
        return [(line.measured.far_p99_us - line.measured.delivery_p99_us) / 1000 for line in self.lines]


def two_processes(bench: Bench) -> list[TwoProcesses]:
    company = Company(people=2 * ROOMS * PEOPLE_A_ROOM, rooms=ROOMS)
    figures = []
    with ExitStack() as running:
        data = running.enter_context(database(bench.client_core))
        bus = running.enter_context(redis(bench.client_core))
        given = {"database_url": data.url, "redis_url": bus}
        folder = running.enter_context(founded(company, **given))
        near = running.enter_context(serving(folder, bench.server_core, **given))
        for beside, core in (("the first", bench.server_core), ("the database", bench.client_core)):
            figure = TwoProcesses(company.people, beside)
            with serving(folder, core, **given) as far:
                seed.write_who(folder / "who", company, (near.port, far.port))
                for _ in range(bench.effort.turns):
                    _both(bench, figure, data, Subject(near.pid, near.port, folder / "who"), far)
            figures.append(figure)
    return figures


def _both(bench: Bench, figure: TwoProcesses, data: Database, near: Subject, far: Server) -> None:
    before = tools.cpu_seconds(far.pid)
    options = {"rate": HOP_RATE, "senders": figure.people // 2, "check_order": 1}
    line = _shared(bench, data, f"two processes, the other beside {figure.beside}", "open", near, **options)
    figure.lines.append(line)
    figure.other_busy.append((tools.cpu_seconds(far.pid) - before) / line.measured.seconds)
