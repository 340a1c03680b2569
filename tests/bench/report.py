"""The figures as Markdown for docs/performance.md; each table says what must be reached, and if it is."""

from __future__ import annotations

import os
import platform
import sqlite3
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median

from tests.bench.figures import FIXED_RATE, PEOPLE_A_ROOM, Bench, FanOut, Memory, Posting, Storage, Turn
from tests.bench.markdown import acks, mark, middle, milliseconds, must, spread, table
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
    return f"### One room, {members:,} members\n\n{table(titles, rows)}\n\n{note}"


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
        milliseconds(lines, lambda line: line.delivery_p50_us),
        milliseconds(lines, lambda line: line.delivery_p99_us),
        f"{middle(lines, lambda line: line.frame_bytes):.0f}",
        f"{middle(lines, lambda line: line.server_busy):.0%}",
        f"{middle(lines, lambda line: line.client_busy):.0%}",
    ]


def _telling_row(figure: FanOut, limit: float | None) -> list[str]:
    """Renraku's fan-out alone: the difference between all members connected and only those who post."""
    return [*_costs(figure, "Renraku, fan-out alone", lambda turn: turn.telling_us, limit), "", "", "", "", ""]


def _costs(figure: FanOut, who: str, of: Callable[[Turn], float], limit: float | None) -> list[str]:
    ratios = [turn.of_limit(of(turn)) for turn in figure.turns]
    return [
        figure.what,
        who,
        spread([of(turn) for turn in figure.turns], "{:.2f}", " µs"),
        spread(ratios, "{:.2f}", " ×"),
        must(ratios, limit) if limit else "",
    ]


def posting(figures: Sequence[Posting]) -> str:
    rows = [_posting_row(figure) for figure in figures]
    titles = (
        "rooms", "people", "most, in 1 s", "must be", "CPU a message",
        "ack p50 / p99 at half", f"ack p50 / p99 at {FIXED_RATE:,}/s", "must be",
    )  # fmt: skip
    text = f"### Committed messages, {PEOPLE_A_ROOM} people connected in each room\n\n"
    return text + table(titles, rows)


def _posting_row(figure: Posting) -> list[str]:
    wanted = figure.rooms == 20
    rates = [line.messages_per_s for line in figure.most]
    return [
        str(figure.rooms),
        str(figure.people),
        spread(rates, "{:,.0f}", ""),
        mark(f"≥ {MESSAGES_WANTED:,}", median(rates) >= MESSAGES_WANTED) if wanted else "",
        spread([line.cpu_per_message_us for line in figure.most], "{:.0f}", " µs"),
        acks(figure.half),
        acks(figure.fixed) if figure.fixed else "not reached",
        mark(f"p99 ≤ {ACK_LIMIT_MS} ms", _is_quick(figure.fixed)) if wanted else "",
    ]


def _is_quick(line: Measured | None) -> bool:
    return line is not None and line.ack_p99_us <= ACK_LIMIT_MS * 1000


def storage(figure: Storage) -> str:
    rows = [
        [
            f"{figure.few_stored:,}",
            spread([m.cpu_per_message_us for m in figure.few], "{:.0f}", " µs"),
            "",
            "",
        ],
        [
            f"{figure.many_stored:,}",
            spread([m.cpu_per_message_us for m in figure.many], "{:.0f}", " µs"),
            spread(figure.ratios, "{:.2f}", " ×"),
            must(figure.ratios, STORED_LIMIT),
        ],
    ]
    titles = ("stored before", "CPU a message", "of the first", "must be")
    return "### Cost of a message, by what is stored (20 rooms, highest rate)\n\n" + table(titles, rows)


def memory(figures: Sequence[Memory]) -> str:
    rows = [
        [
            str(figure.rooms),
            f"{figure.measured.connections:,}",
            f"{figure.kilobytes:.1f} KB",
            mark(f"≤ {MEMORY_LIMITS_KB[figure.rooms]} KB", figure.kilobytes <= MEMORY_LIMITS_KB[figure.rooms]),
            f"{figure.measured.rss_before_kb / 1024:.0f} MiB",
            f"{figure.measured.server_busy:.1%}",
        ]
        for figure in figures
    ]
    titles = ("rooms each", "idle connections", "memory each", "must be", "process before", "server busy")
    return "### Idle connections\n\n" + table(titles, rows)


# ---------------------------------------------------------------- the machine


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
