"""Questions about rooms and messages: one function, one question, our own types out."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, Select, and_, func, select, update

from chat.files.frames import File
from chat.frames import Member, Message
from chat.model import Channel, Membership, Stored
from chat.tables import channels, departures, members, messages
from server.auth.tables import accounts
from server.clock import from_micros
from server.data.sets import key_rows, packed

PAGE = 50
SYSTEM, SYSTEM_NAME = 0, "お知らせ"
"""Who sends what the system says: nobody's account."""


# ---------------------------------------------------------------- standing


def _membership_columns() -> list[Any]:
    return [
        members.c.channel_id,
        members.c.account_id,
        members.c.active,
        members.c.owner,
        accounts.c.name,
        accounts.c.state,
        accounts.c.talk,
    ]


@cache
def memberships_wanted(dialect: str) -> Select[Any]:
    """Memberships by (channel, account); execute with ``keys``."""
    keys = key_rows(dialect, int, int)
    same = and_(members.c.channel_id == keys.c.k0, members.c.account_id == keys.c.k1)
    joined = keys.join(members, same).join(accounts, accounts.c.id == members.c.account_id)
    return select(*_membership_columns()).select_from(joined)


def in_order_of_members(wanted: Select[Any]) -> Select[Any]:
    """The same question, with its members' rows locked in the order of their key (PostgreSQL)."""
    return wanted.order_by(members.c.channel_id, members.c.account_id).with_for_update(of=members)


def membership_of_row(row: Row[Any]) -> Membership:
    return Membership(
        channel=row.channel_id,
        account=row.account_id,
        name=row.name,
        active=bool(row.active),
        owner=bool(row.owner),
        talks=bool(row.talk) and row.state == "enabled",
    )


def membership(connection: Connection, channel: int, account: int) -> Membership | None:
    """Somebody's standing towards one room; None for a stranger."""
    keys = packed([(channel, account)])
    row = connection.execute(memberships_wanted(connection.dialect.name), {"keys": keys}).first()
    return membership_of_row(row) if row else None


def memberships(connection: Connection, channel: int, people: Iterable[int]) -> dict[int, Membership]:
    """Several people's standing towards one room, by account; strangers are missing."""
    keys = packed((channel, account) for account in people)
    rows = connection.execute(memberships_wanted(connection.dialect.name), {"keys": keys})
    return {row.account_id: membership_of_row(row) for row in rows}


def raise_rev(connection: Connection, channel: int) -> int:
    """The next ``rev`` of the channel, its row locked until the commit."""
    raised = update(channels).where(channels.c.id == channel).values(rev=channels.c.rev + 1)
    return int(connection.execute(raised.returning(channels.c.rev)).scalar_one())


def channel(connection: Connection, id: int, *, lock: bool = False) -> Channel | None:
    """A room's own row; ``lock`` holds it until the end of the transaction (PostgreSQL)."""
    c = channels.c
    wanted = select(c.id, c.kind, c.name, c.seq, c.rev, c.room_rev, c.members).where(c.id == id)
    row = connection.execute(wanted.with_for_update() if lock else wanted).first()
    return Channel(*row) if row else None


def heads(connection: Connection, ids: Iterable[int]) -> dict[int, int]:
    """The newest ``rev`` of each channel."""
    rows = connection.execute(_heads(connection.dialect.name), {"keys": packed(ids)})
    return {row.id: row.rev for row in rows}


@cache
def _heads(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int)
    joined = keys.join(channels, channels.c.id == keys.c.k0)
    return select(channels.c.id, channels.c.rev).select_from(joined)


def partner(connection: Connection, channel: int, account: int) -> tuple[int, str] | None:
    """The other one of a direct talk, and his name."""
    m = members.c
    wanted = select(accounts.c.id, accounts.c.name).join_from(members, accounts, accounts.c.id == m.account_id)
    row = connection.execute(wanted.where(m.channel_id == channel, m.account_id != account).limit(1)).first()
    return (row.id, row.name) if row else None


def channel_of_pair(connection: Connection, pair: str) -> int | None:
    return connection.execute(select(channels.c.id).where(channels.c.pair == pair)).scalar()


# ---------------------------------------------------------------- messages


def _message_columns() -> list[Any]:
    m = messages.c
    return [
        m.channel_id,
        m.seq,
        m.rev,
        m.sender_id,
        func.coalesce(accounts.c.name, SYSTEM_NAME).label("name"),
        m.at,
        m.text,
        m.client_id,
        m.edited_at,
        m.deleted_at,
        m.files,
        m.kind,
        m.about,
    ]


def _messages() -> Select[Any]:
    senders = accounts.c.id == messages.c.sender_id
    return select(*_message_columns()).select_from(messages.outerjoin(accounts, senders))


def message_of_row(row: Row[Any]) -> Message:
    return Message(
        seq=row.seq,
        rev=row.rev,
        sender=row.sender_id,
        name=row.name,
        at=row.at,
        text=row.text,
        client_id=row.client_id,
        edited=row.edited_at or 0,
        deleted=row.deleted_at or 0,
        files=files_of(row.files),
        # The default itself is left out on the wire, an equal string is not.
        kind="notice" if row.kind == "notice" else "text",
        about=int(row.about or 0),
    )


def files_of(stored: str | None) -> tuple[File, ...]:
    """The files of a message's row."""
    return _files.decode(stored) if stored else ()


_files = msgspec.json.Decoder(tuple[File, ...])


def stored(connection: Connection, channel: int, seq: int) -> Stored | None:
    """One message, as far as the rules of changing it ask."""
    m = messages.c
    wanted = select(m.channel_id, m.seq, m.sender_id, m.text, m.at, m.client_id, m.edited_at, m.deleted_at, m.files)
    row = connection.execute(wanted.where(m.channel_id == channel, m.seq == seq)).first()
    return Stored(*row[:6], row.edited_at or 0, row.deleted_at or 0, files_of(row.files)) if row else None


