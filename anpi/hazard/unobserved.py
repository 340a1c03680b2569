"""「EEWのみ・観測なし」: an early warning asked people, and no observation at a rule followed in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, exists, select

from anpi import incidents, tables
from anpi.hazard import recording, starting, telling
from anpi.hazard.evaluating import entries, rules_then, seen, together
from anpi.hazard.model import Decision, Inputs, Known
from anpi.hazard.rules import Rule
from anpi.hazard.tables import decisions, events
from server.data.transaction import Transaction

WAIT = timedelta(minutes=10)
REASON = "unobserved"


def is_observed(known: Known, rules: Sequence[Rule]) -> bool:
    """Whether anything but a forecast stands at a rule of today, or at what was asked."""
    told = [entry for entry in entries(known, None) if not entry.early]
    return any(together(seen(told, each)) for each in (rules, rules_then(known.asked)))


def due(connection: Connection, now: datetime) -> list[int]:
    """Events whose safety check has run for so long as an early warning alone, and was not marked."""
    i = tables.incidents.c
    marked = exists().where(decisions.c.event_id == events.c.id, decisions.c.reason == REASON)
    found = (
        select(events.c.id)
        .join(tables.incidents, i.id == events.c.incident_id)
        .where(i.state == "open", i.cause == "early_warning", i.cancelled_at.is_(None), i.drill.is_(False))
        .where(i.created_at <= now - WAIT, ~marked)
    )
    return list(connection.execute(found.order_by(events.c.id)).scalars())


def mark(tx: Transaction, id: int) -> bool:
    """Nobody is reminded any more, administrators are told, and it stands in 発信の理由. False: it need not be."""
    tx.lock(recording.LOCK)
    event = recording.event_by_id(tx.connection, id)
    if event is None or event.incident is None or id not in due(tx.connection, tx.now):
        return False
    rules, known = starting.read_rules(tx.connection), event.known
    if is_observed(known, rules):
        return False
    incidents.hush(tx, event.incident)
    inputs = Inputs(tx.now, known.state, seen(entries(known, None), rules), known.asked, known.asked)
    starting.keep(tx, event, Decision("tell", REASON, known, inputs), None, event.incident)
    telling.tell(tx, id, event.incident, REASON)
    return True
