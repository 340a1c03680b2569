"""Entries for the talk log, written in the transaction of what they record (law 6). Numbers come later.

An entry is read alone, years later: it holds names as of then. ``name`` is whoever did it, ``person`` whom it
concerns, ``room`` and ``kind`` the room, ``to`` the partner of a direct talk, elsewhere ``members`` their number.
"""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import insert

from chat import queries
from chat.frames import Kind
from chat.model import Channel
from chat.tables import log_entries
from server.clock import to_millis
from server.data.transaction import Transaction

QUEUE = "talk log"
"""Woken after the commit: the follower gives the number."""

_encode = msgspec.json.Encoder().encode


def write(
    tx: Transaction, kind: str, channel: int, rev: int, actor: int | None, seq: int | None = None, /, **body: Any
) -> None:
    """One entry about a room. ``body`` holds what an auditor reads, ``told`` of the room among it."""
    _insert(tx, [row(tx, kind, channel, rev, actor, seq, body)])


def write_many(
    tx: Transaction, kind: str, channel: int, actor: int | None, entries: list[tuple[int, dict[str, Any]]]
) -> None:
    """Several entries of one kind, each a ``rev`` and a body, in the order of ``rev``."""
    _insert(tx, [row(tx, kind, channel, rev, actor, None, body) for rev, body in entries])


def note(tx: Transaction, kind: str, actor: int | None, /, **body: Any) -> None:
    """One entry without a room: rights, settings, downloads, holds."""
    _insert(tx, [row(tx, kind, 0, 0, actor, None, body)])


def note_many(tx: Transaction, kind: str, actor: int | None, bodies: list[dict[str, Any]]) -> None:
    """Several of one kind."""
    _insert(tx, [row(tx, kind, 0, 0, actor, None, body) for body in bodies])


def told(tx: Transaction, room: Channel, actor: int | None) -> dict[str, Any]:
    """What every entry says about its room; of a direct talk whom the actor talks with."""
    shown: dict[str, Any] = {"room": room.name, "kind": room.kind}
    if room.kind != Kind.DIRECT:
        return {**shown, "members": room.members}
    other = queries.partner(tx.connection, room.id, actor) if actor is not None else None
    return {**shown, "to": named(*other)} if other else shown


def named(id: int, name: str) -> dict[str, Any]:
    """Somebody, as he stands in an entry."""
    return {"id": id, "name": name}


_INSERT = insert(log_entries).inline()


def _insert(tx: Transaction, rows: list[dict[str, Any]]) -> None:
    if rows:
        tx.connection.execute(_INSERT, rows)
        tx.wake(QUEUE)


def row(
    tx: Transaction, kind: str, channel: int, rev: int, actor: int | None, seq: int | None, body: dict[str, Any]
) -> dict[str, Any]:
    """An entry as it is kept, for whoever writes many at once."""
    return {
        "at": to_millis(tx.now),
        "kind": kind,
        "channel_id": channel,
        "rev": rev,
        "seq": seq,
        "actor_id": actor,
        "body": _encode(body).decode(),
    }
