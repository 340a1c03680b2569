"""A store of bytes: objects under names, each whole or not there. What a folder and a bucket both promise."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from server.errors import AppError

PIECE_BYTES = 256 * 1024
"""The most that is read, and held in memory, at once."""

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}(/[a-z0-9][a-z0-9._-]{0,99}){0,7}\Z")


class Missing(Exception):
    """There is no object of this name."""


class StoreFailed(AppError):
    """The place where files are kept does not answer, or not in time."""

    status = 503
    code = "store_failed"

    def __init__(self) -> None:
        super().__init__(retry_ms=5000)


@dataclass(frozen=True, slots=True)
class Object:
    """What lies in the store."""

    name: str
    size: int
    modified: datetime


class Store(Protocol):
    """Where bytes are kept. Whatever fails at the place itself is ``StoreFailed``, or ``DiskFull``."""

    async def put(self, name: str, source: Path | bytes, *, given: bool = False) -> int:
        """Keep these bytes under ``name``; durable when this returns. An object of that name is replaced.

        The file at ``source`` stays. ``given``: nobody writes into it any more, so it need not be copied. Returns
        the size.
        """

    async def size(self, name: str) -> int:
        """How many bytes the object has; raises ``Missing``."""

    def read(self, name: str, start: int = 0, length: int | None = None) -> AsyncGenerator[bytes, None]:
        """Its bytes from ``start`` on, at most ``length``, in small pieces. The first step raises ``Missing``."""

    async def remove(self, names: Iterable[str]) -> None:
        """Take these away; those that are missing are no fault."""

    def walk(self, prefix: str) -> AsyncIterator[Object]:
        """Every object whose name begins with ``prefix/``, in no order."""

    async def close(self) -> None:
        """Let go of threads and lines."""


def checked(name: str) -> str:
    """A name as every store can hold it. Names are made by us: another one is a bug."""
    if not _NAME.match(name):
        raise ValueError(f"no name for an object: {name!r}")
    return name
