"""Figures as Markdown: tables, medians with their spread, and whether what must be reached was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from statistics import median

from tests.bench.tools import Measured


def table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = list(titles)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def middle(lines: Iterable[Measured], of: Callable[[Measured], float]) -> float:
    return median(of(line) for line in lines)


def milliseconds(lines: Iterable[Measured], of: Callable[[Measured], float]) -> str:
    return f"{middle(lines, of) / 1000:.1f} ms"


def percent(lines: Iterable[Measured], of: Callable[[Measured], float]) -> str:
    return f"{middle(lines, of):.0%}"


def acks(line: Measured) -> str:
    return f"{line.ack_p50_us / 1000:.1f} / {line.ack_p99_us / 1000:.1f} ms"


def spread(values: Sequence[float], form: str, unit: str) -> str:
    """The median, and between what it lies when there is more than one value."""
    text = form.format(median(values)) + unit
    if len(values) == 1 or min(values) == max(values):
        return text
    return f"{text} ({form.format(min(values))}–{form.format(max(values))})"


def must(values: Sequence[float], at_most: float) -> str:
    return mark(f"≤ {at_most} ×", median(values) <= at_most)


def mark(what: str, reached: bool) -> str:
    return f"{what} {'✓' if reached else '✗'}"
