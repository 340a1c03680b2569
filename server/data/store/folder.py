"""Objects as files of one folder. A name appears when its bytes are on the disk: write, fsync, rename, fsync of the
folder."""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

import structlog

from server.data.space import DiskFull
from server.data.store.model import PIECE_BYTES, Missing, Object, StoreFailed, checked

THREADS = 4
PUTTING_THREADS = 4
WALKED_AT_ONCE = 500
HALF_MADE = "."
"""What a file's name begins with until it is whole: no object's name does."""
HALF_MADE_SECONDS = 24 * 3600
_fdatasync = getattr(os, "fdatasync", os.fsync)

Answer = TypeVar("Answer")

log = structlog.get_logger()


class Folder:
    """A store in a folder, which is made with the first object."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="store")
        # A slow fsync holds up no reading.
        self._putting = ThreadPoolExecutor(PUTTING_THREADS, thread_name_prefix="store-put")

    async def put(self, name: str, source: Path | bytes, *, given: bool = False) -> int:
        return await self._run(_put, self._root, checked(name), source, given, pool=self._putting)

    async def size(self, name: str) -> int:
        found = await self._run(os.stat, self._root / checked(name))
        return found.st_size

    async def read(self, name: str, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        file = await self._opened(self._root / checked(name))
        try:
            end = (await self._run(os.fstat, file)).st_size
            if length is not None:
                end = min(end, start + length)
            while start < end:
                piece = await self._run(os.pread, file, min(PIECE_BYTES, end - start), start)
                if not piece:
                    return
                start += len(piece)
                yield piece
        finally:
            os.close(file)

    async def remove(self, names: Iterable[str]) -> None:
        await self._run(_remove, self._root, [checked(name) for name in names])

    async def walk(self, prefix: str) -> AsyncIterator[Object]:
        found = _walk(self._root, self._root / checked(prefix))
        while batch := await self._run(lambda: list(islice(found, WALKED_AT_ONCE))):
            for each in batch:
                yield each

    async def close(self) -> None:
        self._pool.shutdown(wait=True)
        self._putting.shutdown(wait=True)

    async def _opened(self, path: Path) -> int:
        """A descriptor; closed if whoever wanted it has gone when it comes."""
        opening = asyncio.ensure_future(self._run(os.open, path, os.O_RDONLY | os.O_CLOEXEC))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close_late)
            raise

    async def _run(
        self, work: Callable[..., Answer], *args: object, pool: ThreadPoolExecutor | None = None
    ) -> Answer:
        """In a thread: a disk may be slow to answer."""
        try:
            return await asyncio.get_running_loop().run_in_executor(pool or self._pool, partial(work, *args))
        except FileNotFoundError:
            raise Missing() from None
        except OSError as problem:
            raise refused(problem) from None


def _close_late(opening: asyncio.Future[int]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        os.close(opening.result())


def refused(problem: OSError) -> DiskFull | StoreFailed:
    """What somebody is told when the disk does not take it."""
    log.warning("store.failed", reason=problem.strerror)
    return DiskFull() if problem.errno in (errno.ENOSPC, errno.EDQUOT) else StoreFailed()


def _put(root: Path, name: str, source: Path | bytes, given: bool) -> int:
    place = root / name
    _make_folders(root, place.parent)
    half = place.parent / f"{HALF_MADE}{secrets.token_hex(8)}"
    try:
        _fill(half, source, given)
        size = half.stat().st_size
        half.replace(place)
    finally:
        # A rename onto the same file (a put that is repeated) leaves both names.
        half.unlink(missing_ok=True)
    # Without it a crash may keep the bytes and lose the name.
    _sync(place.parent)
    return size


def _fill(half: Path, source: Path | bytes, given: bool) -> None:
    """A file with these bytes, on the disk."""
    if isinstance(source, bytes):
        with half.open("xb") as file:
            file.write(source)
    elif not (given and _linked(source, half)):
        with source.open("rb") as original, half.open("xb") as file:
            shutil.copyfileobj(original, file, PIECE_BYTES)
    _sync_bytes(half)


def _linked(source: Path, half: Path) -> bool:
    """Whether the file has got a second name: not between two disks, and not on every file system."""
    try:
        os.link(source, half)
    except FileNotFoundError:
        raise
    except OSError:
        return False
    return True


def _make_folders(root: Path, folder: Path) -> None:
    """With each new one's name in its parent on the disk."""
    if folder.is_dir():
        return
    if folder != root:
        _make_folders(root, folder.parent)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _sync(folder.parent)


def _sync_bytes(path: Path) -> None:
    """Of a file that is given they are mostly there already: an fsync would begin a new turn of the disk's own log,
    to say that the file has a second name, which the folder says anyway."""
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        _fdatasync(file)
    finally:
        os.close(file)


def _sync(path: Path) -> None:
    file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def _remove(root: Path, names: list[str]) -> None:
    for name in names:
        (root / name).unlink(missing_ok=True)


def _walk(root: Path, folder: Path) -> Iterator[Object]:
    if not folder.is_dir():
        return
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(root, Path(entry.path))
            elif entry.name.startswith(HALF_MADE):
                _forget_half_made(entry)
            elif (found := _stat(entry)) is not None:
                name = Path(entry.path).relative_to(root).as_posix()
                yield Object(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))


def _forget_half_made(entry: os.DirEntry[str]) -> None:
    """What a process has left that died: of its age nobody is at it any more."""
    found = _stat(entry)
    if found is not None and time.time() - found.st_mtime > HALF_MADE_SECONDS:
        Path(entry.path).unlink(missing_ok=True)


def _stat(entry: os.DirEntry[str]) -> os.stat_result | None:
    """None when it has gone meanwhile."""
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None
