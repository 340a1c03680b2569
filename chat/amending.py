"""Editing and deleting one's own messages: the row keeps the newest state, the talk log keeps them all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import update

from chat import events, logbook, queries
from chat.files import sending
from chat.frames import Message
from chat.model import Stored, message_text, require_own, require_poster
from chat.tables import messages
from server.clock import to_millis
from server.data.transaction import Transaction


def edit(tx: Transaction, actor: int, channel: int, seq: int, text: str, limit: timedelta) -> None:
    """Replace the text of one's own message, within the administrator's time limit. Its files stay."""
    text = message_text(text, may_be_empty=True)
    name, told, old = _own(tx, actor, channel, seq, limit)
    message_text(text, may_be_empty=bool(old.files))
    if text == old.text:
        return
    at = to_millis(tx.now)
    rev = queries.raise_rev(tx.connection, channel)
    _change(tx, old, rev=rev, text=text, edited_at=at)
    logbook.write(tx, "edited", channel, rev, actor, seq, name=name, **told, before=old.text, text=text)
    tx.emit(events.edited(channel, _message(old, name, rev, text=text, edited=at)))


def delete(tx: Transaction, actor: int, channel: int, seq: int, limit: timedelta) -> None:
    """Delete one's own message: its place and its number stay, its text and its files are gone for members."""
    name, told, old = _own(tx, actor, channel, seq, limit)
    at = to_millis(tx.now)
    rev = queries.raise_rev(tx.connection, channel)
    files = sending.take_away(tx, old)
    _change(tx, old, rev=rev, text="", files=None, deleted_at=at)
    logbook.write(tx, "deleted", channel, rev, actor, seq, name=name, **told, before=old.text, **files)
    tx.emit(events.deleted(channel, _message(old, name, rev, text="", edited=old.edited, deleted=at)))


def _own(tx: Transaction, actor: int, channel: int, seq: int, limit: timedelta) -> tuple[str, dict[str, Any], Stored]:
    """The actor's name, what the log tells of the room, and his message, read under the channel's lock: what the log
    calls "before" is."""
    room = queries.channel(tx.connection, channel, lock=True)
    name = require_poster(queries.membership(tx.connection, channel, actor)).name
    told = logbook.told(tx, room, actor) if room else {}
    return name, told, require_own(queries.stored(tx.connection, channel, seq), actor, tx.now, limit)


def _change(tx: Transaction, old: Stored, **values: object) -> None:
    place = (messages.c.channel_id == old.channel, messages.c.seq == old.seq)
    tx.connection.execute(update(messages).where(*place).values(**values))


def _message(old: Stored, name: str, rev: int, *, text: str, edited: int = 0, deleted: int = 0) -> Message:
    return Message(
        seq=old.seq,
        rev=rev,
        sender=old.sender,
        name=name,
        at=old.at,
        text=text,
        client_id=old.client_id,
        edited=edited,
        deleted=deleted,
        files=() if deleted else old.files,
    )
