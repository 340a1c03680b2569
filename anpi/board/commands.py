"""The board on the socket. Who opens it watches first and reads afterwards, so that nothing comes in between."""

from __future__ import annotations

from collections.abc import Mapping

from anpi import state
from anpi.board import asking, frames
from anpi.board.telling import topic_of
from server.live.conversation import Conversation
from server.live.frames import Command, Done, Frame
from server.live.wire import ready
from server.module import Handler

PREFIX = "incident:"


async def watch(talk: Conversation, command: frames.WatchBoard) -> Frame:
    await talk.read(asking.require_administrator, talk.account.id)
    _leave(talk)
    talk.services.hub.watch(talk.connection, topic_of(command.incident), kept=True)
    try:
        board = await talk.read(asking.opened, talk.account.id, command.incident, command.ref)
    except BaseException:
        _leave(talk)
        raise
    state.here(talk.services).boards.watched(command.incident, board.rev)
    return board


def leave(talk: Conversation, command: frames.LeaveBoard) -> None:
    _leave(talk)
    talk.connection.answer(ready(Done(ref=command.ref)))


HANDLERS: Mapping[type[Command], Handler] = {frames.WatchBoard: watch, frames.LeaveBoard: leave}


def _leave(talk: Conversation) -> None:
    for topic in [topic for topic in talk.connection.topics if topic.key.startswith(PREFIX)]:
        talk.services.hub.unwatch(talk.connection, topic.key)
