"""Asking clamd about a file, where the operator has one: INSTREAM, over a Unix socket or TCP.

It looks besides our own rules, never instead of them. When it does not answer, files travel with a mark, unless the
operator requires it.
"""

from __future__ import annotations

import asyncio
import os
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from server.errors import AppError
from server.settings import Settings
from server.work.clamd_address import parse_clamd

SECONDS = 60.0
PIECE_BYTES = 128 * 1024
ANSWER_BYTES = 4096
CLEAN, INFECTED, UNSCANNED = "clean", "infected", "unscanned"

log = structlog.get_logger()


class NotScanned(AppError):
    """No file is taken that was not looked through, and clamd does not answer: the bytes are kept, ask again."""

    status = 503
    code = "file_unscanned"

    def __init__(self) -> None:
        super().__init__(retry_ms=10_000)


async def scan(settings: Settings, file: int, size: int) -> str:
    """What clamd says of the bytes behind a descriptor: blank (none is asked), clean, infected, unscanned.

    Raises ``NotScanned`` where it is required and does not say.
    """
    if not settings.clamav:
        return ""
    try:
        async with asyncio.timeout(SECONDS):
            found = await _asked(settings, file, size)
    except (OSError, TimeoutError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as problem:
        log.warning("clamav.failed", reason=type(problem).__name__)
        found = UNSCANNED
    if found == UNSCANNED and settings.clamav_required:
        raise NotScanned()
    return found


async def _asked(settings: Settings, file: int, size: int) -> str:
    async with _line(settings) as (reader, writer):
        writer.write(b"zINSTREAM\0")
        for start in range(0, size, PIECE_BYTES):
            piece = os.pread(file, PIECE_BYTES, start)
            writer.write(struct.pack(">I", len(piece)) + piece)
            await writer.drain()
        writer.write(struct.pack(">I", 0))
        await writer.drain()
        return _meaning(await reader.readuntil(b"\0"))


def _meaning(said: bytes) -> str:
    """The answer's last word counts: what stands before it may come from the file."""
    answer = said.rstrip(b"\0\n ")
    if answer == b"stream: OK":
        return CLEAN
    if answer.endswith(b" FOUND"):
        return INFECTED
    log.warning("clamav.failed", reason="answered with an error")
    return UNSCANNED


@asynccontextmanager
async def _line(settings: Settings) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    place = parse_clamd(settings.clamav)
    if place.path:
        reader, writer = await asyncio.open_unix_connection(place.path, limit=ANSWER_BYTES)
    else:
        reader, writer = await asyncio.open_connection(place.host, place.port, limit=ANSWER_BYTES)
    try:
        yield reader, writer
    finally:
        writer.close()
