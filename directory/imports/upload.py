"""An upload while it is worked on: in memory, never on a disk, because it may hold passwords."""

from __future__ import annotations

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager

from server.errors import Busy, Invalid

UPLOAD_LIMIT = 128 * 1024 * 1024
SILENT_SECONDS = 30.0
UPLOAD_SECONDS = 600.0
RETRY_MS = 5000
ZIP = b"PK\x03\x04"


class Upload:
    """The bytes of a request, its size and its SHA-256, and whatever is put behind them for the sandbox."""

    def __init__(self) -> None:
        self._file = _memory()
        self._hash = hashlib.sha256()
        self.size = 0

    async def take(self, body: AsyncIterator[bytes]) -> Upload:
        """Read the request's body to its end. One that stalls is given up: the next import waits behind it."""
        now = asyncio.get_running_loop().time
        end = now() + UPLOAD_SECONDS
        try:
            async with asyncio.timeout(SILENT_SECONDS) as limit:
                async for chunk in body:
                    self._add(chunk)
                    limit.reschedule(min(end, now() + SILENT_SECONDS))
        except TimeoutError:
            raise Busy(retry_ms=RETRY_MS) from None
        return self

    @property
    def is_zip(self) -> bool:
        """By its first bytes, as .xlsx is too."""
        return os.pread(self._file, len(ZIP), 0) == ZIP

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def add(self, frames: Iterable[bytes]) -> None:
        """Put more behind it."""
        for frame in frames:
            self._write(frame)

    @contextmanager
    def read(self) -> Iterator[int]:
        """A descriptor of its own, at the beginning, open for reading alone."""
        file = os.open(f"/proc/self/fd/{self._file}", os.O_RDONLY)
        try:
            yield file
        finally:
            os.close(file)

    def close(self) -> None:
        os.close(self._file)

    def _add(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self.size > UPLOAD_LIMIT:
            raise Invalid("too_large", limit=UPLOAD_LIMIT)
        self._hash.update(chunk)
        self._write(chunk)

    def _write(self, chunk: bytes) -> None:
        rest = memoryview(chunk)
        while rest:
            rest = rest[os.write(self._file, rest) :]


def _memory() -> int:
    """A file that only this process has."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("import", os.MFD_CLOEXEC)
    number, path = tempfile.mkstemp()
    os.unlink(path)
    return number
