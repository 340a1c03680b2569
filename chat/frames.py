"""What the talk says on the socket: its commands, its answers, its events.

Times are milliseconds since 1970-01-01 UTC. A channel is named by its number, a message by (channel, seq).
``rev`` numbers everything durable that happens in a channel, without a gap; ``seq`` numbers its messages.
"""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from chat.files.frames import FILES_LIMIT, File, FileId
from server.live.frames import Command, Frame, Number

ClientId = Annotated[
    str, Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\\Z", max_length=36)
]
RoomName = Annotated[str, Meta(max_length=100)]
People = Annotated[list[Number], Meta(max_length=1000)]


class Kind(StrEnum):
    """What kind of room: 公開, 非公開, 1対1, グループ; お知らせ, where the system talks to one person."""

    OPEN = "open"
    CLOSED = "closed"
    DIRECT = "direct"
    GROUP = "group"
    NOTICE = "notice"


MESSAGE_LIMIT = 10_000
"""Code points in one message."""

# ---------------------------------------------------------------- shapes


class Person(Struct, omit_defaults=True):
    """Somebody, as a list shows him. ``gone`` is set when the account is deleted."""

    id: int
    name: str
    kana: str = ""
    title: str = ""
    gone: bool = False


class Message(Struct, omit_defaults=True, gc=False):
    """A message's newest state. Deleted ones keep their place: ``deleted`` is set, ``text`` is empty, ``files`` are
    gone. One of ``kind`` "notice" is the system's (``sender`` 0) and ``about`` the disaster of this number."""

    seq: int
    rev: int
    sender: int
    name: str
    at: int
    text: str
    client_id: str
    edited: int = 0
    deleted: int = 0
    files: tuple[File, ...] = ()
    kind: str = "text"
    about: int = 0


class Member(Struct, omit_defaults=True):
    """Somebody's place in a room. ``left`` is set on the tombstone of one who is no longer in it."""

    id: int
    name: str
    rev: int
    owner: bool = False
    left: bool = False


class Room(Struct, omit_defaults=True):
    """A room as its member sees it in the list.

    ``read`` is the member's own read mark, so ``seq - read`` messages are unread. ``peer`` is the other person of
    a direct talk, whose name is the room's. ``created`` is when the room was made.
    """

    id: int
    kind: Kind
    name: str
    seq: int
    rev: int
    members: int
    read: int
    created: int
    owner: bool = False
    peer: Person | None = None
    last: Message | None = None


class OpenRoom(Struct, omit_defaults=True):
    """An open room, for those who may still join it."""

    id: int
    name: str
    members: int
    joined: bool = False


# ---------------------------------------------------------------- commands


class Post(Command, tag="post"):
    """Says ``text``, which may be empty beside ``files``: one's own uploads that are ``ready``, each sent once. The
    same ``client_id`` again returns the first result and says nothing twice."""

    channel: Number
    client_id: ClientId
    text: str
    files: Annotated[tuple[FileId, ...], Meta(max_length=FILES_LIMIT)] = ()


class Edit(Command, tag="edit"):
    """Replaces the text of one's own message, within ``edit_seconds``; the same text changes nothing."""

    channel: Number
    seq: Number
    text: str


class Delete(Command, tag="delete"):
    """Deletes one's own message, within ``edit_seconds``: its place stays, its text goes."""

    channel: Number
    seq: Number


class Mark(Command, tag="mark"):
    """Has read up to ``seq``; only ever moves upward."""

    channel: Number
    seq: Number


class History(Command, tag="history"):
    """A page of messages: the newest, or those before, after or around a ``seq``."""

    channel: Number
    before: Number | UnsetType = UNSET
    after: Number | UnsetType = UNSET
    around: Number | UnsetType = UNSET
    limit: Annotated[int, Meta(ge=1, le=100)] = 50


class Since(Command, tag="since"):
    """What changed in a channel after ``rev``: ``changes``, or ``reset`` when it is more than 300."""

    channel: Number
    rev: Number


class Rooms(Command, tag="rooms"):
    """The rooms one is in, as a fresh list."""


class OpenRooms(Command, tag="rooms.open"):
    """Open rooms whose name holds ``find``."""

    find: Annotated[str, Meta(max_length=100)] = ""


class Create(Command, tag="room.create"):
    """A new room; the creator owns it. ``group`` needs no name (the members' names stand for it)."""

    kind: Literal["open", "closed", "group"]
    name: RoomName = ""
    people: People = msgspec.field(default_factory=list)


class Direct(Command, tag="room.direct"):
    """The one room of these two; made when it does not exist."""

    person: Number


