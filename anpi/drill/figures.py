"""What a drill is measured by, three times over: as the product tells it, as plain SQL counts it, and as the crowd
did it. Where two differ, something is wrong.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from anpi.board.forms import Totals
from anpi.board.frames import Curve
from anpi.drill.answering import Answers, Given
from anpi.drill.sink import Sink
from anpi.model import SELVES
from server.clock import to_millis

PERCENT = (25, 50, 75, 90)
WORKS = ("can", "home", "cannot", "unknown")
MINUTE_MS = 60_000


@dataclass(frozen=True)
class Figures:
    """``counts`` by name, ``quarters``: milliseconds until 25, 50, 75 and 90 % had answered (0: never), ``minutes``:
    how many answered first in each minute, ``departments``: (asked, answered) by the number of each at the top."""

    counts: Mapping[str, int]
    quarters: Sequence[int]
    minutes: Sequence[int]
    departments: Mapping[int, tuple[int, int]]


@dataclass(frozen=True)
class Doings:
    """The same by the crowd, which knows its own moments to within two: those before and after each answer."""

    counts: Mapping[str, int]
    earliest: Sequence[int]
    latest: Sequence[int]
    failed: Mapping[str, int] = field(default_factory=dict)


def told(totals: Totals) -> Figures:
    """By the product's own totals and curve."""
    counts = totals.counts
    assert totals.curve is not None
    names = ("asked", "unanswered", *SELVES, "help", *WORKS, "doubtful")
    found = {name: int(getattr(counts, name)) for name in names}
    found |= {"answered": counts.asked - counts.unanswered, "reached": totals.sending.reached}
    return Figures(
        found,
        [each - totals.curve.since if each else 0 for each in totals.curve.quarters],
        _minutes(totals.curve),
        {
            each.id: (each.all.asked, each.all.asked - each.all.unanswered)
            for each in totals.departments
            if not each.parent
        },
    )


def done(answers: Answers, sink: Sink, people: int, since: int) -> Doings:
    """By the crowd: what each said last, and when he answered first. ``since``: when the first were asked."""
    newest: dict[str, Given] = {}
    first: dict[str, Given] = {}
    for given in sorted(answers.given, key=lambda each: each.after):
        newest[given.address] = given
        first.setdefault(given.address, given)
    said = [given.said for given in newest.values()]
    counts = Counter(each.self for each in said) + Counter(each.work for each in said)
    found = {name: counts[name] for name in (*SELVES, *WORKS)}
    found |= {
        "asked": people,
        "answered": len(newest),
        "unanswered": people - len(newest),
        "help": sum(each.help for each in said),
        "reached": len(sink.arrived),
    }
    return Doings(
        found,
        quarters(sorted(to_millis(each.after) - since for each in first.values()), people),
        quarters(sorted(to_millis(each.before) - since for each in first.values()), people),
        dict(answers.failed),
    )


def quarters(times: Sequence[int], asked: int) -> list[int]:
    """After how long so many percent of those asked had answered; 0: they never had."""
    places = [max(0, -(-asked * percent // 100) - 1) for percent in PERCENT]
    return [times[place] if place < len(times) else 0 for place in places]


def differences(product: Figures, counted: Figures, crowd: Doings) -> Iterator[str]:
    """Everything in which the three do not agree, as sentences."""
    for name, people in sorted(product.counts.items()):
        if counted.counts.get(name) != people:
            yield f"{name}: the report says {people}, SQL counts {counted.counts.get(name)}"
        if crowd.counts.get(name, people) != people:
            yield f"{name}: the report says {people}, the crowd did {crowd.counts[name]}"
    for place, percent in enumerate(PERCENT):
        told, least, most = product.quarters[place], crowd.earliest[place], crowd.latest[place]
        if told != counted.quarters[place]:
            yield f"{percent} %: the report says {told} ms, SQL counts {counted.quarters[place]} ms"
        if not least <= told <= most:
            yield f"{percent} %: the report says {told} ms, the crowd did it between {least} and {most} ms"
    if list(product.minutes) != list(counted.minutes):
        yield f"answers a minute: the report says {list(product.minutes)}, SQL counts {list(counted.minutes)}"
    for id in sorted(product.departments.keys() | counted.departments.keys()):
        if product.departments.get(id) != counted.departments.get(id):
            said, sql = product.departments.get(id), counted.departments.get(id)
            yield f"department {id} (asked, answered): the report says {said}, SQL counts {sql}"
    for what, times in crowd.failed.items():
        yield f"{times} people could not answer: {what}"


def _minutes(curve: Curve) -> list[int]:
    """How many answers came in each minute, by the curve, whose points may be closer."""
    each = max(1, MINUTE_MS // curve.step)
    ends = [curve.points[min(end, len(curve.points)) - 1] for end in range(each, len(curve.points) + each, each)]
    return [end - before for before, end in zip([0, *ends], ends, strict=False)]
