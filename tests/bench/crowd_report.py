"""The figures of a large crowd as Markdown; each table says what must be reached, and if it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from tests.bench.comeback import POST_RATE, ROOMS_EACH, Returned
from tests.bench.crowd import LARGE_RATE, MARK_EVERY, STALL_BYTES, STALL_RATE, Held, LargeRoom, Marks, SlowReader
from tests.bench.markdown import mark, milliseconds, must, percent, spread, table
from tests.bench.tools import Measured

MARKS_LIMIT = 1.3
LARGE_LIMIT = 3
HELD_WANTED = 19_000
BACK_LIMIT_S = 60
SLOW_LIMIT = 0.20
SLOW_LIMIT_MS = 2.0


def marks(figures: Sequence[Marks], members: int) -> str:
    titles = ("", "CPU a delivery", "reading along", "of without", "must be", "marks/s", "p99", "reading along p99")
    rows = [
        [
            figure.what,
            spread([line.cpu_per_delivery_us for line in figure.without], "{:.2f}", " µs"),
            spread([line.cpu_per_delivery_us for line in figure.reading], "{:.2f}", " µs"),
            spread(figure.ratios, "{:.2f}", " ×"),
            must(figure.ratios, MARKS_LIMIT),
            f"{median(line.marks / line.seconds for line in figure.reading):,.0f}",
            milliseconds(figure.without, lambda line: line.delivery_p99_us),
            milliseconds(figure.reading, lambda line: line.delivery_p99_us),
        ]
        for figure in figures
    ]
    title = f"### {members:,} members reading along, a mark each {MARK_EVERY:g} s"
    return f"{title}\n\n{table(titles, rows)}"


def large_room(figures: Sequence[LargeRoom]) -> str:
    small, large = f"{figures[0].small:,} members", f"{figures[0].large:,} members"
    titles = ("server", f"{small}: p50", "p99", f"{large}: p50", "p99", "p99 of the first", "must be", "server busy")
    rows = [
        [
            figure.who,
            milliseconds(figure.in_small, lambda line: line.delivery_p50_us),
            milliseconds(figure.in_small, lambda line: line.delivery_p99_us),
            milliseconds(figure.in_large, lambda line: line.delivery_p50_us),
            milliseconds(figure.in_large, lambda line: line.delivery_p99_us),
            spread(figure.ratios, "{:.2f}", " ×"),
            must(figure.ratios, LARGE_LIMIT) if figure.who == "Renraku" else "",
            percent(figure.in_large, lambda line: line.server_busy),
        ]
        for figure in figures
    ]
    return f"### A large room, {LARGE_RATE} messages/s\n\n{table(titles, rows)}"


def slow_reader(figures: Sequence[SlowReader], members: int) -> str:
    titles = ("stand still", "of them cut", "p99 without", "p99 beside them", "change", "difference", "must be")
    rows = [
        [
            str(figure.stalled),
            f"{min(line.stalled_cut for line in figure.beside)}",
            _p99s(figure.without),
            _p99s(figure.beside),
            spread(figure.changes, "{:+.0%}", ""),
            spread(figure.differences_ms, "{:+.1f}", " ms"),
            mark("< 20 % or < 2 ms", _unmoved(figure)),
        ]
        for figure in figures
    ]
    title = f"### Readers that stand still, among {members:,}, {STALL_RATE} messages/s of {STALL_BYTES:,} bytes"
    return f"{title}\n\n{table(titles, rows)}"


def _p99s(lines: Sequence[Measured]) -> str:
    return spread([line.delivery_p99_us / 1000 for line in lines], "{:.1f}", " ms")


def _unmoved(figure: SlowReader) -> bool:
    return median(figure.changes) < SLOW_LIMIT or median(figure.differences_ms) < SLOW_LIMIT_MS


def connections(figure: Held) -> str:
    line = figure.measured
    titles = (
        "held", "must be", "rooms", "memory each", "process after",
        "all answered a ping within", "pings answered meanwhile", "server busy",
    )  # fmt: skip
    row = [
        f"{line.connections:,}",
        mark(f"≥ {HELD_WANTED:,}", line.connections >= HELD_WANTED and line.pongs == line.connections),
        str(figure.rooms),
        f"{figure.kilobytes:.1f} KB",
        f"{line.rss_after_kb / 1024:.0f} MiB",
        f"{line.alive_ms / 1000:.1f} s",
        f"{line.pings:,}",
        f"{line.server_busy:.1%}",
    ]
    note = "Afterwards somebody in each room said something, and everybody heard it exactly once."
    return f"### Connections held for {line.seconds:.0f} s\n\n{table(titles, [row])}\n\n{note}"


def comeback(figures: Mapping[str, Sequence[Returned]]) -> str:
    titles = (
        "lost by", "people", "half are back", "all are back", "must be",
        "away longest", "attempts each", "posted meanwhile", "lost or doubled", "client busy",
    )  # fmt: skip
    rows = [_comeback_row(way, lines) for way, lines in figures.items() if lines]
    title = f"### Everybody comes back, {ROOMS_EACH} timelines each, {POST_RATE} messages/s going on"
    return f"{title}\n\n{table(titles, rows)}"


def _comeback_row(way: str, lines: Sequence[Returned]) -> list[str]:
    last = [line.back_last_s for line in lines]
    return [
        {"drop": "all lines cut", "restart": "a restart with drain"}[way],
        f"{lines[0].people:,}",
        spread([line.back_p50_s for line in lines], "{:.1f}", " s"),
        spread(last, "{:.1f}", " s"),
        mark(f"≤ {BACK_LIMIT_S} s", max(last) <= BACK_LIMIT_S),
        spread([line.away_longest_s for line in lines], "{:.1f}", " s"),
        f"{median(line.attempts / line.people for line in lines):.2f}",
        f"{sum(line.posted for line in lines):,}",
        # A difference of one message ends the run without a table.
        "0",
        f"{median(line.client_busy for line in lines):.0%}",
    ]
