"""Asking the silent again by itself (A11): some minutes after each person's first send, at most three times; after a
quake at any hour, else not from 22:00 to 6:00; never in a drill.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, time, timedelta, tzinfo

from sqlalchemy import Connection, exists, select

from anpi import queries, sends, tables
from anpi.model import Cause, Incident
from anpi.settings import AnpiSettings
from anpi.targets import ROUNDS_LIMIT
from server.data.transaction import Transaction
from server.services import Services

NIGHT_BEGINS, NIGHT_ENDS = time(22), time(6)
QUAKES: tuple[Cause, ...] = ("earthquake", "early_warning")


def next_at(
    asked_at: datetime, minutes: Iterable[int], now: datetime, zone: tzinfo, *, any_hour: bool
) -> datetime | None:
    """When somebody is asked again; None: not any more. What falls into the night waits for its end, together."""
    times = (asked_at + timedelta(minutes=each) for each in sorted(minutes))
    moved = (at if any_hour else after_night(at, zone) for at in times)
    return next((at for at in moved if at > now), None)


def after_night(at: datetime, zone: tzinfo) -> datetime:
    """The same moment, or 6:00 of the night's end if it lies in the night."""
    local = at.astimezone(zone)
    if NIGHT_ENDS <= local.time() < NIGHT_BEGINS:
        return at
    day = local.date() + timedelta(days=1) if local.time() >= NIGHT_BEGINS else local.date()
    return datetime.combine(day, NIGHT_ENDS, zone).astimezone(at.tzinfo)


def any_hour(found: Incident, kept: AnpiSettings) -> bool:
    """Whether the night does not count."""
    return found.cause in QUAKES and kept.remind_quake_any_hour


def begin_due(tx: Transaction) -> int:
    """A send for every incident that has somebody to ask again; how many."""
    begun = 0
    for id in _with_due(tx.connection, tx.now):
        found = queries.locked(tx.connection, id)
        if found.is_running and found.reminders and not queries.asking_again(tx.connection, id):
            moment = int(tx.now.timestamp() * 1000)
            sends.begin(tx, found, f"due:{id}:{moment}", "again", sends.Chosen("due"), None)
            begun += 1
    return begun


def _with_due(connection: Connection, now: datetime) -> list[int]:
    t, i = tables.targets.c, tables.incidents.c
    running = (i.state == "open", i.suspended_at.is_(None), i.cancelled_at.is_(None), i.reminders != "[]")
    # The first that is found of each is enough: there may be many.
    due = exists().where(t.incident_id == i.id, t.again_at <= now, t.answer_id.is_(None), t.round < ROUNDS_LIMIT)
    return list(connection.execute(select(i.id).where(*running, due).order_by(i.id)).scalars())


async def remind(services: Services) -> None:
    """The tick."""
    await services.writer.alone(begin_due)
