"""既読: who has read what, computed from one mark for each member and channel; no row for each message and reader.

A message's readers are the members but its sender whose mark has passed it, and who were in the room when it was
said: who comes in later begins with a mark at the end, and is no reader of what he may have scrolled to.
"""

from __future__ import annotations

from bisect import bisect_left
from functools import cache
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, and_, select, type_coerce

from chat import queries
from chat.frames import Person
from chat.model import MARKS_TOLD_LIMIT, require_poster
from chat.signs import ReadCount, ReadCountList, ReaderList, ReadMark, ReadMarkList
from chat.tables import channels, members, messages
from server.auth.tables import accounts
from server.clock import to_millis
from server.data.sets import key_rows, packed
from server.errors import Invalid, NotFound

NAMES_SHOWN = 1000


def marks(connection: Connection, account: int, channel: int, ref: int) -> ReadMarkList:
    """How far each member has read. Refused for a large room, where nobody is told of every mark."""
    require_poster(queries.membership(connection, channel, account))
    m, c = members.c, channels.c
    count = connection.execute(select(c.members).where(c.id == channel)).scalar_one()
    if count > MARKS_TOLD_LIMIT:
        raise Invalid("large_room", limit=MARKS_TOLD_LIMIT)
    wanted = select(m.account_id, m.read_seq, m.joined_at).where(m.channel_id == channel, m.active)
    rows = connection.execute(wanted.order_by(m.account_id))
    found = [ReadMark(id=row.account_id, seq=row.read_seq, since=to_millis(row.joined_at)) for row in rows]
    return ReadMarkList(ref=ref, channel=channel, marks=found)


def counts(connection: Connection, account: int, channel: int, seqs: list[int], ref: int) -> ReadCountList:
    """How many have read each of these messages; one that does not exist has no count."""
    require_poster(queries.membership(connection, channel, account))
    values = {"keys": packed(sorted({(channel, seq) for seq in seqs}))}
    said = [Said(*row) for row in connection.execute(_said_wanted(connection.dialect.name), values)]
    m = members.c
    standing = select(m.account_id, m.read_seq, type_coerce(m.joined_at, BigInteger).label("joined"))
    rows = connection.execute(standing.where(m.channel_id == channel, m.active))
    found = readers_of(said, [Standing(*row) for row in rows])
    return ReadCountList(ref=ref, channel=channel, counts=[ReadCount(seq, found[seq]) for seq in sorted(found)])


class Said(NamedTuple):
    """A message, as far as its readers ask; ``at`` in milliseconds."""

    seq: int
    sender: int
    at: int


class Standing(NamedTuple):
    """A member's mark, and when he came in, in microseconds."""

    account: int
    read: int
    joined: int


def readers_of(said: list[Said], standing: list[Standing]) -> dict[int, int]:
    """How many have read each message: one pass over the members, whatever the number of messages."""
    marks: list[int] = []
    by_account = {each.account: each for each in standing}
    coming = sorted(standing, key=attrgetter("joined"), reverse=True)
    found: dict[int, int] = {}
    for message in sorted(said, key=attrgetter("at")):
        came = []
        while coming and coming[-1].joined < (message.at + 1) * 1000:
            came.append(coming.pop().read)
        marks = sorted(marks + came) if came else marks
        sender = by_account.get(message.sender)
        own = sender is not None and sender.read >= message.seq and sender.joined < (message.at + 1) * 1000
        found[message.seq] = len(marks) - bisect_left(marks, message.seq) - own
    return found


def names(connection: Connection, account: int, channel: int, seq: int, ref: int) -> ReaderList:
    """Who has read a message and who has not, each by name."""
    require_poster(queries.membership(connection, channel, account))
    said = and_(messages.c.channel_id == channel, messages.c.seq == seq)
    if connection.execute(select(messages.c.seq).where(said)).first() is None:
        raise NotFound()
    return ReaderList(
        ref=ref,
        channel=channel,
        seq=seq,
        read=_people(connection, said, members.c.read_seq >= seq),
        unread=_people(connection, said, members.c.read_seq < seq),
    )


def _people(connection: Connection, said: ColumnElement[bool], reads: ColumnElement[bool]) -> list[Person]:
    a = accounts.c
    joined = messages.join(members, _may_have_read()).join(accounts, a.id == members.c.account_id)
    wanted = select(a.id, a.name, a.kana, a.state).select_from(joined).where(said, reads)
    rows = connection.execute(wanted.order_by(a.search_key, a.id).limit(NAMES_SHOWN))
    return [Person(id=row.id, name=row.name, kana=row.kana, gone=row.state == "deleted") for row in rows]


def _may_have_read() -> ColumnElement[bool]:
    """Members who were there when the message was said, but its sender. Messages know milliseconds only."""
    there = type_coerce(members.c.joined_at, BigInteger) < (messages.c.at + 1) * 1000
    same = members.c.channel_id == messages.c.channel_id
    return and_(same, members.c.active, there, members.c.account_id != messages.c.sender_id)


@cache
def _said_wanted(dialect: str) -> Select[Any]:
    keys, m = key_rows(dialect, int, int), messages.c
    said = and_(m.channel_id == keys.c.k0, m.seq == keys.c.k1)
    return select(m.seq, m.sender_id, m.at).select_from(keys.join(messages, said))
