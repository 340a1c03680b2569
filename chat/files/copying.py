"""The file that is kept, put together of pieces of the one that was sent."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

PART_BYTES = 1024 * 1024
MOST_ADDED_BYTES = 4096
"""What may stand between the pieces, in all: a few markers."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """Places of the file that was sent, in their order, and a few bytes between them."""

    parts: tuple[tuple[int, int] | bytes, ...]

    @classmethod
    def of(cls, parts: Sequence[tuple[int, int] | bytes], size: int) -> Pieces | None:
        """What the sandbox has named, if it is what it should be: pieces of the file, one after the other."""
        reached, added = 0, 0
        for part in parts:
            if isinstance(part, bytes):
                added += len(part)
                continue
            start, length = part
            if start < reached or length < 0 or start + length > size:
                return None
            reached = start + length
        return cls(tuple(parts)) if added <= MOST_ADDED_BYTES else None


def write_copy(pieces: Pieces, source: int, target: int) -> int:
    """Write the kept file, and give its size. Waits for the disk: not for the loop."""
    written = 0
    for part in pieces.parts:
        if isinstance(part, bytes):
            written += _write(target, part)
            continue
        start, length = part
        while length > 0:
            data = os.pread(source, min(length, PART_BYTES), start)
            if not data:
                raise OSError("the file has become shorter")
            written += _write(target, data)
            start, length = start + len(data), length - len(data)
    return written


def _write(target: int, data: bytes) -> int:
    view = memoryview(data)
    while view:
        view = view[os.write(target, view) :]
    return len(data)
