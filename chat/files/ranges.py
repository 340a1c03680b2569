"""One part of a file, as ``Range`` asks for it. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from server.errors import AppError

_ONE = re.compile(r"bytes=(\d{0,15})-(\d{0,15})\Z")


class OutOfRange(AppError):
    """It begins after the end."""

    status = 416
    code = "range"

    def __init__(self, size: int) -> None:
        super().__init__(headers={"Content-Range": f"bytes */{size}"})


@dataclass(frozen=True, slots=True)
class Part:
    """From ``start``, ``length`` bytes; ``whole`` when nothing else was asked for, or not in a way that we read."""

    start: int
    length: int
    whole: bool


def part_of(asked: str | None, size: int) -> Part:
    """What is to be sent; raises ``OutOfRange``. Several parts at once nobody needs: the whole answers that too."""
    found = _ONE.match(asked.replace(" ", "")) if asked and len(asked) < 100 else None
    if found is None or not (found[1] or found[2]):
        return Part(0, size, True)
    if not found[1]:
        return _last(int(found[2]), size)
    start, end = int(found[1]), min(int(found[2]) if found[2] else size - 1, size - 1)
    if found[2] and int(found[2]) < start:
        return Part(0, size, True)
    if start >= size:
        raise OutOfRange(size)
    return Part(start, end - start + 1, False)


def _last(count: int, size: int) -> Part:
    if count == 0 or size == 0:
        raise OutOfRange(size)
    return Part(max(0, size - count), min(count, size), False)
