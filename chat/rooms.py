"""A room as its member sees it in the list, and the list itself: a few questions, however many rooms."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, select

from chat import queries
from chat.frames import Kind, OpenRoom, Person, Room
from chat.tables import channels, members
from server import ports
from server.auth.tables import accounts
from server.clock import to_millis
from server.data.sets import key_rows, packed
from server.errors import Forbidden, NotFound
from server.ports import NOBODY
from server.text import folded, like, plain_text

OPEN_ROOMS_SHOWN = 100


def rooms_for(connection: Connection, account: int) -> list[Room]:
    """Every room somebody is in, as of one moment, in the order of their ids."""
    c, m = channels.c, members.c
    wanted = (
        select(c.id, c.kind, c.name, c.seq, c.rev, c.members, c.created_at, m.read_seq, m.owner)
        .join_from(members, channels, c.id == m.channel_id)
        .where(m.account_id == account, m.active)
        .order_by(c.id)
    )
    return _completed(connection, account, [_room_of_row(row) for row in connection.execute(wanted)])


def rooms_heard(connection: Connection, account: int) -> list[Room]:
    """The same list, empty for one who may not talk now: he stays in his rooms and hears nothing (S4)."""
    return rooms_for(connection, account) if queries.may_talk(connection, account) else []


def room_for(connection: Connection, account: int, channel: int) -> Room:
    """One room as its member sees it; ``NotFound`` for everybody else."""
    c, m = channels.c, members.c
    wanted = (
        select(c.id, c.kind, c.name, c.seq, c.rev, c.members, c.created_at, m.read_seq, m.owner)
        .join_from(members, channels, c.id == m.channel_id)
        .where(m.account_id == account, m.channel_id == channel, m.active)
    )
    row = connection.execute(wanted).first()
    if row is None:
        raise NotFound()
    return _completed(connection, account, [_room_of_row(row)])[0]


def open_rooms(connection: Connection, account: int, find: str) -> list[OpenRoom]:
    """Open rooms whose name holds ``find``, whether one is in them or not, by name."""
    require_talk(connection, account)
    c, m = channels.c, members.c
    mine = and_(m.channel_id == c.id, m.account_id == account)
    wanted = (
        select(c.id, c.name, c.members, m.active)
        .select_from(channels.outerjoin(members, mine))
        .where(c.kind == Kind.OPEN)
        .order_by(c.name, c.id)
    )
    rows = connection.execute(wanted).all()
    sought = folded(plain_text(find))
    # Folded here and not in SQL: LIKE ignores case for ASCII only on SQLite, and not at all on PostgreSQL.
    found = [row for row in rows if sought in folded(row.name)]
    return [
        OpenRoom(id=row.id, name=row.name, members=row.members, joined=bool(row.active))
        for row in found[:OPEN_ROOMS_SHOWN]
    ]


PEOPLE_SHOWN = 50


def people(connection: Connection, account: int, find: str, known: ports.People = NOBODY) -> list[Person]:
    """People who may be talked to, by part of name or kana; oneself is not among them. ``known`` has their titles."""
    require_talk(connection, account)
    a = accounts.c
    wanted = select(a.id, a.name, a.kana).where(a.state == "enabled", a.talk, a.id != account)
    for word in folded(plain_text(find)).split():
        wanted = wanted.where(a.search_key.like(like(word), escape="\\"))
    rows = connection.execute(wanted.order_by(a.search_key, a.id).limit(PEOPLE_SHOWN)).all()
    titles = {id: name.title for id, name in known.names(connection, [row.id for row in rows]).items()}
    return [Person(id=row.id, name=row.name, kana=row.kana, title=titles.get(row.id, "")) for row in rows]


def require_talk(connection: Connection, account: int) -> None:
    """Asked at each use, in the transaction of the answer, and not of the socket's memory (law 5)."""
    if not queries.may_talk(connection, account):
        raise Forbidden("talk_disabled")


def _room_of_row(row: Any) -> Room:
    return Room(
        id=row.id,
        kind=Kind(row.kind),
        name=row.name,
        seq=row.seq,
        rev=row.rev,
        members=row.members,
        read=row.read_seq,
        created=to_millis(row.created_at),
        owner=bool(row.owner),
    )


def _completed(connection: Connection, account: int, rooms: list[Room]) -> list[Room]:
    """The rooms with their last message, and with the partner of a direct talk."""
    last = queries.messages_at(connection, [(room.id, room.seq) for room in rooms if room.seq])
    peers = _peers(connection, account, [room.id for room in rooms if room.kind == Kind.DIRECT])
    for room in rooms:
        room.last = last.get(room.id)
        room.peer = peers.get(room.id)
        if room.peer is not None:
            room.name = room.peer.name
    return rooms


def _peers(connection: Connection, account: int, direct: list[int]) -> dict[int, Person]:
    rows = connection.execute(_peers_wanted(connection.dialect.name), {"keys": packed(direct), "me": account})
    return {
        row.channel_id: Person(id=row.id, name=row.name, kana=row.kana, gone=row.state == "deleted") for row in rows
    }


@cache
def _peers_wanted(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int)
    m, a = members.c, accounts.c
    other = and_(m.channel_id == keys.c.k0, m.account_id != bindparam("me"))
    joined = keys.join(members, other).join(accounts, a.id == m.account_id)
    return select(m.channel_id, a.id, a.name, a.kana, a.state).select_from(joined)
