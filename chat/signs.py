"""What the signs of life say on the socket: who looks at a room, who is typing, who has read (既読)."""

from typing import Annotated

from msgspec import Meta, Struct

from chat.frames import Person
from server.live.frames import Command, Frame, Number


class View(Command, tag="view"):
    """Has this channel open on the screen from now on; 0: none. Typing is told only to those who have."""

    channel: Number


class Typing(Command, tag="typing"):
    """Is writing something here. Said again each three seconds, while it goes on."""

    channel: Number


class ReadMarks(Command, tag="read.marks"):
    """How far each member of a small room (up to 100) has read; from then on ``read`` events tell the rest."""

    channel: Number


class ReadCounts(Command, tag="read.counts"):
    """How many have read each of these messages: for rooms that are too large for ``read.marks``."""

    channel: Number
    seqs: Annotated[list[Number], Meta(max_length=100)]


class ReadNames(Command, tag="read.names"):
    """Who has read a message, and who has not."""

    channel: Number
    seq: Number


class ReadMark(Struct):
    """A member has read up to ``seq``; of messages from before ``since`` (when he came in) he is no reader."""

    id: int
    seq: int
    since: int


class ReadMarkList(Frame, tag="read.marks"):
    """A message's readers are the members but its sender whose ``seq`` is not smaller, and ``since`` not later."""

    ref: int
    channel: int
    marks: list[ReadMark]


class ReadCount(Struct):
    """So many members, the sender not among them, have read this message."""

    seq: int
    readers: int


class ReadCountList(Frame, tag="read.counts"):
    """How many have read each of the messages that were asked for."""

    ref: int
    channel: int
    counts: list[ReadCount]


class ReaderList(Frame, tag="read.names"):
    """Who has read a message, and who of those who were members then has not; by name, at most 1,000 of each."""

    ref: int
    channel: int
    seq: int
    read: list[Person]
    unread: list[Person]


class NewMark(Struct):
    """A member has now read up to ``seq``."""

    id: int
    seq: int


class Read(Frame, tag="read"):
    """Who has read on, in a channel of up to 100 members; at most once a second. Not kept for a slow line."""

    channel: int
    marks: list[NewMark]


class IsTyping(Frame, tag="typing"):
    """Somebody is writing; it ends with his message, or six seconds after the last of these."""

    channel: int
    person: int
    name: str
