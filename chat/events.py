"""What the talk announces, and under which topics."""

from __future__ import annotations

from chat.frames import (
    Deleted,
    Edited,
    Joined,
    Left,
    Marked,
    Member,
    MemberChanged,
    Message,
    Posted,
    Renamed,
    Room,
    RoomAdded,
    RoomRemoved,
)
from chat.signs import IsTyping, NewMark, Read
from server.data.transaction import Event

CHANNEL = "channel:"
USER = "user:"


def channel_topic(channel: int) -> str:
    """The topic that everybody in the room watches."""
    return f"{CHANNEL}{channel}"


def user_topic(account: int) -> str:
    """The topic of one person's own devices."""
    return f"{USER}{account}"


def posted(channel: int, message: Message) -> Event:
    return Event(channel_topic(channel), message.rev, Posted(channel=channel, rev=message.rev, message=message))


def edited(channel: int, message: Message) -> Event:
    return Event(channel_topic(channel), message.rev, Edited(channel=channel, rev=message.rev, message=message))


def deleted(channel: int, message: Message) -> Event:
    return Event(channel_topic(channel), message.rev, Deleted(channel=channel, rev=message.rev, message=message))


def joined(channel: int, member: Member, members: int) -> Event:
    """The joiner's devices watch the room from this event on."""
    frame = Joined(channel=channel, rev=member.rev, member=member, members=members)
    return Event(channel_topic(channel), member.rev, frame, joins=(member.id,))


def left(channel: int, member: Member, members: int) -> Event:
    """The leaver's devices hear neither this nor anything after it."""
    frame = Left(channel=channel, rev=member.rev, member=member, members=members)
    return Event(channel_topic(channel), member.rev, frame, leaves=(member.id,))


def renamed(channel: int, rev: int, name: str) -> Event:
    return Event(channel_topic(channel), rev, Renamed(channel=channel, rev=rev, name=name))


def room_added(account: int, room: Room) -> Event:
    return Event(user_topic(account), None, RoomAdded(room=room))


def room_removed(account: int, channel: int) -> Event:
    return Event(user_topic(account), None, RoomRemoved(channel=channel))


def opened(channel: int, members: tuple[int, ...], frame: RoomAdded) -> Event:
    """A new room: its members' devices watch it from here on, its first ``rev`` being theirs already."""
    return Event(channel_topic(channel), 1, frame, joins=members, silent=True)


def member_changed(channel: int, member: Member) -> Event:
    return Event(channel_topic(channel), member.rev, MemberChanged(channel=channel, rev=member.rev, member=member))


def marked(account: int, channel: int, seq: int) -> Event:
    return Event(user_topic(account), None, Marked(channel=channel, seq=seq))


def read(channel: int, marks: list[NewMark]) -> Event:
    return Event(channel_topic(channel), None, Read(channel=channel, marks=marks))


def typing(channel: int, person: int, name: str) -> Event:
    frame = IsTyping(channel=channel, person=person, name=name)
    return Event(channel_topic(channel), None, frame, fleeting=True)