def before(connection: Connection, channel: int, seq: int, limit: int) -> list[Message]:
    """The ``limit`` messages before ``seq``, oldest first."""
    m = messages.c
    wanted = _messages().where(m.channel_id == channel, m.seq < seq).order_by(m.seq.desc()).limit(limit)
    return [message_of_row(row) for row in connection.execute(wanted)][::-1]


def after(connection: Connection, channel: int, seq: int, limit: int) -> list[Message]:
    """The ``limit`` messages after ``seq``, oldest first."""
    m = messages.c
    wanted = _messages().where(m.channel_id == channel, m.seq > seq).order_by(m.seq).limit(limit)
    return [message_of_row(row) for row in connection.execute(wanted)]


def changed_messages(connection: Connection, channel: int, rev: int, limit: int) -> list[Message]:
    """Messages whose newest state is younger than ``rev``, oldest change first."""
    m = messages.c
    wanted = _messages().where(m.channel_id == channel, m.rev > rev).order_by(m.rev).limit(limit)
    return [message_of_row(row) for row in connection.execute(wanted)]


def messages_at(connection: Connection, places: Iterable[tuple[int, int]]) -> dict[int, Message]:
    """The messages at (channel, seq), by channel: one a channel."""
    rows = connection.execute(_messages_at(connection.dialect.name), {"keys": packed(places)})
    return {row.channel_id: message_of_row(row) for row in rows}


@cache
def _messages_at(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int, int)
    same = and_(messages.c.channel_id == keys.c.k0, messages.c.seq == keys.c.k1)
    joined = keys.join(messages, same).outerjoin(accounts, accounts.c.id == messages.c.sender_id)
    return select(*_message_columns()).select_from(joined)


# ---------------------------------------------------------------- members


def member_of_row(row: Row[Any]) -> Member:
    return Member(id=row.account_id, name=row.name, rev=row.rev, owner=bool(row.owner), left=not row.active)


def _members() -> Select[Any]:
    m = members.c
    columns = (m.channel_id, m.account_id, accounts.c.name, m.rev, m.owner, m.active)
    return select(*columns).join_from(members, accounts, accounts.c.id == m.account_id)


def active_members(connection: Connection, channel: int) -> list[Member]:
    """Who is in a room, by name."""
    wanted = _members().where(members.c.channel_id == channel, members.c.active)
    return [member_of_row(row) for row in connection.execute(wanted.order_by(accounts.c.search_key, accounts.c.id))]


def changed_members(connection: Connection, channel: int, rev: int, limit: int) -> list[Member]:
    """Who came or went after ``rev``, leavers as tombstones."""
    wanted = _members().where(members.c.channel_id == channel, members.c.rev > rev)
    return [member_of_row(row) for row in connection.execute(wanted.order_by(members.c.rev).limit(limit))]


def may_talk(connection: Connection, account: int) -> bool:
    """Whether somebody is enabled and has トーク 有効 at this moment."""
    a = accounts.c
    return connection.execute(select(a.id).where(a.id == account, a.talk, a.state == "enabled")).first() is not None


def who_may_talk(connection: Connection, people: Iterable[int]) -> set[int]:
    """The same of many."""
    return set(connection.execute(_talking(connection.dialect.name), {"keys": packed(set(people))}).scalars())


@cache
def _talking(dialect: str) -> Select[Any]:
    keys, a = key_rows(dialect, int), accounts.c
    return select(a.id).select_from(keys.join(accounts, and_(a.id == keys.c.k0, a.talk, a.state == "enabled")))


def moved_since(connection: Connection, channel: int, rev: int) -> dict[int, bool]:
    """Everybody whose place in the room changed after ``rev``, and whether he is to hear it now."""
    m, a = members.c, accounts.c
    wanted = select(m.account_id, m.active, a.talk, a.state).join_from(members, accounts, a.id == m.account_id)
    rows = connection.execute(wanted.where(m.channel_id == channel, m.rev > rev))
    return {row.account_id: bool(row.active and row.talk and row.state == "enabled") for row in rows}


def standing_rooms(connection: Connection, account: int) -> dict[int, tuple[int, int]]:
    """The rooms somebody is in, with the ``rev`` of his own row in each, and the room's."""
    m = members.c
    wanted = select(m.channel_id, m.rev, channels.c.rev.label("head"))
    wanted = wanted.join_from(members, channels, channels.c.id == m.channel_id)
    rows = connection.execute(wanted.where(m.account_id == account, m.active))
    return {row.channel_id: (row.rev, row.head) for row in rows}


def rooms_left(connection: Connection, account: int, since: int) -> list[int]:
    """The rooms that the deletion of somebody has ended since this moment (microseconds)."""
    d = departures.c
    wanted = select(d.channel_id).where(d.account_id == account, d.at >= from_micros(since))
    return list(connection.execute(wanted.order_by(d.channel_id)).scalars())


def heard_rooms(connection: Connection, people: list[int]) -> list[tuple[int, int, int]]:
    """Account, channel and the ``rev`` of the row, for every room that one of these is in and may hear."""
    keys, m, a = key_rows(connection.dialect.name, int), members.c, accounts.c
    joined = keys.join(accounts, a.id == keys.c.k0).join(members, and_(m.account_id == a.id, m.active))
    wanted = select(m.account_id, m.channel_id, m.rev).select_from(joined).where(a.talk, a.state == "enabled")
    return [(row[0], row[1], row[2]) for row in connection.execute(wanted, {"keys": packed(people)})]
