"""What is kept of the earth, and for how long: what started a safety check stays with it, the rest a while."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, or_, select, update

from anpi.hazard.tables import decisions, events, reports
from server.data.batch import Steps
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.module import Tick
from server.services import Services

KEPT = timedelta(days=400)
RAW_KEPT = timedelta(days=60)
"""The bytes of reports that asked nobody."""
A_STEP = 200


async def forget(services: Services) -> None:
    """Let go of old events that asked nobody, and of their telegrams' bytes before that."""
    await services.writer.bulk(_steps())


def _steps() -> Steps:
    for step in (_forget_raw, _forget_unread, _forget_events):
        while (yield step):
            pass


def _forget_raw(tx: Transaction) -> bool:
    asked = select(events.c.id).where(events.c.incident_id.is_not(None))
    quiet = or_(reports.c.event_id.is_(None), reports.c.event_id.not_in(asked))
    old = (
        select(reports.c.id)
        .where(reports.c.received_at < tx.now - RAW_KEPT, reports.c.raw.is_not(None), quiet)
        .limit(A_STEP)
    )
    return bool(tx.connection.execute(update(reports).where(reports.c.id.in_(old)).values(raw=None)).rowcount)


def _forget_unread(tx: Transaction) -> bool:
    old = (
        select(reports.c.id).where(reports.c.received_at < tx.now - KEPT, reports.c.event_id.is_(None)).limit(A_STEP)
    )
    return bool(tx.connection.execute(delete(reports).where(reports.c.id.in_(old))).rowcount)


def _forget_events(tx: Transaction) -> bool:
    old = select(events.c.id).where(events.c.at < tx.now - KEPT, events.c.incident_id.is_(None))
    ids = list(tx.connection.execute(old.order_by(events.c.id).limit(A_STEP)).scalars())
    theirs = select(key_rows(tx.dialect, int).c.k0)
    for column in (reports.c.event_id, decisions.c.event_id, events.c.id):
        tx.connection.execute(delete(column.table).where(column.in_(theirs)), {"keys": packed(ids)})
    return bool(ids)


TICK = Tick("anpi.hazard_forgetting", timedelta(days=1), forget)
