"""A check in numbers, counted by SQL each time: totals are stored nowhere, so they cannot part from the answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from typing import Any

from sqlalchemy import BigInteger, Connection, Row, func, literal, select, type_coerce

from anpi import tables
from anpi.board.frames import (
    AnswerCounts,
    AreaCounts,
    BoardRow,
    Curve,
    DepartmentCounts,
    PrefectureCounts,
    SendingCounts,
)
from anpi.sending import deliveries
from directory.areas.resolving import area_of
from directory.areas.tables import prefectures
from directory.tables import departments
from server.auth.tables import accounts
from server.clock import to_micros, to_millis
from server.data.types import UtcTime

AnyRow = Row[*tuple[Any, ...]]
ROWS_AT_MOST = 500
POINTS_AT_MOST = 240
STEPS_MS = (10_000, 60_000, 300_000, 1_800_000, 3 * 3_600_000, 24 * 3_600_000)
"""How far apart the points of a curve may stand."""
QUARTERS = (25, 50, 75, 90)
_t = tables.targets.c


@dataclass(frozen=True, slots=True)
class Head:
    """How an incident stands."""

    id: int
    rev: int
    state: str
    title: str
    drill: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """So many people of one department and area whose answers say the same."""

    department: int
    area: str
    self: str
    help: bool
    work: str
    doubtful: bool
    people: int


def head(connection: Connection, incident: int) -> Head | None:
    """None: there is no such incident that asks people."""
    i = tables.incidents.c
    row = connection.execute(
        select(i.id, i.rev, i.state, i.title, i.drill).where(i.id == incident, i.kind == "ask")
    ).first()
    return Head(row.id, row.rev, row.state, row.title, bool(row.drill)) if row else None


def tallies(connection: Connection, incident: int) -> list[Tally]:
    """All whom it asks, by what they are counted by: the one counting that every number is made of."""
    kinds = (_t.department_id, _t.area, _t.self, _t.help, _t.work, _t.doubtful)
    counted = select(*kinds, func.count().label("people")).where(_t.incident_id == incident).group_by(*kinds)
    return [
        Tally(row.department_id or 0, row.area, row.self, bool(row.help), row.work, bool(row.doubtful), row.people)
        for row in connection.execute(counted)
    ]


def summed(found: Iterable[Tally]) -> AnswerCounts:
    """One total of them."""
    counts = AnswerCounts()
    for each in found:
        _add(counts, each)
    return counts


def _add(counts: AnswerCounts, tally: Tally) -> None:
    people = tally.people
    counts.asked += people
    if not tally.self:
        counts.unanswered += people
        return
    for name in (tally.self, tally.work):
        if name:
            setattr(counts, name, getattr(counts, name) + people)
    counts.help += people if tally.help else 0
    counts.doubtful += people if tally.doubtful else 0


# ---------------------------------------------------------------- by department


def by_department(connection: Connection, found: Iterable[Tally]) -> list[DepartmentCounts]:
    """The tree of departments with anybody asked in or below them, those above before those below."""
    own: defaultdict[int, list[Tally]] = defaultdict(list)
    for each in found:
        own[each.department].append(each)
    tree = _tree(connection)
    below: defaultdict[int, list[Tally]] = defaultdict(list)
    for id, tallied in own.items():
        for above in _upwards(id, tree):
            below[above] += tallied
    order = sorted(below, key=lambda id: (len(_upwards(id, tree)), _place(id, tree)))
    return [
        DepartmentCounts(
            id=id,
            name=tree[id].name if id in tree else "",
            parent=_parent(id, tree),
            own=summed(own.get(id, ())),
            all=summed(below[id]),
        )
        for id in order
    ]


@dataclass(frozen=True, slots=True)
class _Department:
    name: str
    parent: int
    score: int | None


def _tree(connection: Connection) -> dict[int, _Department]:
    d = departments.c
    rows = connection.execute(select(d.id, d.name, d.parent_id, d.sort_score, d.gone))
    return {row.id: _Department(row.name, 0 if row.gone else row.parent_id or 0, row.sort_score) for row in rows}


def _upwards(id: int, tree: Mapping[int, _Department]) -> list[int]:
    """The department itself and all above it."""
    way = [id]
    while (parent := _parent(way[-1], tree)) and parent not in way:
        way.append(parent)
    return way


def _parent(id: int, tree: Mapping[int, _Department]) -> int:
    parent = tree[id].parent if id in tree else 0
    return parent if parent in tree else 0


def _place(id: int, tree: Mapping[int, _Department]) -> tuple[bool, bool, int, str, int]:
    """As departments stand everywhere: a small score first, none last; and last of all nobody's."""
    found = tree.get(id)
    if found is None:
        return True, True, 0, "", id
    return False, found.score is None, found.score or 0, found.name, id


# ---------------------------------------------------------------- by area


