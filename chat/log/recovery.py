"""Bringing the open segment's file to what the database says: after a crash, on another machine, after a full disk.

The database decides. A torn last line is cut, lines that are missing are appended byte for byte. A file that says
something else than the database is not overwritten: it is set aside, and written anew.
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import structlog

from chat.log import files, queries
from chat.log.files import LINES_A_QUESTION, OpenFile
from chat.log.manifests import Broken, Summary
from chat.log.segments import Segment
from server.clock import to_millis
from server.services import Services

log = structlog.get_logger()


async def recovered(services: Services, segment: Segment) -> OpenFile:
    """The segment's file with exactly the lines that the database has for it."""
    path = files.path_of(services, segment)
    summary = await _kept(services, path, segment)
    file = await asyncio.to_thread(OpenFile, path, summary)
    try:
        await _append_missing(services, file, segment)
    except BaseException:
        file.close()
        raise
    return file


async def rewritten(services: Services, segment: Segment) -> OpenFile:
    """The file anew, out of the rows; the one that is there is set aside."""
    path = files.path_of(services, segment)
    if path.exists():
        _set_aside(services, path, "rewritten")
    return await recovered(services, segment)


async def _append_missing(services: Services, file: OpenFile, segment: Segment) -> None:
    summary = file.summary
    while summary.last_n < segment.last_n:
        lines = await services.readers.ask(
            queries.lines, summary.last_hash, summary.last_n, segment.last_n, LINES_A_QUESTION
        )
        if not lines:
            raise LookupError(f"line {summary.last_n + 1} of the talk log is neither in its file nor a row")
        await asyncio.to_thread(file.append, lines)


async def _kept(services: Services, path: Path, segment: Segment) -> Summary:
    """What of the file is right; the rest of it is cut off, or the whole is set aside."""
    empty = Summary(segment.prev_hash, segment.first_n)
    size = files.size_of(path)
    if size is None:
        return empty
    summary, reason = await _sound_beginning(path, segment)
    if not reason and summary.last_n > segment.last_n:
        reason = "ahead of the database"
    if not reason and summary.lines and not await _agrees(services, segment, summary):
        reason = "another chain"
    if reason:
        _set_aside(services, path, reason)
        return empty
    torn = size - summary.bytes
    if torn:
        log.warning("talklog.torn_line_cut", file=path.name, bytes=torn, n=summary.last_n + 1)
        await asyncio.to_thread(_cut, path, summary.bytes)
    return summary


async def _sound_beginning(path: Path, segment: Segment) -> tuple[Summary, str]:
    """What its whole lines say, and what is wrong with them. Only the last one may be torn: nothing else is a crash's
    doing."""
    summary = Summary(segment.prev_hash, segment.first_n)
    async for lines in files.whole_lines(files.read_in_pieces(path)):
        if not lines[-1].endswith(b"\n"):
            lines.pop()
        try:
            await asyncio.to_thread(summary.check, lines)
        except Broken as broken:
            return summary, str(broken)
    return summary, ""


async def _agrees(services: Services, segment: Segment, summary: Summary) -> bool:
    if summary.last_n == segment.last_n:
        return summary.last_hash == segment.last_hash
    return summary.last_hash == await services.readers.ask(queries.hash_at, summary.last_n)


def _set_aside(services: Services, path: Path, reason: str) -> None:
    kept = files.set_aside(path, to_millis(services.clock()))
    log.error("talklog.file_set_aside", file=path.name, kept=kept.name, reason=reason)


def _cut(path: Path, size: int) -> None:
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.ftruncate(file, size)
        os.fsync(file)
    finally:
        os.close(file)
