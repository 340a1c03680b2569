"""Legal holds: as long as one stands, no segment expires that speaks of this person's rooms, or of this room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, insert, select, update

from chat import logbook
from chat.log.tables import log_holds, log_segment_rooms
from chat.tables import channels, members
from server.auth.audit import record
from server.auth.model import Actor
from server.auth.tables import accounts
from server.clock import from_millis, to_millis
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid, NotFound
from server.text import one_line

PERSON, ROOM = "person", "room"
REASON_LIMIT = 500
WITHOUT_ROOM = 0
LOCK = "talk log holds"
"""Taken where a hold is placed and where segments expire: from the answer on, nothing that it pins goes."""


class Hold(msgspec.Struct, frozen=True):
    """What is held, by whom and why."""

    id: int
    kind: str
    target: int
    name: str
    reason: str
    by: str
    at: datetime
    released_at: datetime | None = None


def place(tx: Transaction, actor: Actor, kind: str, target: int, reason: str) -> int:
    """Hold what the log has of a person or a room, from now on. The right is the caller's to ask."""
    reason = _reason(reason)
    tx.lock(LOCK)
    name = _name(tx.connection, kind, target)
    row: dict[str, object] = {"kind": kind, "target": target, "reason": reason}
    row |= {"actor_id": actor.account_id or 0, "at": to_millis(tx.now)}
    id = int(tx.connection.execute(insert(log_holds).returning(log_holds.c.id), row).scalar_one())
    _tell(tx, actor, id, kind, target, name, reason, released=False)
    record(tx, actor, "talk.hold", f"{kind} {target}", reason=reason)
    return id


def release(tx: Transaction, actor: Actor, hold: int, reason: str) -> None:
    """Let it go; segments whose time is over expire with the next look."""
    reason, h = _reason(reason), log_holds.c
    row = tx.connection.execute(select(h.kind, h.target, h.released_at).where(h.id == hold).with_for_update()).first()
    if row is None:
        raise NotFound()
    if row.released_at is not None:
        raise Conflict("hold_released")
    gone = {"released_at": to_millis(tx.now), "released_by": actor.account_id or 0}
    tx.connection.execute(update(log_holds).where(h.id == hold).values(gone))
    _tell(tx, actor, hold, row.kind, row.target, _name(tx.connection, row.kind, row.target), reason, released=True)
    record(tx, actor, "talk.hold_released", f"{row.kind} {row.target}", reason=reason)


def listed(connection: Connection) -> list[Hold]:
    """All that ever stood, the newest first."""
    h, a, c = log_holds.c, accounts.alias("target"), channels.c
    by = accounts.alias("by")
    names = (a.c.name, c.name.label("room"), by.c.name.label("by"))
    wanted = (
        select(h.id, h.kind, h.target, h.reason, h.at, h.released_at, *names)
        .select_from(
            log_holds.outerjoin(a, (h.kind == PERSON) & (a.c.id == h.target))
            .outerjoin(channels, (h.kind == ROOM) & (c.id == h.target))
            .outerjoin(by, by.c.id == h.actor_id)
        )
        .order_by(h.id.desc())
    )
    return [_hold(row) for row in connection.execute(wanted).all()]


def pinned() -> Select[tuple[int]]:
    """The numbers of segments that a hold keeps. A person's are those of every room he is or was in, and of what is
    told without a room: more than he said himself, but nothing that was said to him is lost."""
    h, s, m = log_holds.c, log_segment_rooms.c, members.c
    stands = h.released_at.is_(None)
    rooms = select(h.target).where(h.kind == ROOM, stands)
    his = select(m.channel_id).join_from(log_holds, members, m.account_id == h.target).where(h.kind == PERSON, stands)
    anybody = select(h.id).where(h.kind == PERSON, stands).exists()
    held = s.channel_id.in_(rooms) | s.channel_id.in_(his) | ((s.channel_id == WITHOUT_ROOM) & anybody)
    return select(s.segment).where(held)


def _tell(
    tx: Transaction, actor: Actor, hold: int, kind: str, target: int, name: str, reason: str, *, released: bool
) -> None:
    body = {"hold": hold, "target_kind": kind, "target": logbook.named(target, name), "reason": reason}
    logbook.note(tx, "hold", actor.account_id, name=actor.name, **body, released=released)


def _reason(reason: str) -> str:
    reason = one_line(reason)
    if not reason:
        raise Invalid("required", field="reason")
    if len(reason) > REASON_LIMIT:
        raise Invalid("field_too_long", field="reason", limit=REASON_LIMIT)
    return reason


def _name(connection: Connection, kind: str, target: int) -> str:
    table = {PERSON: accounts, ROOM: channels}.get(kind)
    if table is None:
        raise Invalid("format", field="kind")
    name = connection.execute(select(table.c.name).where(table.c.id == target)).scalar()
    if name is None:
        raise NotFound()
    return str(name)


def _hold(row: Any) -> Hold:
    name = row.name if row.kind == PERSON else row.room
    gone = from_millis(row.released_at) if row.released_at else None
    return Hold(row.id, row.kind, row.target, name or "", row.reason, row.by or "", from_millis(row.at), gone)
