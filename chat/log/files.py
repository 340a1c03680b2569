"""The file of the open segment: lines are appended and brought to the disk. The database decides, it follows.

It lies in ``var/talklog`` of the process that numbers, and is never served: what is served are the rows, or the
stored file once its segment is closed.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import AsyncIterator
from pathlib import Path

from chat.log import queries, segments
from chat.log.line import hash_of, n_of
from chat.log.manifests import Summary
from chat.log.segments import EXPIRED, STORED, Segment
from server.data.store.model import Missing
from server.services import Services

FOLDER = "talklog"
LINES_A_QUESTION = 500


class OpenFile:
    """The file, and what a manifest would say of it. Its methods block."""

    def __init__(self, path: Path, summary: Summary) -> None:
        self.path = path
        self.summary = summary
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        # A thread that is still writing when nobody waits for it must not write into whatever has the number then.
        self._guard = threading.Lock()
        self._closed = False
        _sync_folder(path.parent)

    def append(self, lines: list[bytes]) -> None:
        """On the disk when this returns; of a file that has been closed, nothing."""
        data = memoryview(b"".join(lines))
        with self._guard:
            if self._closed:
                return
            while data:
                data = data[os.write(self._file, data) :]
            os.fsync(self._file)
            self.summary.add(lines)

    def close(self) -> None:
        with self._guard:
            self._closed = True
            os.close(self._file)


def path_of(services: Services, segment: Segment) -> Path:
    """Where a segment's file lies while it is not stored."""
    folder: Path = services.settings.var / FOLDER
    return folder / f"{segment.name}.jsonl"


def size_of(path: Path) -> int | None:
    """The size of a local file; None if there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return None


def set_aside(path: Path, at: int) -> Path:
    """Keep a file that does not agree with the database under another name."""
    other = path.with_name(f"{path.name}.aside-{at}")
    path.rename(other)
    _sync_folder(path.parent)
    return other


async def stream(services: Services, segment: Segment) -> AsyncIterator[bytes]:
    """A segment's lines in pieces: from the store, or from its rows as long as it is not there.

    Raises ``Missing`` for one that has expired, or whose file has gone.
    """
    if segment.state == EXPIRED:
        raise Missing()
    if segment.state != STORED:
        prev, n = segment.prev_hash, segment.first_n - 1
        while found := await services.readers.ask(queries.lines, prev, n, segment.last_n, LINES_A_QUESTION):
            if n_of(found[0]) != n + 1:
                break
            yield b"".join(found)
            prev, n = hash_of(found[-1]), n + len(found)
        if n < segment.last_n:
            # It has been stored meanwhile, and its rows have gone: the rest is there.
            async for piece in _rest(services, segment, n):
                yield piece
        return
    async for piece in services.store.read(f"{segments.place(segment.day, segment.part)}.jsonl"):
        yield piece


async def _rest(services: Services, segment: Segment, n: int) -> AsyncIterator[bytes]:
    """The stored segment's lines after number ``n``."""
    skip = n - segment.first_n + 1
    async for piece in services.store.read(f"{segments.place(segment.day, segment.part)}.jsonl"):
        if skip == 0:
            yield piece
            continue
        lines = piece.split(b"\n")
        taken = min(skip, len(lines) - 1)
        skip -= taken
        if skip == 0:
            yield b"\n".join(lines[taken:])


async def whole_lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """The lines in these pieces, each with its newline; what comes after the last one, as a line of its own."""
    rest = b""
    async for piece in pieces:
        parts = (rest + piece).split(b"\n")
        rest = parts.pop()
        if parts:
            yield [part + b"\n" for part in parts]
    if rest:
        yield [rest]


async def summarised(pieces: AsyncIterator[bytes], segment: Segment) -> Summary:
    """All lines checked, in small portions: while one is computed the server does other things.

    Raises ``Broken`` at the first line that does not continue the chain.
    """
    summary = Summary(segment.prev_hash, segment.first_n)
    async for lines in whole_lines(pieces):
        await asyncio.to_thread(summary.check, lines)
    return summary


def read_in_pieces(path: Path, size: int = 256 * 1024) -> AsyncIterator[bytes]:
    """A local file, read in threads."""
    return _read_in_pieces(path, size)


async def _read_in_pieces(path: Path, size: int) -> AsyncIterator[bytes]:
    # Opened here: of a thread whose answer nobody waits for any more, the file would stay open.
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, size):
            yield piece


def _sync_folder(folder: Path) -> None:
    # Without it a crash may keep the bytes and lose the name.
    opened = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
