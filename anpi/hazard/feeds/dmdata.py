"""dmdata.jp, for who pays for it: a socket of JMA's own telegrams, early warnings included.

Its socket is asked for with the key, once a line; the ticket in its address is good for one. Every telegram carries
its name, its type, and itself, packed.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import gzip
import random
import zlib
from collections.abc import Awaitable, Callable
from typing import Annotated
from urllib.parse import urljoin, urlsplit

import msgspec
from msgspec import Meta, Struct

from anpi.hazard.feeds.aside import Aside
from anpi.hazard.feeds.health import Health
from anpi.hazard.feeds.pacing import after_trouble
from anpi.hazard.intake import MAX_TELEGRAM, Intake
from server.errors import AppError, Busy, Unavailable
from server.services import Services
from server.work.outbound import OutboundFailed
from server.work.outbound_socket import Line, line_to

SOURCE = "dmdata"
TYPES = ("VXSE43", "VXSE45", "VXSE51", "VXSE52", "VXSE53", "VXSE61", "VTSE41")
WEATHER = ("VPWW55", "VPWW56", "VPWW57", "VPWW58", "VPWW59", "VPWW60", "VPWW61")
PROTOCOL = "dmdata.v2"
ANSWER_BYTES = 64 * 1024
MESSAGE_BYTES = 4 * 1024 * 1024
ASK_SECONDS = 15.0
SILENT_SECONDS = 120.0
"""It pings each minute or so; then the line is dead."""
LIVED_SECONDS = 60.0
NAME_LIMIT = 200

Pause = Callable[[float], Awaitable[None]]


class Socket(Struct):
    """Where the line is, and its number, by which it is given back."""

    url: str
    id: int = 0


class Opened(Struct):
    """What asking for a socket gives."""

    websocket: Socket


class Head(Struct):
    """What a telegram is, before it is unpacked."""

    type: str = ""
    test: bool = False


class Message(Struct):
    """What comes over the line. ``pingId`` and ``xmlReport`` are written as the other side does."""

    type: str = ""
    pingId: Annotated[str, Meta(max_length=200)] = ""
    id: str = ""
    head: Head = msgspec.field(default_factory=Head)
    format: str = ""
    compression: str | None = None
    encoding: str | None = None
    body: str = ""


class Dmdata:
    """Listens until it is cancelled."""

    def __init__(
        self,
        services: Services,
        intake: Intake,
        health: Health,
        wants_weather: Callable[[], bool],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self._services = services
        self._intake = intake
        self._health = health
        self._wants_weather = wants_weather
        self._pause = pause
        self._base = services.settings.dmdata_url
        pair = base64.b64encode(f"{services.settings.dmdata_key}:".encode()).decode()
        self._headers = {"authorization": f"Basic {pair}", "content-type": "application/json"}
        self._aside = Aside(services.clock, self._take)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as together:
            together.create_task(self._lines(), name="dmdata's lines")
            together.create_task(self._aside.keep_trying(self._pause), name="dmdata's telegrams put aside")

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
        socket = await self._ask()
        try:
            async with line_to(
                self._services.outbound,
                socket.url,
                protocol=PROTOCOL,
                limit_bytes=MESSAGE_BYTES,
                purpose="hazard",
            ) as line:
                self._health.heard(self._services.clock())
                while True:
                    await self._hear(line)
        finally:
            # One line a contract: one that is not given back counts until its ping is missed.
            await self._give_back(socket)

    async def _ask(self) -> Socket:
        weather = self._wants_weather()
        classes = ["telegram.earthquake", "eew.warning", *(["telegram.weather"] if weather else [])]
        wanted = {
            "classifications": classes,
            "types": [*TYPES, *(WEATHER if weather else ())],
            "test": "no",
            "appName": "Renraku",
            "formatMode": "raw",
        }
        answer = await self._services.outbound.fetch(
            "POST",
            urljoin(self._base, "socket"),
            headers=self._headers,
            body=msgspec.json.encode(wanted),
            limit_bytes=ANSWER_BYTES,
            seconds=ASK_SECONDS,
            purpose="hazard",
        )
        if answer.status != 200:
            raise OutboundFailed(reason=f"http_{answer.status}")
        try:
            socket = msgspec.json.decode(answer.body, type=Opened).websocket
        except (msgspec.DecodeError, RecursionError):
            raise OutboundFailed(reason="no_json") from None
        if not self._is_theirs(socket.url):
            raise OutboundFailed(reason="host")
        return socket

    def _is_theirs(self, url: str) -> bool:
        """The line leads to the host that was asked, or to one below it."""
        try:
            here, there = urlsplit(self._base).hostname or "", urlsplit(url).hostname or ""
        except ValueError:
            return False
        return there == here or there.endswith(f".{here}")

    async def _give_back(self, socket: Socket) -> None:
        if socket.id:
            try:
                await self._services.outbound.fetch(
                    "DELETE",
                    urljoin(self._base, f"socket/{socket.id}"),
                    headers=self._headers,
                    limit_bytes=ANSWER_BYTES,
                    seconds=ASK_SECONDS,
                    purpose="hazard",
                )
            except AppError as problem:
                self._health.trouble(f"not_given_back_{problem.details.get('reason', problem.code)}")

    async def _hear(self, line: Line) -> None:
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                text = await line.receive()
        except TimeoutError:
            raise OutboundFailed(reason="silent") from None
        try:
            message = msgspec.json.decode(text, type=Message)
        except (msgspec.DecodeError, RecursionError):
            return
        self._health.tried(self._services.clock())
        self._health.heard(self._services.clock())
        if message.type == "ping":
            await line.send(msgspec.json.encode({"type": "pong", "pingId": message.pingId}).decode())
        elif message.type == "error":
            raise OutboundFailed(reason="told_to_go")
        elif message.type == "data" and message.head.type in (*TYPES, *WEATHER) and not message.head.test:
            await self._aside.take(message)

    async def _take(self, message: Message) -> bool:
        """Whether there is nothing left to do about it; not so while nothing can be written."""
        try:
            data = unpacked(message.body, message.encoding, message.compression)
            taken = await self._intake.telegram(SOURCE, message.id[:NAME_LIMIT], data)
        except AppError as problem:
            # One telegram must not end the line.
            self._health.trouble(f"message_{problem.details.get('reason', problem.code)}")
            return not isinstance(problem, (Busy, Unavailable))
        if not taken.known:
            self._health.heard(self._services.clock(), report=True)
        return True


def unpacked(body: str, encoding: str | None, compression: str | None) -> bytes:
    """The telegram's bytes, never more than a telegram has. Raises ``OutboundFailed``."""
    try:
        data = base64.b64decode(body, validate=True) if encoding == "base64" else body.encode()
        return _inflated(data) if compression == "gzip" else data
    except (binascii.Error, zlib.error, gzip.BadGzipFile, EOFError, UnicodeEncodeError):
        raise OutboundFailed(reason="packed") from None


def _inflated(data: bytes) -> bytes:
    """A few bytes may say that they are gigabytes: no more is unpacked than a telegram may have."""
    machine = zlib.decompressobj(wbits=31)
    read = machine.decompress(data, MAX_TELEGRAM + 1)
    if len(read) > MAX_TELEGRAM or not machine.eof:
        raise OutboundFailed(reason="packed")
    return read
