"""Posting, as a batch: all messages that wait are decided together and written together.

A group of 200 costs as many statements as a group of 2. On PostgreSQL the channels are locked first, in the
order of their ids, so that several writers can neither number the same place twice nor wait in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Dialect, Select, select, update
from sqlalchemy.sql import ClauseElement

from chat import events
from chat.files import sending
from chat.files.queries import FileRow, logged
from chat.files.sending import Parcel
from chat.frames import Message
from chat.logbook import QUEUE
from chat.marks import marks_moved
from chat.model import Draft, Membership, Receipt, require_poster, require_talkers_room
from chat.queries import in_order_of_members, membership_of_row, memberships_wanted
from chat.tables import channels, log_entries, messages
from server.clock import to_millis
from server.data.batch import Batch
from server.data.prepared import Prepared, PreparedMany, Value, prepared_insert
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import AppError

_json = msgspec.json.Encoder()

Standing = dict[tuple[int, int], Membership]
"""By channel and account."""


class _Channel:
    """The two counters of a channel while a group is numbered, and what the log tells of it."""

    __slots__ = ("id", "kind", "members", "name", "pair", "rev", "seq")

    def __init__(self, id: int, seq: int, rev: int, kind: str, name: str, members: int, pair: str | None) -> None:
        self.id, self.seq, self.rev = id, seq, rev
        self.kind, self.name, self.members, self.pair = kind, name, members, pair

    def other(self, account: int) -> int:
        """With whom this person talks in a direct talk; 0 elsewhere."""
        return sum(map(int, self.pair.split(":"))) - account if self.pair else 0


@dataclass(frozen=True, slots=True)
class _Fresh:
    """A message that is about to be written."""

    draft: Draft
    receipt: Receipt
    sender: Membership
    files: list[FileRow]


def post_all(tx: Transaction, drafts: Sequence[Draft]) -> list[Receipt | AppError]:
    """A receipt or a refusal for each draft, in their order.

    ``client_id`` comes first, also within the group: a resend gets the first result. One that was refused
    before is decided anew.
    """
    counters = _lock_channels(tx, sorted({draft.channel for draft in drafts}))
    known = _already_posted(tx, drafts)
    standing = _memberships(tx, drafts, counters)
    parcel = Parcel(tx.connection, [key for draft in drafts for key in draft.files])
    at = to_millis(tx.now)
    fresh: list[_Fresh] = []
    answers: list[Receipt | AppError] = []
    for draft in drafts:
        key = (draft.account, draft.client_id)
        first = known.get(key)
        if first is not None:
            answers.append(first)
            continue
        try:
            membership = require_poster(standing.get((draft.channel, draft.account)))
            require_talkers_room(counters[draft.channel].kind)
            carried = parcel.take(draft.account, membership.name, draft.files, at)
        except AppError as refusal:
            answers.append(refusal)
            continue
        counter = counters[draft.channel]
        counter.seq += 1
        counter.rev += 1
        receipt = Receipt(draft.channel, counter.seq, counter.rev, at)
        known[key] = Receipt(draft.channel, counter.seq, counter.rev, at, dup=True)
        fresh.append(_Fresh(draft, receipt, membership, carried))
        answers.append(receipt)
    if fresh:
        _write(tx, fresh, counters, standing)
        for each in fresh:
            tx.emit(events.posted(each.receipt.channel, _message(each)))
    return answers


POSTING = Batch("post", post_all)


def _message(fresh: _Fresh) -> Message:
    draft, receipt = fresh.draft, fresh.receipt
    return Message(
        seq=receipt.seq,
        rev=receipt.rev,
        sender=draft.account,
        name=fresh.sender.name,
        at=receipt.at,
        text=draft.text,
        client_id=draft.client_id,
        files=sending.shown(fresh.files),
    )


def _lock_channels(tx: Transaction, ids: list[int]) -> dict[int, _Channel]:
    rows = _statements(tx.connection.dialect).lock_channels.run(tx.connection, keys=packed(ids))
    return {row.id: _Channel(*tuple(row)) for row in rows}


def _already_posted(tx: Transaction, drafts: Sequence[Draft]) -> dict[tuple[int, str], Receipt]:
    keys = packed((draft.account, draft.client_id) for draft in drafts)
    rows = _statements(tx.connection.dialect).already_posted.run(tx.connection, keys=keys)
    return {
        (row.sender_id, row.client_id): Receipt(row.channel_id, row.seq, row.rev, row.at, dup=True) for row in rows
    }


def _memberships(tx: Transaction, drafts: Sequence[Draft], found: dict[int, _Channel]) -> Standing:
    """How each stands towards his room, and in a direct talk the other one: the log names him."""
    places = {(draft.channel, draft.account) for draft in drafts}
    direct = {(id, found[id].other(account)) for id, account in places if id in found and found[id].pair}
    keys = packed(places | direct)
    rows = _statements(tx.connection.dialect).memberships.run(tx.connection, keys=keys)
    return {(row.channel_id, row.account_id): membership_of_row(row) for row in rows}


def _write(tx: Transaction, fresh: list[_Fresh], counters: dict[int, _Channel], standing: Standing) -> None:
    statements, connection = _statements(tx.connection.dialect), tx.connection
    statements.insert_messages.run(connection, [_message_row(each) for each in fresh])
    rows = [_log_row(each, counters[each.receipt.channel], standing) for each in fresh]
    statements.insert_log.run(connection, rows)
    tx.wake(QUEUE)
    touched = sorted({each.receipt.channel for each in fresh})
    raised = [{"c": id, "s": counters[id].seq, "r": counters[id].rev} for id in touched]
    statements.raise_counters.run(connection, raised)
    # Posting marks one's own: the last of a sender's messages in the group decides.
    marks = {(each.receipt.channel, each.draft.account): each.receipt.seq for each in fresh}
    moved = [{"c": channel, "a": account, "s": seq} for (channel, account), seq in sorted(marks.items())]
    statements.mark_read.run(connection, moved)
    carried = [(file, each.receipt.channel, each.receipt.seq) for each in fresh for file in each.files]
    if carried:
        sending.mark_sent(connection, carried, to_millis(tx.now))


def _message_row(fresh: _Fresh) -> dict[str, object]:
    draft, receipt = fresh.draft, fresh.receipt
    return {
        "channel_id": receipt.channel,
        "seq": receipt.seq,
        "rev": receipt.rev,
        "sender_id": draft.account,
        "client_id": draft.client_id,
        "at": receipt.at,
        "text": draft.text,
        "files": sending.stored(fresh.files),
    }


def _log_row(fresh: _Fresh, channel: _Channel, standing: Standing) -> dict[str, object]:
    draft, receipt = fresh.draft, fresh.receipt
    body: dict[str, object] = {"name": fresh.sender.name, "room": channel.name, "kind": channel.kind}
    if channel.pair:
        other = standing.get((channel.id, channel.other(draft.account)))
        body["to"] = {"id": channel.other(draft.account), "name": other.name if other else ""}
    else:
        body["members"] = channel.members
    body["text"] = draft.text
    if fresh.files:
        body["files"] = [logged(file) for file in fresh.files]
    return {
        "at": receipt.at,
        "kind": "sent",
        "channel_id": receipt.channel,
        "rev": receipt.rev,
        "seq": receipt.seq,
        "actor_id": draft.account,
        "body": _json.encode(body).decode(),
    }


@dataclass(frozen=True)
class _Statements:
    """All that posting asks and writes, compiled once for a dialect."""

    lock_channels: Prepared
    already_posted: Prepared
    memberships: Prepared
    insert_messages: PreparedMany
    insert_log: PreparedMany
    raise_counters: PreparedMany
    mark_read: PreparedMany


@cache
def _statements(dialect: Dialect) -> _Statements:
    return _Statements(
        lock_channels=Prepared(_channels_wanted(dialect.name), dialect),
        already_posted=Prepared(_posted_wanted(dialect.name), dialect),
        memberships=Prepared(_members_wanted(dialect.name), dialect),
        insert_messages=prepared_insert(dialect, messages, _MESSAGE_COLUMNS),
        insert_log=prepared_insert(dialect, log_entries, _LOG_COLUMNS),
        raise_counters=PreparedMany(dialect, {"c": int, "s": int, "r": int}, _raised),
        mark_read=marks_moved(dialect),
    )


_MESSAGE_COLUMNS = {
    "channel_id": int,
    "seq": int,
    "rev": int,
    "sender_id": int,
    "client_id": str,
    "at": int,
    "text": str,
    "files": str,
}
_LOG_COLUMNS = {
    "at": int,
    "kind": str,
    "channel_id": int,
    "rev": int,
    "seq": int,
    "actor_id": int,
    "body": str,
}


def _raised(value: Value) -> ClauseElement:
    return update(channels).where(channels.c.id == value("c")).values(seq=value("s"), rev=value("r"))


def _members_wanted(dialect: str) -> Select[Any]:
    wanted = memberships_wanted(dialect)
    return in_order_of_members(wanted) if dialect == "postgresql" else wanted


def _channels_wanted(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int)
    c = channels.c
    wanted = select(c.id, c.seq, c.rev, c.kind, c.name, c.members, c.pair)
    if dialect == "sqlite":
        return wanted.select_from(keys.join(channels, channels.c.id == keys.c.k0))
    return wanted.where(channels.c.id.in_(select(keys.c.k0))).order_by(channels.c.id).with_for_update()


def _posted_wanted(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int, str)
    m = messages.c
    same = (m.sender_id == keys.c.k0) & (m.client_id == keys.c.k1)
    wanted = select(m.sender_id, m.client_id, m.channel_id, m.seq, m.rev, m.at)
    return wanted.select_from(keys.join(messages, same))
