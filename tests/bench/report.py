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

from tests.bench.figures import FIXED_RATE, PEOPLE_A_ROOM, Bench, FanOut, Memory, Posting, Storage
from tests.bench.tools import Measured

BURST_LIMIT, SINGLE_LIMIT = 1.1, 2.2
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
    rows = []
    for figure in figures:
        allowed = BURST_LIMIT if figure.burst > 1 else SINGLE_LIMIT
        of_joined = [
            joined.cpu_per_delivery_us / limit.cpu_per_delivery_us
            for joined, limit in zip(figure.joined, figure.limit, strict=True)
        ]
        rows += [
            _fan_out_row(figure.what, "C, one send() a recipient", figure.limit, [1.0], ""),
            _fan_out_row(figure.what, "C, joined per turn", figure.joined, of_joined, ""),
            _fan_out_row(
                figure.what,
                "Renraku, everything on",
                figure.ours,
                figure.ratios,
                _must(figure.ratios, allowed),
            ),
        ]
    titles = (
        "",
        "server",
        "CPU a delivery",
        "of C send",
        "must be",
        "p50",
        "p99",
        "bytes",
        "server busy",
        "client busy",
    )
    return f"### One room, {members:,} members\n\n" + _table(titles, rows)


def _fan_out_row(what: str, who: str, lines: list[Measured], ratios: list[float], must: str) -> list[str]:
    return [
        what,
        who,
        _spread([line.cpu_per_delivery_us for line in lines], "{:.2f}", " µs"),
        _spread(ratios, "{:.2f}", " ×"),
        must,
        _milliseconds(lines, lambda line: line.delivery_p50_us),
        _milliseconds(lines, lambda line: line.delivery_p99_us),
        f"{_middle(lines, lambda line: line.frame_bytes):.0f}",
        f"{_middle(lines, lambda line: line.server_busy):.0%}",
        f"{_middle(lines, lambda line: line.client_busy):.0%}",
    ]


def posting(figures: Sequence[Posting]) -> str:
    rows = [_posting_row(figure) for figure in figures]
    titles = (
        "rooms", "people", "most, in 1 s", "must be", "CPU a message",
        "ack p50 / p99 at half", "must be", f"ack p50 / p99 at {FIXED_RATE:,}/s",
    )  # fmt: skip
    text = f"### Committed messages, {PEOPLE_A_ROOM} people connected in each room\n\n"
    return text + _table(titles, rows)


def _posting_row(figure: Posting) -> list[str]:
    wanted = figure.rooms == 20
    return [
        str(figure.rooms),
        str(figure.people),
        f"{figure.most.messages_per_s:,.0f}",
        _mark(f"≥ {MESSAGES_WANTED:,}", figure.most.messages_per_s >= MESSAGES_WANTED) if wanted else "",
        f"{figure.most.cpu_per_message_us:.0f} µs",
        _acks(figure.half),
        _mark(f"≤ {ACK_LIMIT_MS} ms", figure.half.ack_p99_us <= ACK_LIMIT_MS * 1000) if wanted else "",
        _acks(figure.fixed) if figure.fixed else "not reached",
    ]


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
