"""Recording what was reported: once, joined with its event, decided at once. One action, under one lock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec
from sqlalchemy import Connection, Row, delete, insert, or_, select, update

from anpi.hazard import joining, starting
from anpi.hazard.model import HazardReport, Known
from anpi.hazard.starting import Event
from anpi.hazard.tables import events, reports
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction

LOCK = "hazard"
NAME_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Arrived:
    """A report as it came: from where, under which name, its bytes (gzip), what they say, or why they say nothing."""

    source: str
    name: str
    raw: bytes
    report: HazardReport | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of it. ``known``: it had come before, and nothing has happened now."""

    report: int
    known: bool
    act: str = ""
    event: int | None = None


def record(tx: Transaction, arrived: Arrived) -> Taken:
    """Keep the report, find its event, decide, and do what was decided. One that nobody could read is taken anew when
    it comes once more and can be read."""
    tx.lock(LOCK)
    report = arrived.report
    had = _had(tx.connection, arrived)
    if had is not None and (report is None or not had.error):
        return Taken(had.id, known=True)
    if had is not None:
        tx.connection.execute(delete(reports).where(reports.c.id == had.id))
    event = _event_of(tx, report) if report is not None else None
    if report is None or event is None:
        return Taken(_keep(tx, arrived, None), known=False)
    number = _keep(tx, arrived, event.id)
    return Taken(number, known=False, act=starting.settle(tx, event, report, number), event=event.id)


def known_names(connection: Connection, source: str, names: list[str]) -> set[str]:
    """Which of these reports of a source are here already."""
    wanted = key_rows(connection.dialect.name, str)
    found = select(reports.c.name).join(wanted, wanted.c.k0 == reports.c.name).where(reports.c.source == source)
    return set(connection.execute(found, {"keys": packed(names)}).scalars())


def _had(connection: Connection, arrived: Arrived) -> Row[int, str] | None:
    place = (reports.c.source == arrived.source, reports.c.name == arrived.name)
    return connection.execute(select(reports.c.id, reports.c.error).where(*place)).first()


def _keep(tx: Transaction, arrived: Arrived, event: int | None) -> int:
    report = arrived.report
    row = {
        "source": arrived.source,
        "name": arrived.name,
        "event_id": event,
        "type": report.type if report else "",
        "status": report.status if report else "real",
        "info": report.info if report else "issued",
        "at": report.at if report else tx.now,
        "received_at": tx.now,
        "body": msgspec.json.encode(report).decode() if report else "",
        "error": arrived.fault,
        "raw": arrived.raw,
    }
    return int(tx.connection.execute(insert(reports).returning(reports.c.id), row).scalar_one())


def _event_of(tx: Transaction, report: HazardReport) -> Event | None:
    """The event that the report is about: one that is known, or a new one; None for what is about none (試験: the
    line is alive, and that is all it says)."""
    if not joining.key_of(report):
        return None
    found = {row.id: _event(row) for row in _near(tx.connection, report)}
    candidates = [joining.Candidate(each.id, each.key, each.known) for each in found.values()]
    id = joining.match(report, candidates)
    return _new(tx, report) if id is None else _adopted(tx, found[id], report)


def _near(connection: Connection, report: HazardReport) -> list[Row[tuple[object, ...]]]:
    when = joining.when_of(report)
    near = events.c.at.between(when - joining.WINDOW, when + joining.WINDOW)
    named = events.c.key.in_(joining.keys_of(report))
    return list(connection.execute(select(events).where(or_(named, near)).order_by(events.c.id)))


def _new(tx: Transaction, report: HazardReport) -> Event:
    key, at = joining.key_of(report), joining.when_of(report)
    known = Known(drill=report.status == "drill")
    row = {"key": key, "at": at, "drill": known.drill, "state": known.state, "known": _json(known)}
    id = tx.connection.execute(insert(events).returning(events.c.id), row).scalar_one()
    return Event(int(id), key, at, known, None)


def _adopted(tx: Transaction, event: Event, report: HazardReport) -> Event:
    """An event that no source had named until now takes the name that this report gives it."""
    key = joining.key_of(report)
    if joining.is_own(event.key) and not joining.is_own(key):
        tx.connection.execute(update(events).where(events.c.id == event.id).values(key=key))
        return Event(event.id, key, event.at, event.known, event.incident)
    return event


def event_by_id(connection: Connection, id: int) -> Event | None:
    """One event, as decisions need it."""
    row = connection.execute(select(events).where(events.c.id == id)).first()
    return _event(row) if row else None


def due(connection: Connection, now: datetime) -> list[int]:
    """Events whose wait is over."""
    over = select(events.c.id).where(events.c.state == "armed", events.c.armed_until <= now)
    return list(connection.execute(over.order_by(events.c.armed_until)).scalars())


def end_wait(tx: Transaction, id: int) -> str:
    """Decide anew about an event that has waited; what it came to, "" when it waits no more."""
    tx.lock(LOCK)
    event = event_by_id(tx.connection, id)
    if event is None or event.known.state != "armed":
        return ""
    if event.known.armed_until is not None and event.known.armed_until > tx.now:
        return ""
    return starting.settle(tx, event, None, None)


def _event(row: Row[tuple[object, ...]]) -> Event:
    known = msgspec.json.decode(row.known, type=Known)
    return Event(row.id, row.key, row.at, known, row.incident_id)


def _json(known: Known) -> str:
    return msgspec.json.encode(known).decode()
