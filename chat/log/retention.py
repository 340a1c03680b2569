"""What has been kept long enough goes, a segment at a time. Its row, manifest and signature stay: the chain goes on
over the gap, and a line of kind ``expired`` tells that it was us.
"""

from __future__ import annotations

import calendar
from datetime import date, timedelta
from typing import Any

import structlog
from sqlalchemy import Connection, Select, delete, func, select, update

from chat import logbook
from chat.files import sweeping
from chat.files.tables import files
from chat.log import archiving, holds
from chat.log.segments import EXPIRED, STORED
from chat.log.tables import log_downloads, log_segment_rooms, log_segments
from server.clock import to_millis, zone
from server.data.transaction import Transaction
from server.services import Services

SEGMENTS_A_STEP = 20
FILES_A_STEP = 200
REMOVED_AGAIN = timedelta(days=30)
"""So long the file of an expired segment is removed again at each look: a crash, or a store that did not answer, may
have left it."""
DOWNLOADS_KEPT = timedelta(days=30)
MARGIN_MS = 3_600_000
"""Clocks of several machines differ: what was deleted so shortly before a segment's end may be told in the next."""

_S = log_segments.c

log = structlog.get_logger()


def first_kept(today: date, months: int) -> date:
    """The oldest day that is kept. From 31 March a month back is the last of February."""
    total = today.year * 12 + today.month - 1 - months
    year, month = divmod(total, 12)
    return date(year, month + 1, min(today.day, calendar.monthrange(year, month + 1)[1]))


async def expire(services: Services) -> None:
    """The tick: segments that are too old and that no hold pins, then files that no line names any more."""
    if months := services.settings.log_retention_months:
        today = services.clock().astimezone(zone(services.settings.time_zone)).date()
        before = first_kept(today, months).isoformat()
        while await services.writer.alone(expire_some, before):
            pass
    await services.writer.act(_forget_downloads, spends=False)
    await services.store.remove(await services.readers.ask(_to_remove, to_millis(services.clock())))
    while await services.writer.alone(_let_files_go):
        pass


def expire_some(tx: Transaction, before: str) -> int:
    """Some segments of days before this one become tombstones; how many. Holds are asked in the same transaction."""
    tx.lock(holds.LOCK)
    held = _S.number.not_in(holds.pinned())
    old = select(log_segments).where(_S.state == STORED, _S.day < before, held).order_by(_S.number)
    rows = tx.connection.execute(old.limit(SEGMENTS_A_STEP)).all()
    for row in rows:
        gone = {"state": EXPIRED, "expired_at": to_millis(tx.now)}
        tx.connection.execute(update(log_segments).where(_S.number == row.number).values(gone))
        told = {name: getattr(row, name) for name in _TOLD}
        logbook.note(tx, "expired", None, **told)
        log.info("talklog.expired", segment=row.number, day=row.day)
    return len(rows)


_TOLD = ("number", "day", "part", "first_n", "last_n", "last_hash", "sha256", "manifest_sha256")


def _to_remove(connection: Connection, now: int) -> list[str]:
    """The names of expired segments' files."""
    lately = now - int(REMOVED_AGAIN.total_seconds() * 1000)
    wanted = select(_S.day, _S.part).where(_S.state == EXPIRED, _S.expired_at > lately)
    return [archiving.places_of(row.day, row.part).lines for row in connection.execute(wanted)]


def _forget_downloads(tx: Transaction) -> None:
    """Those that nobody can fetch any more: the log itself tells of each."""
    d = log_downloads.c
    over = to_millis(tx.now - DOWNLOADS_KEPT)
    tx.connection.execute(delete(log_downloads).where(d.until < over))


def _let_files_go(tx: Transaction) -> int:
    """Files of deleted messages whose last line has expired; how many messages."""
    places = tx.connection.execute(_unnamed().limit(FILES_A_STEP)).all()
    sweeping.let_go(tx, [(row.channel_id, row.seq) for row in places])
    return len(places)


def _unnamed() -> Select[Any]:
    """Deleted messages with files of which no segment speaks that is still there: none of their room that begins
    before the deletion was told."""
    f, r = files.c, log_segment_rooms.c
    expired = select(func.max(_S.last_at)).where(_S.state == EXPIRED).scalar_subquery()
    spoken = log_segment_rooms.join(log_segments, _S.number == r.segment)
    named = (
        select(r.segment)
        .select_from(spoken)
        .where(r.channel_id == f.channel_id, _S.state != EXPIRED, _S.first_at <= f.deleted_at + MARGIN_MS)
        .exists()
    )
    told = f.deleted_at + MARGIN_MS <= expired
    return select(f.channel_id, f.seq).where(f.state == "deleted", told, ~named).distinct()
