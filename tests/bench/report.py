"""The figures as Markdown for docs/performance.md; each table says what must be reached, and if it is."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.bench.figures import FIXED_RATE, PEOPLE_A_ROOM, Bench, FanOut, Memory, Posting, Storage, Turn
from tests.bench.tools import Measured

EVERYTHING_LIMITS = {10: 1.1, 1: 2.2}
"""By the size of a burst: durable, rights, unread, log entry, against C's one ``send()`` a recipient."""
TELLING_LIMITS = {10: 0.6}
STORED_LIMIT = 1.3
MESSAGES_WANTED = 8000
ACK_LIMIT_MS = 50
MEMORY_LIMITS_KB = {1: 30, 20: 40}
VERSIONS = ("uvicorn", "uvloop", "starlette", "websockets", "sqlalchemy", "msgspec")


def heading(bench: Bench, command: str, folder: Path) -> str:
    lines = [
        f"Measured {datetime.now(UTC):%Y-%m-%d %H:%M} UTC with `{command}`.",
        "",
        f"- Machine: {_processor()}, {os.cpu_count()} cores, Linux {platform.release()}; "
        f"server on core {bench.server_core}, client on core {bench.client_core}",
        f"- Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        + ", ".join(f"{name} {version(name)}" for name in VERSIONS),
        f"- fsync of 4 KiB in the data folder: {_fsync_ms(folder):.2f} ms (median); load average before: "
        + " ".join(f"{load:.2f}" for load in os.getloadavg()),
        f"- {bench.effort.turns} turns of {bench.effort.seconds:g} s; medians (lowest–highest)",
    ]
    return "\n".join(lines)


def fan_out(figures: Sequence[FanOut], members: int) -> str:
    rows = [row for figure in figures for row in _fan_out_rows(figure)]
    titles = (
        "", "server", "CPU a delivery", "of C send", "must be",
        "p50", "p99", "bytes", "server busy", "client busy",
    )  # fmt: skip
    spans = [turn.ours.send_span_p99_us / 1000 for figure in figures for turn in figure.turns if figure.burst > 1]
    note = f"99 of 100 bursts left the client within {median(spans):.2f} ms."
    return f"### One room, {members:,} members\n\n{_table(titles, rows)}\n\n{note}"


def _fan_out_rows(figure: FanOut) -> list[list[str]]:
    everything = EVERYTHING_LIMITS[figure.burst]
    return [
        _fan_out_row(figure, "C, one send() a recipient", lambda turn: turn.limit),
        _fan_out_row(figure, "C, joined per turn", lambda turn: turn.joined),
        _fan_out_row(figure, "Renraku, everything on", lambda turn: turn.ours, everything),
        _telling_row(figure, TELLING_LIMITS.get(figure.burst)),
    ]


def _fan_out_row(figure: FanOut, who: str, of: Callable[[Turn], Measured], limit: float | None = None) -> list[str]:
    lines = [of(turn) for turn in figure.turns]
    return [
        *_costs(figure, who, lambda turn: of(turn).cpu_per_delivery_us, limit),
        _milliseconds(lines, lambda line: line.delivery_p50_us),
        _milliseconds(lines, lambda line: line.delivery_p99_us),
        f"{_middle(lines, lambda line: line.frame_bytes):.0f}",
        f"{_middle(lines, lambda line: line.server_busy):.0%}",
        f"{_middle(lines, lambda line: line.client_busy):.0%}",
    ]


def _telling_row(figure: FanOut, limit: float | None) -> list[str]:
    """Renraku's fan-out alone: the difference between all members connected and only those who post."""
    return [*_costs(figure, "Renraku, fan-out alone", lambda turn: turn.telling_us, limit), "", "", "", "", ""]


def _costs(figure: FanOut, who: str, of: Callable[[Turn], float], limit: float | None) -> list[str]:
    ratios = [turn.of_limit(of(turn)) for turn in figure.turns]
    return [
        figure.what,
        who,
        _spread([of(turn) for turn in figure.turns], "{:.2f}", " µs"),
        _spread(ratios, "{:.2f}", " ×"),
        _must(ratios, limit) if limit else "",
    ]


