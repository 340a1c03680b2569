"""A file's bytes, wherever they are asked for: by position, never moving it, never all at once."""

from __future__ import annotations

import os
from typing import Protocol


class Source(Protocol):
    """What the rules read from."""

    size: int

    def read(self, offset: int, length: int) -> bytes:
        """So many bytes from there, or as many as there are."""


class OpenFile:
    """A file that is open for reading."""

    def __init__(self, file: int) -> None:
        self._file = file
        self.size = os.fstat(file).st_size

    def read(self, offset: int, length: int) -> bytes:
        if not 0 <= offset < self.size or length <= 0:
            return b""
        return os.pread(self._file, length, offset)


class Held:
    """Bytes that are in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)

    def read(self, offset: int, length: int) -> bytes:
        return self._data[offset : offset + length] if offset >= 0 and length > 0 else b""
