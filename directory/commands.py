"""The directory's commands on the socket: parsed by then, asked once, answered once.

Who opens the directory watches it first and reads afterwards. What is read is never older than what has been told on
the same line: where an event came in between, it is read again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy import Connection

from directory import asking, catchup, frames, groups, mine, queries, status
from directory.model import STATUS_TOPIC, TOPIC
from directory.state import Here
from server.errors import Busy
from server.live.conversation import Conversation
from server.live.frames import Command, Done, Frame
from server.live.wire import ready
from server.module import Handler

READ_AGAIN = 5
BUSY_MS = 1000


class _Dated(Protocol):
    rev: int


Answer = TypeVar("Answer", bound=_Dated)


async def open_directory(talk: Conversation, command: frames.OpenDirectory) -> Frame:
    await _watch(talk)
    return await _newest(talk, asking.opened, _here(talk).pages, talk.account.id, command.ref)


async def since(talk: Conversation, command: frames.DirectorySince) -> Frame:
    await _watch(talk)
    found = await _newest(talk, _since, talk.account.id, command.rev)
    found.ref = command.ref
    return found


def leave(talk: Conversation, command: frames.LeaveDirectory) -> None:
    for key in (TOPIC, STATUS_TOPIC):
        talk.services.hub.unwatch(talk.connection, key)
    talk.connection.answer(ready(Done(ref=command.ref)))


async def list_people(talk: Conversation, command: frames.ListPeople) -> Frame:
    return await _newest(talk, asking.people, _here(talk).pages, talk.account.id, command)


async def find(talk: Conversation, command: frames.FindInDirectory) -> Frame:
    return await talk.read(asking.found, talk.account.id, command)


async def whose_number(talk: Conversation, command: frames.WhoseNumber) -> Frame:
    return await talk.read(asking.whose, talk.account.id, command)


async def get_person(talk: Conversation, command: frames.GetPerson) -> Frame:
    card = await talk.read(asking.card, talk.account.id, command.id)
    return frames.PersonShown(ref=command.ref, person=card)


async def get_mine(talk: Conversation, command: frames.GetMine) -> Frame:
    return await talk.read(asking.mine, talk.account.id, command.ref)


async def change_mine(talk: Conversation, command: frames.ChangeMine) -> Frame:
    await talk.act(mine.change_mine, mine.wish(command.changes))
    return await talk.read(asking.mine, talk.account.id, command.ref)


async def get_groups(talk: Conversation, command: frames.GetGroups) -> Frame:
    found = await talk.read(groups.all_of, talk.account.id)
    found.ref = command.ref
    return found


async def get_statuses(talk: Conversation, command: frames.GetStatuses) -> Frame:
    # Before they are read: what changes meanwhile is told.
    _here(talk).teller.asked(talk.connection, command.people)
    return await talk.read(status.of_people, talk.account.id, command.people, command.ref)


async def get_photos(talk: Conversation, command: frames.GetPhotos) -> Frame:
    return await talk.read(asking.photos, talk.account.id, command)


def _groups(action: Callable[..., frames.Groups], *fields: str) -> Handler:
    """A handler for a command that changes one's groups: the action with these fields, answered by all of them."""

    async def handle(talk: Conversation, command: Any) -> Frame:
        told = await talk.act(action, *(getattr(command, field) for field in fields))
        return frames.Groups(groups=told.groups, favourites=told.favourites, ref=command.ref)

    return handle


HANDLERS: Mapping[type[Command], Handler] = {
    frames.OpenDirectory: open_directory,
    frames.DirectorySince: since,
    frames.LeaveDirectory: leave,
    frames.ListPeople: list_people,
    frames.FindInDirectory: find,
    frames.WhoseNumber: whose_number,
    frames.GetPerson: get_person,
    frames.GetGroups: get_groups,
    frames.AddGroup: _groups(groups.add, "name"),
    frames.RenameGroup: _groups(groups.rename, "group", "name"),
    frames.RemoveGroup: _groups(groups.remove, "group"),
    frames.ChangeGroup: _groups(groups.change, "group", "add", "remove"),
    frames.OrderGroups: _groups(groups.order, "groups"),
    frames.Favour: _groups(groups.favour, "person", "on"),
    frames.GetMine: get_mine,
    frames.ChangeMine: change_mine,
    frames.GetStatuses: get_statuses,
    frames.GetPhotos: get_photos,
}
"""Every command of the directory, with what answers it."""


def _here(talk: Conversation) -> Here:
    here: Here = talk.services.state["directory"]
    return here


async def _watch(talk: Conversation) -> None:
    """Hear of every change from now on. Whoever may not look is refused before."""
    heads = await talk.read(_heads, talk.account.id)
    for key in (TOPIC, STATUS_TOPIC):
        talk.watch(key, 0, heads[key])
    _here(talk).teller.watch(heads[STATUS_TOPIC])


def _heads(connection: Connection, account: int) -> dict[str, int]:
    queries.viewer(connection, account)
    return queries.revs(connection, (TOPIC, STATUS_TOPIC))


async def _newest(talk: Conversation, question: Callable[..., Answer], *args: Any) -> Answer:
    """An answer that holds every event that went out before it."""
    for _ in range(READ_AGAIN):
        answer = await talk.read(partial(question), *args)
        topic = talk.services.hub.topic(TOPIC)
        if topic is None or topic.rev is None or answer.rev >= topic.rev:
            return answer
    raise Busy(retry_ms=BUSY_MS)


def _since(connection: Connection, account: int, rev: int) -> frames.DirectoryChanged | frames.DirectoryReload:
    queries.viewer(connection, account)
    return catchup.since(connection, rev)