def posting(figures: Sequence[Posting]) -> str:
    rows = [_posting_row(figure) for figure in figures]
    titles = (
        "rooms", "people", "most, in 1 s", "must be", "CPU a message",
        "ack p50 / p99 at half", f"ack p50 / p99 at {FIXED_RATE:,}/s", "must be",
    )  # fmt: skip
    text = f"### Committed messages, {PEOPLE_A_ROOM} people connected in each room\n\n"
    return text + _table(titles, rows)


def _posting_row(figure: Posting) -> list[str]:
    wanted = figure.rooms == 20
    rates = [line.messages_per_s for line in figure.most]
    return [
        str(figure.rooms),
        str(figure.people),
        _spread(rates, "{:,.0f}", ""),
        _mark(f"≥ {MESSAGES_WANTED:,}", median(rates) >= MESSAGES_WANTED) if wanted else "",
        _spread([line.cpu_per_message_us for line in figure.most], "{:.0f}", " µs"),
        _acks(figure.half),
        _acks(figure.fixed) if figure.fixed else "not reached",
        _mark(f"p99 ≤ {ACK_LIMIT_MS} ms", _is_quick(figure.fixed)) if wanted else "",
    ]


def _is_quick(line: Measured | None) -> bool:
    return line is not None and line.ack_p99_us <= ACK_LIMIT_MS * 1000


def storage(figure: Storage) -> str:
    rows = [
        [
            f"{figure.few_stored:,}",
            _spread([m.cpu_per_message_us for m in figure.few], "{:.0f}", " µs"),
            "",
            "",
        ],
        [
            f"{figure.many_stored:,}",
            _spread([m.cpu_per_message_us for m in figure.many], "{:.0f}", " µs"),
            _spread(figure.ratios, "{:.2f}", " ×"),
            _must(figure.ratios, STORED_LIMIT),
        ],
    ]
    titles = ("stored before", "CPU a message", "of the first", "must be")
    return "### Cost of a message, by what is stored (20 rooms, highest rate)\n\n" + _table(titles, rows)


def memory(figures: Sequence[Memory]) -> str:
    rows = [
        [
            str(figure.rooms),
            f"{figure.measured.connections:,}",
            f"{figure.kilobytes:.1f} KB",
            _mark(f"≤ {MEMORY_LIMITS_KB[figure.rooms]} KB", figure.kilobytes <= MEMORY_LIMITS_KB[figure.rooms]),
            f"{figure.measured.rss_before_kb / 1024:.0f} MiB",
            f"{figure.measured.server_busy:.1%}",
        ]
        for figure in figures
    ]
    titles = ("rooms each", "idle connections", "memory each", "must be", "process before", "server busy")
    return "### Idle connections\n\n" + _table(titles, rows)


# ---------------------------------------------------------------- small things


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(titles)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _middle(lines: Iterable[Measured], of: Callable[[Measured], float]) -> float:
    return median(of(line) for line in lines)


def _milliseconds(lines: Iterable[Measured], of: Callable[[Measured], float]) -> str:
    return f"{_middle(lines, of) / 1000:.1f} ms"


def _acks(line: Measured) -> str:
    return f"{line.ack_p50_us / 1000:.1f} / {line.ack_p99_us / 1000:.1f} ms"


def _spread(values: Sequence[float], form: str, unit: str) -> str:
    """The median, and between what it lies when there is more than one value."""
    text = form.format(median(values)) + unit
    if len(values) == 1 or min(values) == max(values):
        return text
    return f"{text} ({form.format(min(values))}–{form.format(max(values))})"


def _must(values: Sequence[float], at_most: float) -> str:
    return _mark(f"≤ {at_most} ×", median(values) <= at_most)


def _mark(what: str, reached: bool) -> str:
    return f"{what} {'✓' if reached else '✗'}"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine() or sys.platform


def _fsync_ms(folder: Path, times: int = 50) -> float:
    """What one durable write costs here: no ack can be quicker."""
    path = folder / f"fsync-{os.getpid()}"
    taken = []
    with path.open("wb", buffering=0) as file:
        for _ in range(times):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    path.unlink()
    return median(taken) * 1000
