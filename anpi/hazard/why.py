"""発信の理由: what was reported of an event, what each report led to, and by which rules. Reading only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import groupby
from typing import Any

import msgspec
from sqlalchemy import Column, Connection, Row, Table, func, or_, select

from anpi.hazard import levels
from anpi.hazard.forms import (
    AreaChoice,
    AreaLevel,
    GuardedArea,
    HazardDecision,
    HazardEvent,
    HazardEvents,
    HazardReportRow,
    HazardWhy,
    IncidentWhy,
    RuleFinding,
)
from anpi.hazard.model import HazardReport, Hit, Known, RuleSeen
from anpi.hazard.starting import Kept
from anpi.hazard.tables import decisions, events, reports
from directory.areas.resolving import area_of, name_of
from directory.areas.tables import areas, prefectures
from server.clock import to_millis
from server.data.sets import key_rows, packed
from server.errors import NotFound

PAGE = 50
REPORTS_LIMIT = 200
"""Of one event; a long series of early warnings has some thirty."""

AnyRow = Row[*tuple[Any, ...]]


def page(connection: Connection, before: int) -> HazardEvents:
    """The newest events, or those older than ``before``."""
    wanted = select(events).order_by(events.c.id.desc()).limit(PAGE + 1)
    rows = list(connection.execute(wanted.where(events.c.id < before) if before else wanted))
    return HazardEvents(_events(connection, rows[:PAGE]), more=len(rows) > PAGE)


def one(connection: Connection, id: int) -> HazardWhy:
    """Everything about one event."""
    row = connection.execute(select(events).where(events.c.id == id)).first()
    if row is None:
        raise NotFound()
    return _wholes(connection, [row])[0]


def of_incident(connection: Connection, incident: int) -> IncidentWhy:
    """Everything about the events that an incident was started, widened or taken back by."""
    decided = select(decisions.c.event_id).where(decisions.c.incident_id == incident)
    about = or_(events.c.incident_id == incident, events.c.id.in_(decided))
    rows = connection.execute(select(events).where(about).order_by(events.c.id).limit(PAGE))
    return IncidentWhy(_wholes(connection, list(rows)))


def choices() -> list[AreaChoice]:
    """All prefectures, then all 細分区域."""
    return [_choice(code) for code in (*prefectures(), *areas())]


def _wholes(connection: Connection, rows: list[AnyRow]) -> list[HazardWhy]:
    ids = [row.id for row in rows]
    # Not their bytes as they came.
    told = _of_events(connection, ids, reports, [each for each in reports.c if each.name != "raw"])
    decided = _of_events(connection, ids, decisions, list(decisions.c))
    return [
        HazardWhy(
            event=event,
            reports=[_report(each) for each in told.get(event.id, [])],
            decisions=[_decision(each) for each in decided.get(event.id, [])],
        )
        for event in _events(connection, rows)
    ]


def _of_events(
    connection: Connection, ids: list[int], table: Table, columns: list[Column[Any]]
) -> dict[int, list[AnyRow]]:
    """The first rows about each of these events, in their order."""
    keys = key_rows(connection.dialect.name, int)
    place = func.row_number().over(partition_by=table.c.event_id, order_by=table.c.id).label("place")
    joined = keys.join(table, table.c.event_id == keys.c.k0)
    rows = select(*columns, place).select_from(joined).subquery()
    wanted = select(rows).where(rows.c.place <= REPORTS_LIMIT).order_by(rows.c.event_id, rows.c.id)
    found = connection.execute(wanted, {"keys": packed(ids)})
    return {id: list(theirs) for id, theirs in groupby(found, key=lambda row: row.event_id)}


def _events(connection: Connection, rows: list[AnyRow]) -> list[HazardEvent]:
    ids = [row.id for row in rows]
    newest, counts = _newest(connection, ids), _counts(connection, ids)
    return [_event(row, newest.get(row.id), counts.get(row.id, 0)) for row in rows]


def _newest(connection: Connection, ids: list[int]) -> dict[int, AnyRow]:
    """The last decision about each of these events."""
    keys = key_rows(connection.dialect.name, int)
    last = (
        select(func.max(decisions.c.id).label("id"))
        .join(keys, keys.c.k0 == decisions.c.event_id)
        .group_by(decisions.c.event_id)
        .subquery()
    )
    wanted = select(decisions.c.event_id, decisions.c.act, decisions.c.reason).join(last, last.c.id == decisions.c.id)
    return {row.event_id: row for row in connection.execute(wanted, {"keys": packed(ids)})}


def _counts(connection: Connection, ids: list[int]) -> dict[int, int]:
    keys = key_rows(connection.dialect.name, int)
    wanted = (
        select(reports.c.event_id, func.count().label("reports"))
        .join(keys, keys.c.k0 == reports.c.event_id)
        .group_by(reports.c.event_id)
    )
    return {row.event_id: row.reports for row in connection.execute(wanted, {"keys": packed(ids)})}


def _event(row: AnyRow, decided: AnyRow | None, told: int) -> HazardEvent:
    known = msgspec.json.decode(row.known, type=Known)
    return HazardEvent(
        id=row.id,
        kind=kind_of(known),
        at=to_millis(row.at),
        drill=row.drill,
        state=row.state,
        place="" if known.assumed else known.hypocentre,
        level=level_of(known),
        missing=any(entry.missing for entry in _entries(known)),
        magnitude="" if known.assumed else known.magnitude,
        reports=told,
        act=decided.act if decided else "ignore",
        reason=decided.reason if decided else "",
        incident=row.incident_id,
        armed_until=to_millis(row.armed_until) if row.armed_until else 0,
    )


def kind_of(known: Known) -> Any:
    """What an event is, by what was said of it."""
    said = _entries(known)
    if any(entry.weather for entry in said) or any(name.startswith("VPWW") for name in known.series):
        return "weather"
    shaken = [entry for entry in said if entry.levels or entry.missing]
    if shaken:
        return "early_warning" if all(entry.early for entry in shaken) else "earthquake"
    return "tsunami" if any(entry.tsunami for entry in said) else "earthquake"


def level_of(known: Known) -> str:
    """The highest 震度; of a tsunami or a special warning its class."""
    if known.max_level:
        return known.max_level
    said = _entries(known)
    if any(entry.weather for entry in said):
        return levels.SPECIAL
    return levels.highest(level for entry in said for level in entry.tsunami.values())


def _entries(known: Known) -> list[Any]:
    return [entry for series in known.series.values() for entry in series.entries]


def _report(row: AnyRow) -> HazardReportRow:
    said = msgspec.json.decode(row.body, type=HazardReport) if row.body else None
    return HazardReportRow(
        id=row.id,
        source=row.source,
        type=row.type,
        status=row.status,
        info=row.info,
        at=to_millis(row.at),
        received_at=to_millis(row.received_at),
        title=said.title if said else "",
        level=said.max_level if said else "",
        missing=bool(said and said.missing),
        areas=len(said.areas) + len(said.tsunami) + len(said.weather) if said else 0,
        error=row.error,
    )


def _decision(row: AnyRow) -> HazardDecision:
    kept = msgspec.json.decode(row.inputs, type=Kept)
    return HazardDecision(
        id=row.id,
        report=row.report_id,
        at=to_millis(row.at),
        act=row.act,
        reason=row.reason,
        incident=row.incident_id,
        rules=findings(kept.inputs.rules),
        areas=shown(kept.hits),
        guarded=[GuardedArea(code, _called(code), by) for code, by in sorted(kept.inputs.guarded.items())],
        until=to_millis(kept.until) if kept.until else 0,
    )


def findings(rules: Iterable[RuleSeen]) -> list[RuleFinding]:
    """What each rule made of it."""
    return [
        RuleFinding(rule.kind, rule.threshold, [_choice(code) for code in rule.areas], shown(rule.hits))
        for rule in rules
    ]


def shown(hits: Mapping[str, Hit]) -> list[AreaLevel]:
    """Areas with their level, by their number."""
    return [AreaLevel(code, _called(code), hit.level, hit.missing, hit.early) for code, hit in sorted(hits.items())]


def _choice(code: str) -> AreaChoice:
    area = area_of(code)
    return AreaChoice(code, area.name, area.pref_code) if area else AreaChoice(code, code, "")


def _called(code: str) -> str:
    return name_of(code) or code
