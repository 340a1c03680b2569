"""The ground's own commands on the socket, besides ``hello`` and ``ping``: how people can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from server.live import choosing
from server.live.frames import ChoosePresence, Command, Done, Frame, Idle, PresenceList, WatchPresence
from server.live.wire import ready
from server.module import Handler

if TYPE_CHECKING:
    from server.live.conversation import Conversation


async def watch_presence(talk: Conversation, command: WatchPresence) -> Frame:
    found = await talk.services.presences.watch(talk.connection, command.people)
    return PresenceList(ref=command.ref, people=found)


async def choose_presence(talk: Conversation, command: ChoosePresence) -> Frame:
    await talk.act(choosing.choose, command.state, command.until)
    return Done(ref=command.ref)


def idle(talk: Conversation, command: Idle) -> None:
    talk.connection.idle = command.idle
    talk.services.hub.tell_moved(talk.connection)
    talk.connection.answer(ready(Done(ref=command.ref)))


HANDLERS: Mapping[type[Command], Handler] = {
    WatchPresence: watch_presence,
    ChoosePresence: choose_presence,
    Idle: idle,
}
