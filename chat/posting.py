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
from chat.frames import Message
from chat.marks import marks_moved
from chat.model import Draft, Membership, Receipt, require_poster
from chat.queries import in_order_of_members, membership_of_row, memberships_wanted
from chat.tables import channels, log_entries, messages
from server.clock import to_millis
from server.data.batch import Batch
from server.data.prepared import Prepared, PreparedMany, Value, prepared_insert
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import AppError

_json = msgspec.json.Encoder()


class _Channel:
    """The two counters of a channel while a group is numbered."""

    __slots__ = ("id", "rev", "seq")

    def __init__(self, id: int, seq: int, rev: int) -> None:
        self.id, self.seq, self.rev = id, seq, rev


def post_all(tx: Transaction, drafts: Sequence[Draft]) -> list[Receipt | AppError]:
    """A receipt or a refusal for each draft, in their order.

    ``client_id`` comes first, also within the group: a resend gets the first result. One that was refused
    before is decided anew.
    """
    counters = _lock_channels(tx, sorted({draft.channel for draft in drafts}))
    known = _already_posted(tx, drafts)
    standing = _memberships(tx, drafts)
    at = to_millis(tx.now)
    fresh: list[tuple[Draft, Receipt, Membership]] = []
    answers: list[Receipt | AppError] = []
    for draft in drafts:
        key = (draft.account, draft.client_id)
        first = known.get(key)
        if first is not None:
            answers.append(first)
            continue
        try:
            membership = require_poster(standing.get((draft.channel, draft.account)))
        except AppError as refusal:
            answers.append(refusal)
            continue
        counter = counters[draft.channel]
        counter.seq += 1
        counter.rev += 1
        receipt = Receipt(draft.channel, counter.seq, counter.rev, at)
        known[key] = Receipt(draft.channel, counter.seq, counter.rev, at, dup=True)
        fresh.append((draft, receipt, membership))
        answers.append(receipt)
    if fresh:
        _write(tx, fresh, counters)
        for draft, receipt, membership in fresh:
            tx.emit(events.posted(receipt.channel, _message(draft, receipt, membership.name)))
    return answers


POSTING = Batch("post", post_all)


def _message(draft: Draft, receipt: Receipt, name: str) -> Message:
    return Message(
        seq=receipt.seq,
        rev=receipt.rev,
        sender=draft.account,
        name=name,
        at=receipt.at,
        text=draft.text,
        client_id=draft.client_id,
    )


def _lock_channels(tx: Transaction, ids: list[int]) -> dict[int, _Channel]:
    rows = _statements(tx.connection.dialect).lock_channels.run(tx.connection, keys=packed(ids))
    return {row.id: _Channel(row.id, row.seq, row.rev) for row in rows}


def _already_posted(tx: Transaction, drafts: Sequence[Draft]) -> dict[tuple[int, str], Receipt]:
    keys = packed((draft.account, draft.client_id) for draft in drafts)
    rows = _statements(tx.connection.dialect).already_posted.run(tx.connection, keys=keys)
    return {
        (row.sender_id, row.client_id): Receipt(row.channel_id, row.seq, row.rev, row.at, dup=True) for row in rows
    }


def _memberships(tx: Transaction, drafts: Sequence[Draft]) -> dict[tuple[int, int], Membership]:
    keys = packed({(draft.channel, draft.account) for draft in drafts})
    rows = _statements(tx.connection.dialect).memberships.run(tx.connection, keys=keys)
    return {(row.channel_id, row.account_id): membership_of_row(row) for row in rows}


def _write(tx: Transaction, fresh: list[tuple[Draft, Receipt, Membership]], counters: dict[int, _Channel]) -> None:
    statements, connection = _statements(tx.connection.dialect), tx.connection
    statements.insert_messages.run(connection, [_message_row(draft, receipt) for draft, receipt, _ in fresh])
    statements.insert_log.run(connection, [_log_row(draft, receipt, member) for draft, receipt, member in fresh])
    touched = sorted({receipt.channel for _, receipt, _ in fresh})
    raised = [{"c": id, "s": counters[id].seq, "r": counters[id].rev} for id in touched]
    statements.raise_counters.run(connection, raised)
    # Posting marks one's own: the last of a sender's messages in the group decides.
    marks = {(receipt.channel, draft.account): receipt.seq for draft, receipt, _ in fresh}
    moved = [{"c": channel, "a": account, "s": seq} for (channel, account), seq in sorted(marks.items())]
    statements.mark_read.run(connection, moved)


def _message_row(draft: Draft, receipt: Receipt) -> dict[str, object]:
    return {
        "channel_id": receipt.channel,
        "seq": receipt.seq,
        "rev": receipt.rev,
        "sender_id": draft.account,
        "client_id": draft.client_id,
        "at": receipt.at,
        "text": draft.text,
    }


def _log_row(draft: Draft, receipt: Receipt, member: Membership) -> dict[str, object]:
    return {
        "at": receipt.at,
        "kind": "sent",
        "channel_id": receipt.channel,
        "rev": receipt.rev,
        "seq": receipt.seq,
        "actor_id": draft.account,
        "body": _json.encode({"name": member.name, "text": draft.text}).decode(),
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
    wanted = select(channels.c.id, channels.c.seq, channels.c.rev)
    if dialect == "sqlite":
        return wanted.select_from(keys.join(channels, channels.c.id == keys.c.k0))
    return wanted.where(channels.c.id.in_(select(keys.c.k0))).order_by(channels.c.id).with_for_update()


def _posted_wanted(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int, str)
    m = messages.c
    same = (m.sender_id == keys.c.k0) & (m.client_id == keys.c.k1)
    wanted = select(m.sender_id, m.client_id, m.channel_id, m.seq, m.rev, m.at)
    return wanted.select_from(keys.join(messages, same))
