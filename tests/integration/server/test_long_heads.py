"""The head of a request has an end: nobody fills the memory with one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tools.running import Running, running, settings_for

BEGINNING = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
PART = 64 * 1024
PARTS = 400


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Running]:
    async with running(settings_for(tmp_path)) as here:
        yield here


@pytest.mark.parametrize(
    ("beginning", "more"),
    [
        (b"GET /", b"a" * PART),
        (BEGINNING + b"X-Long: ", b"a" * PART),
        (BEGINNING, b"X-Many: a\r\n" * (PART // 11)),
    ],
    ids=["address", "one header", "many headers"],
)
async def test_a_head_without_end_is_cut(server: Running, beginning: bytes, more: bytes):
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(beginning)
    with pytest.raises(ConnectionError):
        for _ in range(PARTS):
            writer.write(more)
            await writer.drain()
    writer.close()


async def test_a_long_head_that_ends_is_heard_however_many_there_were_before(server: Running):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    for _ in range(20):
        writer.write(BEGINNING + b"X-Long: " + b"a" * PART)
        await writer.drain()
        writer.write(b"\r\n\r\n")
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
    writer.close()
