"""The talk's commands on the socket: parsed by then, asked once, answered once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from msgspec import UNSET

from chat import actions, amending, catchup, events, frames, queries, reads, rooms, signs
from chat.frames import MESSAGE_LIMIT
from chat.log.reading import readers as log_readers
from chat.marks import MarkBuffer, ReadUpTo
from chat.model import Draft, Receipt, message_text, require_poster
from chat.posting import POSTING
from server import ports
from server.errors import Invalid, NotFound
from server.live.conversation import Conversation
from server.live.frames import Command, Done, Frame, Hello
from server.live.wire import ready
from server.module import Greeting, Handler

TYPING_SECONDS = 1.0


def post(talk: Conversation, command: frames.Post) -> None:
    """The hot path: straight into the writer's queue, answered from its callback, no task in between."""
    text = message_text(command.text, may_be_empty=bool(command.files))
    draft = Draft(talk.account.id, command.channel, command.client_id, text, command.files)
    talk.submit(POSTING, draft, partial(_ack, command.ref), command.ref)


def _ack(ref: int, receipt: Receipt) -> Frame:
    return frames.Ack(
        ref=ref, channel=receipt.channel, seq=receipt.seq, rev=receipt.rev, at=receipt.at, dup=receipt.dup
    )


async def edit(talk: Conversation, command: frames.Edit) -> Frame:
    await talk.act(amending.edit, command.channel, command.seq, command.text, _edit_limit(talk))
    return Done(ref=command.ref)


async def delete(talk: Conversation, command: frames.Delete) -> Frame:
    await talk.act(amending.delete, command.channel, command.seq, _edit_limit(talk))
    return Done(ref=command.ref)


async def history(talk: Conversation, command: frames.History) -> Frame:
    places = {name: getattr(command, name) for name in ("before", "after", "around")}
    given = {name: place for name, place in places.items() if place is not UNSET}
    if len(given) > 1:
        raise Invalid()
    ask = partial(catchup.page, ref=command.ref, limit=command.limit, **given)
    return await talk.read(ask, talk.account.id, command.channel)


async def since(talk: Conversation, command: frames.Since) -> Frame:
    return await talk.read(catchup.since, talk.account.id, command.channel, command.rev, command.ref)


async def room_list(talk: Conversation, command: frames.Rooms) -> Frame:
    found = await talk.read(rooms.rooms_heard, talk.account.id)
    return frames.RoomList(ref=command.ref, rooms=found)


async def open_rooms(talk: Conversation, command: frames.OpenRooms) -> Frame:
    found = await talk.read(rooms.open_rooms, talk.account.id, command.find)
    return frames.OpenRoomList(ref=command.ref, rooms=found)


async def find_people(talk: Conversation, command: frames.FindPeople) -> Frame:
    known = ports.people(talk.services.ports)
    found = await talk.read(rooms.people, talk.account.id, command.find, known)
    return frames.PeopleList(ref=command.ref, people=found)


async def room_members(talk: Conversation, command: frames.Members) -> Frame:
    return await talk.read(_member_list, talk.account.id, command)


def _member_list(connection: Any, account: int, command: frames.Members) -> Frame:
    require_poster(queries.membership(connection, command.channel, account))
    room = queries.channel(connection, command.channel)
    assert room is not None
    found = queries.active_members(connection, command.channel)
    return frames.MemberList(ref=command.ref, channel=command.channel, rev=room.rev, members=found)


async def create(talk: Conversation, command: frames.Create) -> Frame:
    room = await talk.act(actions.create, command.kind, command.name, command.people)
    return frames.Entered(ref=command.ref, room=room)


async def direct(talk: Conversation, command: frames.Direct) -> Frame:
    return frames.Entered(ref=command.ref, room=await talk.act(actions.direct, command.person))


async def join(talk: Conversation, command: frames.Join) -> Frame:
    return frames.Entered(ref=command.ref, room=await talk.act(actions.join, command.channel))


def _done(action: Callable[..., None], *fields: str) -> Handler:
    """A handler for a command that is answered by ``done``: the action with these fields of the command."""

    async def handle(talk: Conversation, command: Any) -> Frame:
        await talk.act(action, *(getattr(command, field) for field in fields))
        return Done(ref=command.ref)

    return handle


