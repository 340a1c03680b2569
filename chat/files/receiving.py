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
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from server.data.store.folder import refused
from server.errors import AppError, Conflict

INCOMING = "incoming"
THREADS = 4
SYNCING_THREADS = 2
"""Of their own: a slow disk holds up no other's bytes. Few: the database's own commits wait for the same disk."""
PIECE_BYTES = 384 * 1024
PIECE_PARTS = 256
"""What is gathered before it is written: two of them are the memory of an upload. uvloop reads 250 KB at once."""
PUSHED_BYTES = 512 * 1024
"""So much is sent on its way to the disk at once, long before it must be there."""
TURN_SECONDS = 0.002
UNIT_BYTES = 64 * 1024
UNITS_A_TURN = 24
"""What all uploads together read in a turn: so many parts, or so many times 64 KB. Fifty at once would otherwise be
20 ms of the loop, again and again, and the writer waits half a millisecond for the GIL at each statement. Between two
turns the others have it."""
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
        self._syncing = ThreadPoolExecutor(SYNCING_THREADS, thread_name_prefix="uploads-sync")
        self.turns = Turns()

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
            arriving = Arriving(file, self.path(key), self)
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
            return await self.begin(work, *args)

    async def sync(self, work: Callable[[], None]) -> None:
        """The same, for what waits until the disk has it."""
        with on_disk():
            await asyncio.get_running_loop().run_in_executor(self._syncing, work)

    def begin(self, work: Callable[..., Answer], *args: Any) -> asyncio.Future[Answer]:
        """The same, waited for later."""
        return asyncio.get_running_loop().run_in_executor(self._pool, work, *args)

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
        self._syncing.shutdown(wait=True)


class Turns:
    """A little of all uploads in each turn; whoever waits for longest comes first."""

    def __init__(self) -> None:
        self._left = UNITS_A_TURN
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def mine(self) -> None:
        """When it is one's turn to read a part."""
        if self._left <= 0:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            await turn
        else:
            self._spend(1)

    def came(self, size: int) -> None:
        """The part had so many bytes."""
        self._spend(size // UNIT_BYTES)

    def _spend(self, units: int) -> None:
        if self._left == UNITS_A_TURN and units:
            self._later()
        self._left -= units

    def _later(self) -> None:
        asyncio.get_running_loop().call_later(TURN_SECONDS, self._renew)

    def _renew(self) -> None:
        self._left = min(self._left + UNITS_A_TURN, UNITS_A_TURN)
        while self._left > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self._left -= 1
                turn.set_result(None)
        if self._left < UNITS_A_TURN:
            self._later()


class Arriving:
    """One upload's file, held by its one writer."""

    def __init__(self, file: int, path: Path, incoming: Incoming) -> None:
        self.file = file
        self.path = path
        self._incoming = incoming
        self.size = os.lseek(file, 0, os.SEEK_END)
        self._written = self._pushed = self.size
        # A thread that is still writing when its request has ended must not write into whatever has the number then.
        self._guard = threading.Lock()
        self._closed = False
        # Only for one that comes in one go: others are read again at their end.
        self._hash: Any = hashlib.sha256() if self.size == 0 else None

    async def take(self, body: AsyncIterator[bytes], limit: int) -> None:
        """Append what comes, until the file has ``limit`` bytes. However it ends, what came is on the disk."""
        try:
            await self._take(_timely(body, self._incoming.turns), limit)
        finally:
            await self._incoming.sync(self._sync)

    async def sha256(self) -> str:
        """Of all that is there."""
        if self._hash is None:
            self._hash = await self._incoming.run(_hash_of, self.path)
        told: str = self._hash.hexdigest()
        return told

    async def _take(self, body: AsyncIterator[bytes], limit: int) -> None:
        """The next piece is gathered while one is written."""
        writing: asyncio.Future[None] | None = None
        try:
            async for parts, size in _gathered(body):
                if self.size + size > limit:
                    raise MoreThanSaid(limit)
                await _written(writing)
                writing = self._incoming.begin(self._write, parts, size)
                self.size += size
        finally:
            await _written(writing)

    def close(self) -> None:
        """Let go of it."""
        with self._guard:
            self._closed = True
            os.close(self.file)

    def _write(self, parts: list[bytes], size: int) -> None:
        with self._guard:
            if self._closed:
                return
            _write_all(self.file, parts, size)
            self._written += size
            if self._written - self._pushed >= PUSHED_BYTES:
                self._push()
        if self._hash is not None:
            for part in parts:
                self._hash.update(part)

    def _push(self) -> None:
        """Begin to bring it to the disk, without waiting: when everything comes at the end, each commit of the
        database that falls into that moment waits for all of it too."""
        start, self._pushed = self._pushed, self._written
        # Not on every system. Linux begins to write out what it is to forget.
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(self.file, start, self._pushed - start, os.POSIX_FADV_DONTNEED)

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


async def _gathered(body: AsyncIterator[bytes]) -> AsyncIterator[tuple[list[bytes], int]]:
    """The same bytes in larger pieces, with their size; what came before the line broke is given too."""
    parts: list[bytes] = []
    size = 0
    try:
        async for part in body:
            parts.append(part)
            size += len(part)
            if size >= PIECE_BYTES or len(parts) >= PIECE_PARTS:
                yield parts, size
                parts, size = [], 0
    except Exception:
        if parts:
            yield parts, size
        raise
    if parts:
        yield parts, size


async def _timely(body: AsyncIterator[bytes], turns: Turns) -> AsyncIterator[bytes]:
    """The body, as long as enough of it comes."""
    now = asyncio.get_running_loop().time
    parts = aiter(body)
    came, end = 0, now() + WINDOW_SECONDS
    while True:
        await turns.mine()
        try:
            # Without a task for each part, as ``wait_for`` makes one.
            async with asyncio.timeout_at(max(now(), end)):
                part = await anext(parts)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise TooSlow() from None
        turns.came(len(part))
        yield part
        came += len(part)
        if came >= WINDOW_BYTES:
            came, end = 0, now() + WINDOW_SECONDS


async def _written(writing: asyncio.Future[None] | None) -> None:
    if writing is not None:
        with on_disk():
            await writing


def _write_all(file: int, parts: list[bytes], size: int) -> None:
    written = os.writev(file, parts)
    if written < size:
        rest = memoryview(b"".join(parts))[written:]
        while rest:
            rest = rest[os.write(file, rest) :]


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
