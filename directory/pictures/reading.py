"""From the bytes that somebody sends to a picture of ours: by way of the sandbox, and through no file with a name."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import msgspec
from starlette.requests import Request

from directory.pictures.model import MOST_BYTES, MOST_PIXELS, Form, Picture
from server.errors import AppError, Invalid, Unavailable
from server.services import Services
from server.work.sandbox import SandboxFailed

FUNCTION = "directory.picture"
SECONDS = 20.0
ANSWER_BYTES = 4 * 1024 * 1024


class NoPicture(Invalid):
    """Neither JPEG nor PNG nor GIF, by its bytes."""

    code = "picture_type"


class TooManyPixels(Invalid):
    """It would not fit into memory when unpacked."""

    code = "picture_pixels"

    def __init__(self) -> None:
        super().__init__(limit=MOST_PIXELS // 10_000)


_REFUSALS: dict[str, Callable[[], AppError]] = {
    "type": NoPicture,
    "pixels": TooManyPixels,
    "damage": SandboxFailed,
}


class Redrawn(msgspec.Struct):
    """What the sandbox says; ``fault`` is blank when there is a picture."""

    fault: str
    media: str
    large: bytes
    small: bytes


async def read_picture(services: Services, file: int, form: Form = "photo") -> Picture:
    """The picture behind a descriptor that is open for reading alone.

    Refused: what is no JPEG, PNG or GIF by its bytes, what is damaged, and what has too many pixels.
    """
    drawn = await services.sandbox.run(
        FUNCTION, form, seconds=SECONDS, answer=Redrawn, answer_bytes=ANSWER_BYTES, file=file
    )
    if drawn.fault:
        raise _REFUSALS[drawn.fault]()
    return Picture(drawn.media, drawn.large, drawn.small)


async def sent_picture(services: Services, request: Request, form: Form) -> Picture:
    """The picture that is the body of a request."""
    request.state.body_limit = MOST_BYTES
    with _nameless() as (writing, reading):
        async for part in request.stream():
            _write(writing, part)
        return await read_picture(services, reading, form)


@contextmanager
def _nameless() -> Iterator[tuple[int, int]]:
    """A file open for writing, and for reading alone; its name is gone, so that whatever happens nothing stays."""
    writing, path = tempfile.mkstemp(prefix="renraku-picture-")
    try:
        reading = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    finally:
        os.unlink(path)
    try:
        yield writing, reading
    finally:
        os.close(writing)
        os.close(reading)


def _write(file: int, part: bytes) -> None:
    try:
        while part:
            part = part[os.write(file, part) :]
    except OSError:
        # The disk is full, and not the picture to blame.
        raise Unavailable() from None