def mark(talk: Conversation, command: frames.Mark) -> None:
    """Answered after the next write, and not in the way of what is said meanwhile."""
    marks: MarkBuffer = talk.services.state["chat"]
    done = talk.promise(lambda _: Done(ref=command.ref), command.ref)
    marks.mark(ReadUpTo(talk.account.id, command.channel, command.seq), done)


def view(talk: Conversation, command: signs.View) -> None:
    """What is on the screen: typing is told to those alone who have the room open."""
    key = events.channel_topic(command.channel) if command.channel else ""
    if key and not talk.services.hub.hears(talk.connection, key):
        raise NotFound()
    talk.services.hub.view(talk.connection, key)
    talk.connection.answer(ready(Done(ref=command.ref)))


def typing(talk: Conversation, command: signs.Typing) -> None:
    """Told at most once a second, and kept nowhere."""
    key = events.channel_topic(command.channel)
    if not talk.services.hub.hears(talk.connection, key):
        raise NotFound()
    now = asyncio.get_running_loop().time()
    if now - talk.connection.hinted_at >= TYPING_SECONDS:
        talk.connection.hinted_at = now
        talk.services.announcer.hint(events.typing(command.channel, talk.account.id, talk.account.name))
    talk.connection.answer(ready(Done(ref=command.ref)))


async def read_marks(talk: Conversation, command: signs.ReadMarks) -> Frame:
    return await talk.read(reads.marks, talk.account.id, command.channel, command.ref)


async def read_counts(talk: Conversation, command: signs.ReadCounts) -> Frame:
    return await talk.read(reads.counts, talk.account.id, command.channel, command.seqs, command.ref)


async def read_names(talk: Conversation, command: signs.ReadNames) -> Frame:
    return await talk.read(reads.names, talk.account.id, command.channel, command.seq, command.ref)


HANDLERS: Mapping[type[Command], Handler] = {
    frames.Post: post,
    frames.Edit: edit,
    frames.Delete: delete,
    frames.Mark: mark,
    frames.History: history,
    frames.Since: since,
    frames.Rooms: room_list,
    frames.OpenRooms: open_rooms,
    frames.FindPeople: find_people,
    frames.Members: room_members,
    frames.Create: create,
    frames.Direct: direct,
    frames.Join: join,
    frames.Leave: _done(actions.leave, "channel"),
    frames.Add: _done(actions.add, "channel", "people"),
    frames.Remove: _done(actions.remove, "channel", "person"),
    frames.Rename: _done(actions.rename, "channel", "name"),
    signs.View: view,
    signs.Typing: typing,
    signs.ReadMarks: read_marks,
    signs.ReadCounts: read_counts,
    signs.ReadNames: read_names,
}
"""Every command of the talk, with what answers it."""


async def greet(talk: Conversation, hello: Hello) -> Greeting:
    """Every room one is in, watched from now on, and what was missed in those whose timeline one holds.

    Watched first and read afterwards: what is committed between the two is held back and sent after.
    """
    edit_seconds = int(_edit_limit(talk).total_seconds())
    if not talk.account.talk:
        return Greeting(
            frames.TalkWelcome([], MESSAGE_LIMIT, edit_seconds, await talk.read(_readers, talk.account.id))
        )
    for channel, (rev, head) in (await talk.read(queries.standing_rooms, talk.account.id)).items():
        talk.watch(f"channel:{channel}", rev, head)
    have = {int(number): rev for key, rev in hello.have.items() if (number := _number(key))}
    found, missed, readers = await talk.read(_snapshot, talk.account.id, have)
    return Greeting(frames.TalkWelcome(found, MESSAGE_LIMIT, edit_seconds, readers), missed)


def _number(key: str) -> str | None:
    """The channel that a topic's key names, as digits that every database can hold."""
    number = key.removeprefix("channel:")
    return number if number.isdecimal() and len(number) <= 15 else None


def _snapshot(connection: Any, account: int, have: dict[int, int]) -> tuple[list[frames.Room], list[Frame], int]:
    found = rooms.rooms_heard(connection, account)
    return found, catchup.missed(connection, have, found), log_readers(connection)


def _readers(connection: Any, account: int) -> int:
    return log_readers(connection)


def _edit_limit(talk: Conversation) -> timedelta:
    return timedelta(hours=talk.services.settings.edit_hours)
