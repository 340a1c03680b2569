"""The talk's nouns and their rules. Nothing here knows a database, a socket or a clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from msgspec import Struct

from chat.files.frames import File
from chat.frames import MESSAGE_LIMIT, Kind
from server.errors import Conflict, Forbidden, Invalid, NotFound
from server.text import one_line, plain_text

ROOM_NAME_LIMIT = 100
MEMBERS_LIMIT = 20_000
MARKS_TOLD_LIMIT = 100
"""In larger rooms nobody is told of every read mark: clients ask for the counts on their screen."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A room's own row."""

    id: int
    kind: str
    name: str
    seq: int
    rev: int
    room_rev: int
    members: int


class Membership(Struct, frozen=True, gc=False):
    """Somebody's standing towards a room, with what the rules ask about his account."""

    channel: int
    account: int
    name: str
    active: bool
    owner: bool
    talks: bool
    """Signed in people who may talk: account enabled and トーク 有効."""


class Draft(Struct, frozen=True, gc=False):
    """A message somebody wants to post."""

    account: int
    channel: int
    client_id: str
    text: str
    files: tuple[str, ...] = ()
    """Ids of uploads."""


class Receipt(Struct, frozen=True, gc=False):
    """Where a posted message stands. ``dup``: it had been posted before."""

    channel: int
    seq: int
    rev: int
    at: int
    dup: bool = False


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored message, as far as the rules of changing it ask."""

    channel: int
    seq: int
    sender: int
    text: str
    at: int
    client_id: str
    edited: int = 0
    deleted: int = 0
    files: tuple[File, ...] = ()


def message_text(text: str, *, may_be_empty: bool = False) -> str:
    """The text as it is stored: line ends are LF; too long or unstorable text is refused, and, without files, an
    empty one."""
    text = plain_text(text)
    if not text.strip():
        if may_be_empty:
            return ""
        raise Invalid("empty")
    if len(text) > MESSAGE_LIMIT:
        raise Invalid("too_long", limit=MESSAGE_LIMIT)
    return text


def room_name(name: str) -> str:
    """A room's name: one line without edges, at most 100 characters, not empty."""
    name = one_line(name)
    if not name:
        raise Invalid("empty_name")
    if len(name) > ROOM_NAME_LIMIT:
        raise Invalid("too_long", limit=ROOM_NAME_LIMIT)
    return name


def require_poster(membership: Membership | None) -> Membership:
    """The membership that lets someone post here, or a refusal.

    A stranger hears the same whether the room exists or not. One whose トーク is 無効 is told so.
    """
    if membership is None or not membership.active:
        raise NotFound()
    if not membership.talks:
        raise Forbidden("talk_disabled")
    return membership


def require_talkers_room(kind: str) -> None:
    """Where the system talks to somebody nobody else has a say, nor has he."""
    if kind == Kind.NOTICE:
        raise Conflict("notice_room")


def require_owner(membership: Membership | None) -> Membership:
    """The membership of one who rules the room."""
    membership = require_poster(membership)
    if not membership.owner:
        raise Forbidden("not_owner")
    return membership


def require_own(message: Stored | None, account: int, now: datetime, limit: timedelta) -> Stored:
    """The message, if this account wrote it, it is not deleted, and it is young enough to be changed."""
    if message is None:
        raise NotFound()
    if message.sender != account:
        raise Forbidden("not_yours")
    if message.deleted:
        raise Conflict("already_deleted")
    if now.timestamp() * 1000 - message.at > limit.total_seconds() * 1000:
        raise Conflict("too_late", hours=int(limit.total_seconds() // 3600))
    return message


def pair_key(one: int, other: int) -> str:
    """The name of the one direct room of two accounts, whoever begins."""
    return f"{min(one, other)}:{max(one, other)}"


def group_name(names: list[str]) -> str:
    """What a group without a name is called: its first members' names."""
    shown = "、".join(names[:4]) + (f" +{len(names) - 4}" if len(names) > 4 else "")
    return shown[:ROOM_NAME_LIMIT]
