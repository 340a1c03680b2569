"""One's own checks on the socket: asked for, answered, and what the greeting says of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo
from functools import partial

from anpi.answers import frames, mine
from anpi.answers.answering import ANSWER
from anpi.answers.model import Given, Taken
from server.auth.model import Privilege
from server.clock import from_millis, to_millis, zone
from server.data.space import Use
from server.live.conversation import Conversation
from server.live.frames import Command, Frame, Hello
from server.module import Greeting, Handler

READ_AGAIN_AT_MOST = 5


async def my_checks(talk: Conversation, command: frames.GetMyChecks) -> Frame:
    """Never what is older than what this device has been told while it was read."""
    teller = talk.services.state["anpi"].own
    for _ in range(READ_AGAIN_AT_MOST):
        turn = teller.turn
        told: frames.MyChecks = await talk.read(mine.own, talk.account.id, _zone(talk), command.incident)
        if turn == teller.turn:
            break
    told.ref = command.ref
    return told


def answer(talk: Conversation, command: frames.AnswerCheck) -> None:
    """Straight into the writer's queue; the disk's last reserve is for this."""
    given = Given(
        command.client_id,
        talk.account.id,
        command.incident,
        command.channel,
        command.answer,
        written_at=_written(talk, command),
    )
    talk.submit(ANSWER, given, partial(_answered, command.ref), command.ref, Use.ANSWERS)


def _written(talk: Conversation, command: frames.AnswerCheck) -> datetime | None:
    """By the clock of whoever wrote it, which may be wrong: never later than now."""
    if command.channel != "queue" or not command.at:
        return None
    return from_millis(min(command.at, to_millis(talk.services.clock())))


def _answered(ref: int, taken: Taken) -> Frame:
    return frames.Answered(ref=ref, at=to_millis(taken.at), counted=list(taken.counted), dup=taken.dup)


async def greet(talk: Conversation, hello: Hello) -> Greeting:
    """What one is asked at this moment; what comes in between is told besides."""
    quiet = talk.services.state["anpi"].quiet
    if quiet is None:
        told = await talk.read(mine.own, talk.account.id, _zone(talk))
    else:
        told = frames.MyChecks(open=[], emergency=quiet)
    return Greeting(
        frames.AnpiWelcome(
            anpi_open=told.open,
            anpi_administrator=Privilege.ADMIN_ANPI in talk.account.privileges,
            anpi_emergency=told.emergency,
        )
    )


HANDLERS: Mapping[type[Command], Handler] = {
    frames.GetMyChecks: my_checks,
    frames.AnswerCheck: answer,
}


def _zone(talk: Conversation) -> tzinfo:
    return zone(talk.services.settings.time_zone)
