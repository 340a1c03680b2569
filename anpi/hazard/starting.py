"""Doing what was decided, in the transaction of the report: start, widen, take back, tell; and keeping why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, delete, func, insert, select, update

from anpi import incidents, queries, settings
from anpi import tables as anpi_tables
from anpi.hazard import telling
from anpi.hazard.about import as_known, cause_of, facts_of, strongest
from anpi.hazard.evaluating import guarding
from anpi.hazard.model import Asked, Decision, HazardReport, Hit, Inputs, Known
from anpi.hazard.rules import Limits, Rule
from anpi.hazard.tables import decisions, events, hits
from anpi.hazard.tables import rules as rule_rows
from anpi.hazard.triggers import decide
from anpi.incidents import Start
from anpi.settings import AnpiSettings
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction

GUARD_BACK = timedelta(days=3)
"""How far back the guard can reach (``AnpiSettings.guard_hours``)."""
TOLD = frozenset({"tell", "cancel"})
"""What administrators are told by mail."""
NOWHERE = ""
"""The area of those who have none, as it stands among those that were asked."""
QUEUE = "hazard"


class Kept(Struct, frozen=True):
    """What is kept of a decision: what it was made of, the areas it was about, until when it waits."""

    inputs: Inputs
    hits: dict[str, Hit] = {}
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it stands in the database."""

    id: int
    key: str
    at: datetime
    known: Known
    incident: int | None


def settle(tx: Transaction, event: Event, report: HazardReport | None, number: int | None) -> str:
    """Decide, do it, and keep why. ``report`` (``number``) is None at the end of a wait."""
    rules, limits = read_rules(tx.connection), limits_of(settings.read(tx.connection))
    guard = asked_before(tx.connection, event, tx.now)
    decision = decide(event.known, report, rules, guard, tx.now, limits)
    decision, incident = _do(tx, event, decision, guard, limits)
    _save(tx, event, decision.known, incident)
    keep(tx, event, decision, number, incident)
    if decision.act in TOLD:
        telling.tell(tx, event.id, incident, decision.reason)
    if decision.act == "wait":
        tx.wake(QUEUE)
    return decision.act


def read_rules(connection: Connection) -> list[Rule]:
    """All rules, also those that are off."""
    rows = connection.execute(select(rule_rows).order_by(rule_rows.c.place, rule_rows.c.id))
    return [
        Rule(row.id, row.kind, row.threshold, tuple(msgspec.json.decode(row.areas)), row.enabled, row.place)
        for row in rows
    ]


def limits_of(chosen: AnpiSettings) -> Limits:
    """What decisions need of the company's settings."""
    return Limits(
        early_wait_seconds=chosen.early_wait_seconds,
        grace_seconds=chosen.grace_seconds,
        guard_hours=chosen.guard_hours,
        jma_drills=chosen.jma_drills,
    )


def asked_before(connection: Connection, event: Event, now: datetime, *, own: bool = False) -> list[Asked]:
    """The areas that other events' incidents have asked, real or drill as this one is; not those of a 取消. ``own``:
    with those of this event's."""
    i = anpi_tables.incidents
    found = (
        select(hits.c.area, hits.c.kind, hits.c.level, hits.c.at, hits.c.incident_id)
        .join(i, i.c.id == hits.c.incident_id)
        .where(hits.c.at > now - GUARD_BACK, i.c.cancelled_at.is_(None), i.c.drill == event.known.drill)
        .where(hits.c.incident_id != (0 if own else event.incident or 0))
        .order_by(hits.c.at)
    )
    return [Asked(row.area, row.kind, row.level, row.at, row.incident_id) for row in connection.execute(found)]


def _do(
    tx: Transaction, event: Event, decision: Decision, guard: list[Asked], limits: Limits
) -> tuple[Decision, int | None]:
    """The decision as it turned out, and the incident that the event has afterwards."""
    if decision.act == "start":
        return decision, _start(tx, event, decision, guard, limits)
    if event.incident is None:
        return decision, None
    if decision.act == "widen":
        return _widen(tx, event, event.incident, decision, limits)
    if decision.act == "cancel" and event.known.state == "started":
        incidents.cancel(tx, event.incident)
    elif event.known.state == "started":
        _learn(tx, event, event.incident, decision)
    return decision, event.incident