class Join(Command, tag="room.join"):
    """Enters an open room."""

    channel: Number


class Leave(Command, tag="room.leave"):
    """Goes out of a room. The last owner's room goes to whoever has been in it longest."""

    channel: Number


class Add(Command, tag="room.add"):
    """Brings people in: any member of an open room or group, owners of a closed one."""

    channel: Number
    people: People


class Remove(Command, tag="room.remove"):
    """Puts somebody out; owners may."""

    channel: Number
    person: Number


class Rename(Command, tag="room.rename"):
    """Gives the room another name: owners may, in a group everybody."""

    channel: Number
    name: RoomName


class Members(Command, tag="room.members"):
    """Who is in the room, in the order of kana."""

    channel: Number


class FindPeople(Command, tag="people.find"):
    """People who may be talked to, by part of name or kana."""

    find: Annotated[str, Meta(max_length=100)] = ""


# ---------------------------------------------------------------- answers


class TalkWelcome(Struct):
    """The talk's part of ``welcome``: one's rooms, how many characters a message may have, and for how many seconds
    one may edit or delete it. The talk is recorded, and ``log_readers`` people may read the log."""

    rooms: list[Room]
    text_limit: int
    edit_seconds: int
    log_readers: int


class RoomList(Frame, tag="rooms"):
    """The rooms one is in."""

    ref: int
    rooms: list[Room]


class Ack(Frame, tag="ack", gc=False):
    """The message is durable. ``dup`` when it already was."""

    ref: int
    channel: int
    seq: int
    rev: int
    at: int
    dup: bool = False


class Page(Frame, tag="page"):
    """Messages in the order of ``seq``, as of ``rev``; whether there are more on either side."""

    ref: int
    channel: int
    rev: int
    seq: int
    messages: list[Message]
    before: bool
    after: bool


class Changes(Frame, tag="changes"):
    """All rows of a channel that changed after ``since``, as of ``rev``: apply all, then hold ``rev``.

    ``room`` is missing when the frame was made once for everybody: it would hold somebody's read mark.
    """

    channel: int
    since: int
    rev: int
    seq: int
    messages: list[Message]
    members: list[Member]
    room: Room | UnsetType = UNSET
    ref: int | UnsetType = UNSET


class Reset(Frame, tag="reset"):
    """Too much was missed: forget the timeline of this channel; here is its newest page."""

    channel: int
    rev: int
    seq: int
    messages: list[Message]
    before: bool
    room: Room
    ref: int | UnsetType = UNSET


class Entered(Frame, tag="room"):
    """The answer to creating, joining or finding a room."""

    ref: int
    room: Room


class MemberList(Frame, tag="members"):
    """Who is in the room, as of ``rev``."""

    ref: int
    channel: int
    rev: int
    members: list[Member]


class OpenRoomList(Frame, tag="rooms.open"):
    """Open rooms, joined or not, at most 100."""

    ref: int
    rooms: list[OpenRoom]


class PeopleList(Frame, tag="people"):
    """People one may talk to, oneself not among them, at most 50."""

    ref: int
    people: list[Person]


# ---------------------------------------------------------------- events


class Posted(Frame, tag="message.posted", gc=False):
    """Somebody has said something, perhaps oneself."""

    channel: int
    rev: int
    message: Message


class Edited(Frame, tag="message.edited"):
    """A message has another text: its new state, with ``edited`` set."""

    channel: int
    rev: int
    message: Message


class Deleted(Frame, tag="message.deleted"):
    """A message has been deleted: its new state, with ``deleted`` set and no text."""

    channel: int
    rev: int
    message: Message


class Joined(Frame, tag="member.joined"):
    """Somebody came in; ``members`` is how many there are now."""

    channel: int
    rev: int
    member: Member
    members: int


class Left(Frame, tag="member.left"):
    """Somebody went out; ``members`` is how many there are now. The leaver hears ``room.removed`` instead."""

    channel: int
    rev: int
    member: Member
    members: int


class MemberChanged(Frame, tag="member.changed"):
    """Somebody in the room became its owner."""

    channel: int
    rev: int
    member: Member


class Renamed(Frame, tag="room.renamed"):
    """The room has another name."""

    channel: int
    rev: int
    name: str


class RoomAdded(Frame, tag="room.added"):
    """One is in a room from now on (to the person alone, on every device)."""

    room: Room


class RoomRemoved(Frame, tag="room.removed"):
    """One is in this room no longer: its content is to be forgotten."""

    channel: int


class Marked(Frame, tag="marked"):
    """One's own read mark moved, on another device."""

    channel: int
    seq: int
