"""P2P地震情報: the free socket that carries early warnings, and what it said while we were away.

It closes about every ten minutes: we come back at once, and ask for what we have missed. Nothing is said while
nothing shakes, so a ping each 20 seconds tells whether the line lives.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import msgspec

from anpi.hazard.feeds.aside import Aside
from anpi.hazard.feeds.health import Health
from anpi.hazard.feeds.pacing import after_trouble
from anpi.hazard.intake import Intake
from server.errors import AppError, Busy, Unavailable
from server.services import Services
from server.work.outbound import OutboundFailed
from server.work.outbound_socket import Line, line_to

SOURCE = "p2p"
CODES = frozenset({551, 552, 556})
"""Quakes, tsunami, early warnings. 554, 555, 561 and 9611 are the network's own talk."""
PING_SECONDS = 20.0
MESSAGE_BYTES = 1024 * 1024
HISTORY_BYTES = 4 * 1024 * 1024
HISTORY_SECONDS = 15.0
HISTORY_LIMIT = 30
LIVED_SECONDS = 30.0
"""A line that has lived so long is taken up again at once."""
NAME_LIMIT = 100

Pause = Callable[[float], Awaitable[None]]


class Message(msgspec.Struct):
    """What every message says of itself."""

    code: int = 0
    id: str = ""
    test: bool = False


class P2pSocket:
    """Listens until it is cancelled."""

    def __init__(self, services: Services, intake: Intake, health: Health, pause: Pause = asyncio.sleep) -> None:
        self._services = services
        self._intake = intake
        self._health = health
        self._pause = pause
        self._url = services.settings.p2p_url
        self._aside = Aside(services.clock, self._take)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as together:
            together.create_task(self._lines(), name="p2p's lines")
            together.create_task(self._aside.keep_trying(self._pause), name="p2p's messages put aside")

    async def _lines(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            self._health.tried(self._services.clock())
            since = loop.time()
            try:
                await self.listen()
            except AppError as problem:
                if loop.time() - since < LIVED_SECONDS:
                    self._health.trouble(str(problem.details.get("reason", problem.code)))
                    await self._pause(after_trouble(self._health.troubles, random.uniform(0.0, 1.0)))

    async def listen(self) -> None:
        """Over one line, as long as it lives; ends with what ended it."""
        async with line_to(self._services.outbound, self._url, limit_bytes=MESSAGE_BYTES, purpose="hazard") as line:
            self._health.heard(self._services.clock())
            ends: BaseException | None = None
            try:
                async with asyncio.TaskGroup() as together:
                    together.create_task(self._messages(line), name="p2p's messages")
                    together.create_task(self._pings(line), name="p2p's pings")
                    # Beside the line: an early warning does not wait for what is past.
                    together.create_task(self._history(), name="p2p's history")
            except* AppError as problems:
                ends = problems.exceptions[0]
            if ends is not None:
                raise ends

    async def _messages(self, line: Line) -> None:
        while True:
            await self._aside.take((await line.receive()).encode())

    async def _pings(self, line: Line) -> None:
        while True:
            await line.ping(PING_SECONDS)
            self._health.heard(self._services.clock())
            self._health.tried(self._services.clock())
            await self._pause(PING_SECONDS)

    async def _history(self) -> None:
        """What was said while nobody listened. The socket goes on without it."""
        try:
            answer = await self._services.outbound.fetch(
                "GET", self._history_url(), limit_bytes=HISTORY_BYTES, seconds=HISTORY_SECONDS, purpose="hazard"
            )
            if answer.status != 200:
                raise OutboundFailed(reason=f"http_{answer.status}")
            said = _list(answer.body)
        except AppError as problem:
            self._health.trouble(f"history_{problem.details.get('reason', problem.code)}")
            return
        for each in reversed(said):
            await self._aside.take(bytes(each))

    def _history_url(self) -> str:
        parts = urlsplit(self._url)
        scheme = "http" if parts.scheme == "ws" else "https"
        codes = "&".join(f"codes={code}" for code in sorted(CODES))
        path = parts.path.removesuffix("/ws") + "/history"
        return urlunsplit((scheme, parts.netloc, path, f"{codes}&limit={HISTORY_LIMIT}", ""))

    async def _take(self, data: bytes) -> bool:
        """Whether there is nothing left to do about it; not so while nothing can be written."""
        message = _message(data)
        # The sandbox's own mark for a message that is a test: nobody's drill.
        if message is None or message.code not in CODES or message.test:
            return True
        try:
            taken = await self._intake.message(SOURCE, message.id[:NAME_LIMIT], data)
        except AppError as problem:
            # One message must not end the line.
            self._health.trouble(f"message_{problem.code}")
            return not isinstance(problem, (Busy, Unavailable))
        if taken is not None and not taken.known:
            self._health.heard(self._services.clock(), report=True)
        return True


def _message(data: bytes) -> Message | None:
    try:
        return msgspec.json.decode(data, type=Message)
    except (msgspec.DecodeError, RecursionError):
        return None


def _list(data: bytes) -> list[Any]:
    try:
        return msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.DecodeError, RecursionError):
        raise OutboundFailed(reason="no_json") from None