def _learn(tx: Transaction, event: Event, incident: int, decision: Decision) -> None:
    """What an early warning began is a quake from the first observation on, and what was asked may be known to be hit
    harder, also where nobody further is asked."""
    before, now = event.known.asked, as_known(decision, event.known.asked)
    if now != before:
        incidents.learn(tx, incident, facts_of(decision.known, now, event.at).json(), cause_of(now))


def _widen(
    tx: Transaction, event: Event, incident: int, decision: Decision, limits: Limits
) -> tuple[Decision, int | None]:
    """Ask in more areas; when its incident is over, by one of their own."""
    found = as_known(decision, decision.known.asked or decision.hits)
    facts = facts_of(decision.known, found, event.at)
    areas = tuple(sorted(decision.hits))
    if incidents.widen(tx, incident, areas, facts.json(), cause_of(found)) is not None:
        _mark(tx, incident, decision.hits)
        return decision, incident
    if queries.existing(tx.connection, incident).is_open:
        # A drill that is suspended: nobody is asked by it now.
        return replace(decision, act="keep", known=replace(decision.known, asked=event.known.asked)), incident
    # Whom its first one asked is not asked again by the second.
    guard = asked_before(tx.connection, event, tx.now, own=True)
    return replace(decision, act="start"), _start(tx, event, decision, guard, limits)


def _start(tx: Transaction, event: Event, decision: Decision, guard: list[Asked], limits: Limits) -> int:
    started = select(func.count()).select_from(decisions)
    before = tx.connection.execute(started.where(decisions.c.event_id == event.id, decisions.c.act == "start"))
    nowhere = [] if _unplaced_were_asked(decision.hits, guard, tx.now, limits) else strongest(decision.hits)
    start = Start(
        # An event that was taken back may begin anew: that is another incident.
        key=f"hazard:{event.id}:{before.scalar_one() + 1}",
        cause=cause_of(decision.hits),
        areas=tuple(sorted(decision.hits)),
        facts=facts_of(decision.known, decision.hits, event.at).json(),
        unplaced=bool(nowhere),
        drill=decision.known.drill,
    )
    incident = incidents.start_automatic(tx, start)
    _mark(tx, incident, decision.hits)
    for hit in nowhere:
        _mark(tx, incident, {NOWHERE: hit})
    return incident


def _unplaced_were_asked(found: Mapping[str, Hit], guard: list[Asked], now: datetime, limits: Limits) -> bool:
    """Who has no area is asked at any hit in Japan; as long as the guard holds only when it is stronger."""
    return all(guarding({NOWHERE: hit}, guard, now, limits) for hit in strongest(found))


def _mark(tx: Transaction, incident: int, found: Mapping[str, Hit]) -> None:
    """Remember which area was asked at which class, for the guard."""
    if not found:
        return
    again = select(key_rows(tx.dialect, str).c.k0)
    kinds = sorted({hit.kind for hit in found.values()})
    old = delete(hits).where(hits.c.incident_id == incident, hits.c.area.in_(again), hits.c.kind.in_(kinds))
    tx.connection.execute(old, {"keys": packed(found)})
    rows = [
        {"incident_id": incident, "area": area, "kind": hit.kind, "level": hit.level, "at": tx.now}
        for area, hit in found.items()
    ]
    tx.connection.execute(insert(hits), rows)


def _save(tx: Transaction, event: Event, known: Known, incident: int | None) -> None:
    values = {
        "known": msgspec.json.encode(known).decode(),
        "state": known.state,
        "armed_until": known.armed_until,
        "at": known.origin or event.at,
        "drill": known.drill,
        "incident_id": incident,
    }
    tx.connection.execute(update(events).where(events.c.id == event.id).values(values))


def keep(tx: Transaction, event: Event, decision: Decision, number: int | None, incident: int | None) -> None:
    """Why it was decided so, for 発信の理由."""
    if incident is None and decision.inputs.guarded:
        # An aftershock is a line of the incident that has asked these areas.
        incident = max(decision.inputs.guarded.values())
    row = {
        "event_id": event.id,
        "report_id": number,
        "at": tx.now,
        "act": decision.act,
        "reason": decision.reason,
        "inputs": msgspec.json.encode(Kept(decision.inputs, decision.hits, decision.wait_until)).decode(),
        "incident_id": incident,
    }
    tx.connection.execute(insert(decisions), row)
