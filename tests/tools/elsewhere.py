"""Another company's server, and a resolver of our own, for what goes out."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from server.work.outbound import Answer, Outbound, OutboundFailed, OutboundRefused
from server.work.resolving import Resolver

LONG = 30.0
"""Seconds that no request here needs."""

Handler = Callable[["Visit"], Awaitable[None]]


class Visit:
    """One request as it arrived."""

    def __init__(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        lines = head.decode().split("\r\n")
        self.request = lines[0]
        self.fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
        self.reader = reader
        self.writer = writer

    def answer(self, body: bytes = b"", status: str = "200 OK", *fields: str) -> None:
        head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *fields])
        self.writer.write(f"{head}\r\n\r\n".encode() + body)


class Other:
    """Another company's server, which does what a test tells it."""

    def __init__(self) -> None:
        self.visits: list[Visit] = []
        self.connections = 0
        self.handler: Handler = self.greet
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://other.test:{self.port}"

    async def greet(self, visit: Visit) -> None:
        visit.answer("こんにちは".encode())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        with contextlib.closing(writer), contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                visit = Visit(await reader.readuntil(b"\r\n\r\n"), reader, writer)
                self.visits.append(visit)
                await self.handler(visit)


@contextlib.asynccontextmanager
async def served(tls: ssl.SSLContext | None = None) -> AsyncIterator[Other]:
    other, tasks = Other(), set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        tasks.add(asyncio.current_task())
        await other.serve(reader, writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    other.port = server.sockets[0].getsockname()[1]
    try:
        yield other
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Names:
    """A resolver of our own: each name has what was said last, and it is written down who asked."""

    def __init__(self, **known: list[str]) -> None:
        self.known = {name.replace("_", "."): addresses for name, addresses in known.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, _port: int) -> list[str]:
        self.asked.append(host)
        if host not in self.known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return self.known[host]


@contextlib.asynccontextmanager
async def door(names: Names, *listed: str, enabled: bool = True) -> AsyncIterator[Outbound]:
    door = Outbound(enabled, listed, Resolver(listed, names))
    try:
        yield door
    finally:
        await door.close()


async def get(door: Outbound, url: str, **given: Any) -> Answer:
    usual: dict[str, Any] = {"limit_bytes": 100_000, "seconds": LONG, "purpose": "test"}
    return await door.fetch("GET", url, **(usual | given))


def reason(refused: pytest.ExceptionInfo[OutboundFailed] | pytest.ExceptionInfo[OutboundRefused]) -> str:
    return str(refused.value.details["reason"])


async def nothing(visit: Visit) -> None:
    await visit.reader.read(1)
