"""What kind of file some bytes are, by libmagic: a sandbox function, loaded in its process alone."""

from __future__ import annotations

import ctypes.util
import functools
from typing import BinaryIO

import pylibmagic

if (pylibmagic.data / "libmagic.so.1").is_file():
    # Python looks for a library by starting programs, which nobody may behind the walls. We know where it is.
    ctypes.util.find_library = lambda name: f"lib{name}.so.1"

import magic

DESCRIPTION_CHARACTERS = 2048


def kind_of(file: BinaryIO) -> tuple[str, str]:
    """The MIME type, and a description of at most 2,048 characters; "application/octet-stream" when unknown.

    The whole file is there to be looked at: of its beginning alone libmagic says less, and of some zips nothing.
    """
    mime, description = (asked.from_descriptor(file.fileno()) for asked in _magic())
    return mime, description[:DESCRIPTION_CHARACTERS]


@functools.cache
def _magic() -> tuple[magic.Magic, magic.Magic]:
    return magic.Magic(mime=True), magic.Magic()