def by_area(found: Iterable[Tally]) -> list[AreaCounts]:
    """By the area that each was asked by; people without one last."""
    places: defaultdict[str, list[Tally]] = defaultdict(list)
    for each in found:
        places[each.area].append(each)
    return [
        AreaCounts(code=code, name=_area_name(code), prefecture=prefecture_of(code), counts=summed(places[code]))
        for code in sorted(places, key=lambda code: (not code, prefecture_of(code), len(code), code))
    ]


def by_prefecture(found: Iterable[Tally]) -> list[PrefectureCounts]:
    """The same for the map."""
    places: defaultdict[str, list[Tally]] = defaultdict(list)
    for each in found:
        if code := prefecture_of(each.area):
            places[code].append(each)
    return [
        PrefectureCounts(code=code, name=prefectures()[code].name, counts=summed(places[code]))
        for code in sorted(places)
    ]


def prefecture_of(code: str) -> str:
    area = area_of(code) if code else None
    return area.pref_code if area else ""


def _area_name(code: str) -> str:
    area = area_of(code) if code else None
    return area.name if area else code


# ---------------------------------------------------------------- in time


def curve(connection: Connection, incident: int, asked: int) -> Curve:
    """How answers came in since the first were asked: each person's first one."""
    bounds = select(func.min(_t.asked_at, type_=UtcTime), func.max(_t.first_at, type_=UtcTime))
    since, last = connection.execute(bounds.where(_t.incident_id == incident)).one()
    if since is None or last is None:
        return Curve(
            since=to_millis(since) if since else 0, step=STEPS_MS[0], points=[], quarters=[0] * len(QUARTERS)
        )
    long = max(0, to_millis(last) - to_millis(since))
    step = next((each for each in STEPS_MS if long // each < POINTS_AT_MOST), STEPS_MS[-1])
    return Curve(
        since=to_millis(since),
        step=step,
        points=_points(connection, incident, since, step),
        quarters=_quarters(connection, incident, asked),
    )


def _points(connection: Connection, incident: int, since: datetime, step: int) -> list[int]:
    # As it is kept, in microseconds: both databases divide whole numbers alike. Nobody answers before he is asked.
    passed = type_coerce(_t.first_at, BigInteger) - literal(to_micros(since), BigInteger)
    place = (passed - passed % (step * 1000)).label("place")
    wanted = select(place, func.count().label("people"))
    wanted = wanted.where(_t.incident_id == incident, _t.first_at.is_not(None)).group_by(place)
    found: defaultdict[int, int] = defaultdict(int)
    for row in connection.execute(wanted):
        found[max(0, int(row.place) // (step * 1000))] += row.people
    last = min(max(found, default=-1), POINTS_AT_MOST - 1)
    return list(accumulate(found[at] for at in range(last + 1)))


def _quarters(connection: Connection, incident: int, asked: int) -> list[int]:
    """When so many percent of those asked had answered; 0: not yet."""
    answered = select(_t.first_at).where(_t.incident_id == incident, _t.first_at.is_not(None))
    times: list[int] = []
    for percent in QUARTERS:
        # The first moment at which at least so many had answered.
        place = max(0, -(-asked * percent // 100) - 1)
        at = connection.execute(answered.order_by(_t.first_at).limit(1).offset(place)).scalar()
        times.append(to_millis(at) if at is not None else 0)
    return times


# ---------------------------------------------------------------- what was sent, and who has changed


def sending(connection: Connection, incident: int, asked: int) -> SendingCounts:
    """送信済 298 / 300　不達 2, in people."""
    found = deliveries.people_counts(connection, incident)
    return SendingCounts(
        people=asked,
        reached=found.sent,
        waiting=found.waiting,
        failed=found.failed,
        written=found.written,
        none=max(0, asked - found.people),
    )


def changed(connection: Connection, incident: int, since: int) -> list[BoardRow]:
    """The newest of whoever has changed since a ``rev``, one more than are told."""
    claimant = accounts.alias("claimant")
    wanted = (
        select(tables.targets, claimant.c.name.label("claimed_name"))
        .select_from(tables.targets.outerjoin(claimant, claimant.c.id == _t.claimed_by))
        .where(_t.incident_id == incident, _t.rev > since)
        .order_by(_t.rev)
        .limit(ROWS_AT_MOST + 1)
    )
    return [_row(row) for row in connection.execute(wanted)]


def _row(row: AnyRow) -> BoardRow:
    return BoardRow(
        id=row.account_id,
        self=row.self,
        help=bool(row.help),
        work=row.work,
        at=to_millis(row.answered_at) if row.answered_at else 0,
        doubtful=bool(row.doubtful),
        round=row.round,
        claimed_by=row.claimed_by or 0,
        claimed_name=row.claimed_name or "",
        claimed_until=to_millis(row.claimed_until) if row.claimed_until else 0,
    )
