"""People who talk through every failure: some say numbered things until each is acknowledged, some keep a list."""

from __future__ import annotations

import asyncio
import uuid

from websockets.exceptions import ConnectionClosed, InvalidHandshake

from tests.tools.client import Client, Refused
from tests.tools.mirror import Mirror

PAUSE = 0.1
GONE = (OSError, EOFError, ConnectionError, ConnectionClosed, InvalidHandshake, TimeoutError)
LATER = {"unavailable", "busy", "too_fast"}
"""Refusals after which the same thing is said again."""


class Sender:
    """Says numbered things for ever; resends after each trouble what was not acknowledged, under the same id."""

    def __init__(self, name: str, token: str, rooms: list[int]) -> None:
        self.name, self.token, self.rooms = name, token, rooms
        self.acked: dict[str, tuple[int, int]] = {}
        self.said = 0
        self.pending: tuple[int, str, str] | None = None

    async def talk(self, host: str) -> None:
        """Until the line breaks."""
        try:
            client = await Client.connect(host, self.token)
        except GONE:
            return
        try:
            await client.hello()
            while True:
                await self._say_one(client)
        except GONE:
            return
        except Refused as refused:
            assert refused.code in LATER, refused
        finally:
            await client.close()

    async def talk_through(self, hosts: list[str]) -> None:
        """For ever, at one server after the other."""
        turn = sum(map(ord, self.name))
        while True:
            await self.talk(hosts[turn % len(hosts)])
            turn += 1
            await asyncio.sleep(PAUSE)

    async def _say_one(self, client: Client) -> None:
        if self.pending is None:
            self.said += 1
            room = self.rooms[self.said % len(self.rooms)]
            self.pending = (room, str(uuid.uuid4()), f"{self.name} {self.said}")
        room, client_id, text = self.pending
        ack = await client.post(room, text, client_id)
        self.acked[client_id] = (room, ack["seq"])
        self.pending = None


class Follower:
    """Holds every timeline of its rooms by the rules of the protocol, through every reconnect."""

    def __init__(self, name: str, token: str, rooms: list[int]) -> None:
        self.name, self.token = name, token
        self.mirror = Mirror()
        for room in rooms:
            self.mirror.hold(room)

    async def follow_through(self, hosts: list[str]) -> None:
        """For ever, at one server after the other."""
        turn = sum(map(ord, self.name))
        while True:
            await self._follow(hosts[turn % len(hosts)])
            turn += 1
            await asyncio.sleep(PAUSE)

    async def _follow(self, host: str) -> None:
        try:
            client = await Client.connect(host, self.token)
        except GONE:
            return
        try:
            self.mirror.apply(await client.hello(self.mirror.have))
            while not client.closed.is_set():
                await self._hear(client)
        except (*GONE, Refused):
            return
        finally:
            await client.close()

    async def _hear(self, client: Client) -> None:
        frame = await _next(client)
        if frame is not None:
            self.mirror.apply(frame)
        for channel in sorted(self.mirror.gaps):
            held = self.mirror.timelines[channel].rev
            self.mirror.apply(await client.ask("since", channel=channel, rev=held))


async def _next(client: Client) -> dict[str, object] | None:
    """The next event, or None when the line has gone or was silent for a while."""
    hearing, closed = asyncio.ensure_future(client.events.get()), asyncio.ensure_future(client.closed.wait())
    try:
        await asyncio.wait({hearing, closed}, timeout=1, return_when=asyncio.FIRST_COMPLETED)
        return hearing.result() if hearing.done() else None
    finally:
        hearing.cancel()
        closed.cancel()
