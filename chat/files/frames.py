"""What the talk says about files, and about those that may travel."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from server.live.frames import Command, Frame

FileId = Annotated[str, Meta(pattern="^[a-z2-7]{26}\\Z", max_length=26)]
"""128 random bits in base32."""
FILES_LIMIT = 10
"""Files in one message."""


class File(Struct, omit_defaults=True, frozen=True, gc=False):
    """A file as a message carries it, found under ``/files/{id}/{name}``.

    ``media`` is there for pictures alone, whose bytes were verified; they may be shown where they stand, with
    ``width`` and ``height`` in pixels, and ``/files/{id}/thumbnail`` when ``thumbnail`` is set. ``uninspected``: its
    contents could not be looked into.
    """

    id: str
    name: str
    size: int
    media: str = ""
    width: int = 0
    height: int = 0
    thumbnail: bool = False
    uninspected: bool = False


class AskPolicy(Command, tag="talk.policy"):
    """Which files may be sent; from then on every change of it is told."""


class TalkPolicy(Frame, tag="talk.policy"):
    """Which files may be sent: 送信出来るファイル種別 (``mode``: all but those in ``refused``; JPEG, PNG and GIF
    alone; none). An answer also tells how large a file may be and how many fit into a message; a change does not.
    ``log_readers`` is the number of people who may read the talk log.

    A browser says no at once by it; the server decides by the contents too.
    """

    rev: int
    mode: Literal["default", "images", "off"]
    refused: list[str]
    log_readers: int
    max_bytes: int | UnsetType = UNSET
    max_files: int | UnsetType = UNSET
    ref: int | UnsetType = UNSET
