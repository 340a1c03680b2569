"""Tells this process' boards what has changed: counted once a second at most, whoever and how many look.

Like badges, totals are newest values: a frame holds all of them, and nobody resumes from an older one.
"""

from __future__ import annotations

from sqlalchemy import Connection

from anpi.board import asking, counting
from anpi.board.frames import Board, BoardGone, SendingCounts
from anpi.gathering import Gathering
from server.errors import NotFound
from server.live.connection import Connection as Device
from server.live.topic import Topic
from server.live.wire import ready
from server.services import Services

SENDING_EVERY = 3
"""Every which frame counts anew what was sent: there are as many rows as mails."""


def topic_of(incident: int) -> str:
    return f"incident:{incident}"


class BoardTeller:
    """For the boards that are open in this process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._gathering = Gathering(services, "anpi boards", self._tell)
        # Up to which ``rev`` the watchers of an incident have been told.
        self._told: dict[int, int] = {}
        self._sent: dict[int, tuple[int, SendingCounts]] = {}

    def moved(self, incident: int) -> None:
        if self._services.hub.topic(topic_of(incident)) is not None:
            self._gathering.add(incident)
        else:
            self._told.pop(incident, None)
            self._sent.pop(incident, None)

    async def stop(self) -> None:
        await self._gathering.stop()

    def watched(self, incident: int, rev: int) -> None:
        """Somebody has been told the whole board as of ``rev``: the next frame begins there, or before."""
        if rev < self._told.setdefault(incident, rev):
            # Others have been told newer ones, perhaps before this one went out.
            self._told[incident] = rev
            self._gathering.add(incident)

    async def _tell(self, moved: set[int]) -> None:
        for incident in sorted(moved):
            topic = self._services.hub.topic(topic_of(incident))
            if topic is not None:
                await self._tell_one(incident, topic)

    async def _tell_one(self, incident: int, topic: Topic) -> None:
        turn, _ = self._sent.get(incident, (0, None))
        known = None if turn % SENDING_EVERY == 0 else self._sent[incident][1]
        people = {device.account for device in topic.watchers}
        since = self._told.get(incident)
        allowed, frame = await self._services.readers.ask(_counted, incident, since, people, known)
        # Whoever has come in the meantime was asked for his right when he came.
        for device in [device for device in topic.watchers if device.account in people - allowed]:
            self._show_out(device, incident)
        if frame is None:
            return
        assert frame.sending is not None
        self._sent[incident] = (turn + 1, frame.sending)
        if since is None or frame.rev > since or known is None:
            topic.write([ready(frame)])
        self._told[incident] = frame.rev
        if known is not None:
            # What was sent is counted soon, even if nothing moves any more.
            self._gathering.add(incident)

    def _show_out(self, device: Device, incident: int) -> None:
        self._services.hub.unwatch(device, topic_of(incident))
        device.tell(ready(BoardGone(incident=incident)))


def _counted(
    connection: Connection, incident: int, since: int | None, people: set[int], known: SendingCounts | None
) -> tuple[set[int], Board | None]:
    """Who of those who look may, and what they are told; nobody may: nothing is counted."""
    allowed = asking.administrators(connection, people)
    if not allowed:
        return allowed, None
    try:
        frame = asking.board(connection, incident, since)
    except NotFound:
        return set(), None
    frame.sending = known or counting.sending(connection, incident, frame.totals.asked)
    return allowed, frame
