"""Bytes on their way in: one file for each upload, one writer at a time, a little memory, and an end to all waiting.

What is acknowledged is on the disk. An upload that breaks off goes on where its file ends: the file's size is the
offset, whatever happened to the process.
"""

from __future__ import annotations

import asyncio
import fcntl
import hashlib
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from server.data.store.folder import refused
from server.errors import AppError, Conflict

INCOMING = "incoming"
THREADS = 4
PIECE_BYTES = 256 * 1024
"""What is gathered before it is written: two of them are the memory of an upload."""
WINDOW_SECONDS = 60.0
WINDOW_BYTES = 64 * 1024
"""The least that comes in a window; an upload that is slower is broken off, to be taken up again."""

Answer = TypeVar("Answer")


class Held(AppError):
    """Another request writes this upload."""

    status = 423
    code = "upload_busy"

    def __init__(self) -> None:
        super().__init__(retry_ms=1000)


class TooSlow(AppError):
    """Too little came for too long."""

    status = 408
    code = "upload_slow"

    def __init__(self) -> None:
        # What is still on the line is not read any more.
        super().__init__(headers={"Connection": "close"})


class WrongOffset(Conflict):
    """The bytes do not go on where the file ends."""

    code = "upload_offset"

    def __init__(self, offset: int) -> None:
        super().__init__(headers={"Upload-Offset": str(offset), "Connection": "close"})


class Incoming:
    """The folder of uploads under way, and the threads that write there."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="uploads")

    def path(self, key: str) -> Path:
        return self._folder / key

    def size(self, key: str) -> int:
        """How many bytes have come."""
        try:
            return self.path(key).stat().st_size
        except FileNotFoundError:
            return 0

    @contextmanager
    def opened(self, key: str) -> Iterator[Arriving]:
        """The upload's file, for this one writer alone; raises ``Held``. A process that dies lets go of it."""
        with on_disk():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = os.open(self.path(key), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise Held() from None
            arriving = Arriving(file, self.path(key), self.run)
        except BaseException:
            os.close(file)
            raise
        try:
            yield arriving
        finally:
            arriving.close()

    async def run(self, work: Callable[..., Answer], *args: Any) -> Answer:
        """In a thread: a disk may be slow to answer."""
        with on_disk():
            return await asyncio.get_running_loop().run_in_executor(self._pool, work, *args)

    def forget(self, key: str) -> None:
        """The bytes are gone at once."""
        self.path(key).unlink(missing_ok=True)

    def left_behind(self, before: float) -> list[str]:
        """The files that nobody has written to since this moment (seconds)."""
        if not self._folder.is_dir():
            return []
        with os.scandir(self._folder) as entries:
            return [entry.name for entry in entries if _older(entry, before)]

    def close(self) -> None:
        self._pool.shutdown(wait=True)


class Arriving:
    """One upload's file, held by its one writer."""

    def __init__(self, file: int, path: Path, run: Callable[..., Any]) -> None:
        self.file = file
        self.path = path
        self._run = run
        self.size = os.lseek(file, 0, os.SEEK_END)
        # A thread that is still writing when its request has ended must not write into whatever has the number then.
        self._guard = threading.Lock()
        self._closed = False
        # Only for one that comes in one go: others are read again at their end.
        self._hash = hashlib.sha256() if self.size == 0 else None

    async def take(self, body: AsyncIterator[bytes], limit: int) -> None:
        """Append what comes, until the file has ``limit`` bytes. However it ends, what came is on the disk."""
        try:
            await self._take(_timely(body), limit)
        finally:
            await self._run(self._sync)

    async def sha256(self) -> str:
        """Of all that is there."""
        if self._hash is None:
            self._hash = await self._run(_hash_of, self.path)
        return self._hash.hexdigest()

    async def _take(self, body: AsyncIterator[bytes], limit: int) -> None:
        """The next piece is gathered while one is written."""
        writing: asyncio.Future[None] | None = None
        try:
            async for piece in _gathered(body):
                if self.size + len(piece) > limit:
                    raise MoreThanSaid(limit)
                if writing is not None:
                    await writing
                writing = asyncio.ensure_future(self._run(self._write, piece))
                self.size += len(piece)
        finally:
            if writing is not None:
                await writing

    def close(self) -> None:
        """Let go of it."""
        with self._guard:
            self._closed = True
            os.close(self.file)

    def _write(self, piece: bytearray) -> None:
        with self._guard:
            if self._closed:
                return
            rest = memoryview(piece)
            while rest:
                rest = rest[os.write(self.file, rest) :]
        if self._hash is not None:
            self._hash.update(piece)

    def _sync(self) -> None:
        with self._guard:
            if not self._closed:
                os.fsync(self.file)


class MoreThanSaid(AppError):
    """More bytes than were announced."""

    status = 413
    code = "too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(limit=limit, headers={"Connection": "close"})


async def _gathered(body: AsyncIterator[bytes]) -> AsyncIterator[bytearray]:
    """The same bytes in larger pieces; what came before the line broke is given too."""
    piece = bytearray()
    try:
        async for part in body:
            piece += part
            if len(piece) >= PIECE_BYTES:
                yield piece
                piece = bytearray()
    except Exception:
        if piece:
            yield piece
        raise
    if piece:
        yield piece


async def _timely(body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The body, as long as enough of it comes."""
    now = asyncio.get_running_loop().time
    parts = aiter(body)
    came, end = 0, now() + WINDOW_SECONDS
    while True:
        try:
            part = await asyncio.wait_for(anext(parts), max(0.0, end - now()))
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlow() from None
        yield part
        came += len(part)
        if came >= WINDOW_BYTES:
            came, end = 0, now() + WINDOW_SECONDS


@contextmanager
def on_disk() -> Iterator[None]:
    """The disk's refusals as ours."""
    try:
        yield
    except OSError as problem:
        raise refused(problem) from None


def _hash_of(path: Path) -> Any:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256")


def _older(entry: os.DirEntry[str], before: float) -> bool:
    try:
        return entry.stat(follow_symlinks=False).st_mtime < before
    except FileNotFoundError:
        return False
