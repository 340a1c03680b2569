"""One connection to Redis or Valkey, as little as a bus needs: commands go out at once, answers and pushes come in.

redis-py reads its URL and knows how to write commands; its ``listen()`` costs 17 µs a message, the parser alone 2.
RESP3 (Redis 6 and every Valkey): subscriptions and commands share the line, so their order is one order.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, cast
from urllib.parse import parse_qs, urlsplit

import hiredis
from msgspec import Struct

CONNECT_SECONDS = 3.0
UNSENT_LIMIT = 8 * 1024 * 1024
"""Bytes that may wait for a Redis that stands still; beyond, what is published is lost."""


class LineLost(Exception):
    """Redis cannot be reached, or has gone."""


class Address(Struct, frozen=True):
    """Where Redis is, out of ``redis://``, ``rediss://`` or ``unix://``; ``prefix`` keeps companies apart."""

    host: str = "localhost"
    port: int = 6379
    path: str = ""
    username: str = ""
    password: str = ""
    tls: bool = False
    prefix: str = ""


def parse_address(url: str) -> Address:
    """Raises ``ValueError`` for what is no address of a Redis."""
    # Only where there is a Redis: it takes a quarter of a second to load.
    from redis.asyncio.connection import SSLConnection, parse_url

    found: dict[str, Any] = dict(parse_url(url))
    prefix = parse_qs(urlsplit(url).query).get("prefix", [""])[-1]
    return Address(
        host=found.get("host", "localhost"),
        port=found.get("port", 6379),
        path=found.get("path", ""),
        username=found.get("username", ""),
        password=found.get("password", ""),
        tls=found.get("connection_class") is SSLConnection,
        prefix=prefix,
    )


class RedisLine(asyncio.Protocol):
    """An open connection. ``on_message`` gets the bytes of each message of a subscribed channel."""

    def __init__(self, on_message: Callable[[bytes], None], on_lost: Callable[[RedisLine], None]) -> None:
        self._reader = hiredis.Reader()
        self._on_message = on_message
        self._on_lost = on_lost
        self._answers: deque[asyncio.Future[Any] | None] = deque()
        self._transport: asyncio.Transport | None = None

    async def ask(self, *words: str | bytes) -> Any:
        """The answer to a command; ``LineLost`` when the line goes first."""
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._send(words, answer)
        return await answer

    def tell(self, *words: str | bytes) -> bool:
        """Send a command whose answer nobody needs; whether it was given to the line."""
        if self._transport is None or self._transport.get_write_buffer_size() > UNSENT_LIMIT:
            return False
        self._send(words, None)
        return True

    def close(self) -> None:
        """Cut the line, whatever it still holds."""
        if self._transport is not None:
            self._transport.abort()

    def _send(self, words: tuple[str | bytes, ...], answer: asyncio.Future[Any] | None) -> None:
        if self._transport is None:
            raise LineLost("not connected")
        self._answers.append(answer)
        self._transport.write(hiredis.pack_command(words))  # type: ignore[arg-type]

    # ------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        try:
            self._reader.feed(data)
            while (reply := self._reader.gets()) is not False:
                self._take(reply)
        except hiredis.ProtocolError:
            self.close()

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None
        for answer in self._answers:
            if answer is not None and not answer.done():
                answer.set_exception(LineLost("the line to Redis was lost"))
        self._answers.clear()
        self._on_lost(self)

    def _take(self, reply: Any) -> None:
        if isinstance(reply, hiredis.PushNotification):
            if reply[0] == b"message":
                return self._on_message(reply[2])
            if reply[0] != b"subscribe":
                return None
        self._answer(reply)
        return None

    def _answer(self, reply: Any) -> None:
        answer = self._answers.popleft() if self._answers else None
        if answer is None or answer.done():
            return
        if isinstance(reply, hiredis.ReplyError):
            answer.set_exception(LineLost(str(reply)))
        else:
            answer.set_result(reply)


async def connect(address: Address, line: RedisLine, channels: list[str], mark: bytes) -> None:
    """Open the line, greet, subscribe, and publish ``mark``. Raises ``LineLost`` within a few seconds if that, or the
    right to do it, cannot be had."""
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await _open(address, line)
            who = ("AUTH", address.username or "default", address.password) if address.password else ()
            await line.ask("HELLO", "3", *who)
            for channel in channels:
                await line.ask("SUBSCRIBE", channel)
            await line.ask("PUBLISH", channels[0], mark)
    except (OSError, TimeoutError) as problem:
        line.close()
        raise LineLost(str(problem) or "no answer") from None
    except LineLost:
        line.close()
        raise


async def _open(address: Address, line: RedisLine) -> None:
    loop = asyncio.get_running_loop()
    if address.path:
        await loop.create_unix_connection(lambda: line, address.path)
        return
    context = ssl.create_default_context() if address.tls else None
    await loop.create_connection(lambda: line, address.host, address.port, ssl=context)
