"""All that a policy may ask about a file, gathered once: then it can be judged again without its bytes."""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

UNKNOWN_MEDIA = "application/octet-stream"
INLINE = frozenset({"image/jpeg", "image/png", "image/gif"})
"""What may be shown in a page, once it has been decoded."""

PictureFault = Literal["", "type", "pixels", "frames", "damage"]
Hidden = Literal["", "form", "encrypted", "nested", "broken", "many"]


class Archive(Struct, omit_defaults=True):
    """What an archive says about what is in it. It is never unpacked.

    ``endings`` are the extensions of what it lists, each with the first name that has it (blank where there are
    very many). ``hidden`` tells why there
    may be more in it than that: no list is read in this ``form``, parts are encrypted, archives lie in it, it is
    broken, there is too much; blank when everything was seen.
    """

    form: str
    endings: dict[str, str] = {}
    hidden: Hidden = ""


class Picture(Struct, omit_defaults=True):
    """What came of decoding it: every frame, under the limits. ``width`` and ``height`` are those of the picture as
    it is seen; ``fault`` is blank when it decodes."""

    media: str
    width: int = 0
    height: int = 0
    frames: int = 0
    fault: PictureFault = ""


class Facts(Struct, omit_defaults=True):
    """``kinds`` are the executable formats that the bytes are, by our own table; ``magic`` is what libmagic says of
    what the table does not know (blank: not asked), ``unread`` that it did not come to an end with it. ``media`` is
    what the file is shown as."""

    size: int
    media: str = UNKNOWN_MEDIA
    kinds: list[str] = []
    text: bool = False
    magic: str = ""
    unread: bool = False
    archive: Archive | None = None
    picture: Picture | None = None


def encode(facts: Facts) -> str:
    """As they are kept beside the file."""
    return msgspec.json.encode(facts).decode()


def decode(text: str) -> Facts:
    """What ``encode`` has written."""
    return msgspec.json.decode(text, type=Facts)


def told_media(facts: Facts) -> str:
    """What the file is called in its row: a picture only if its bytes were verified."""
    return verified_media(facts) or (UNKNOWN_MEDIA if facts.media in INLINE else facts.media)


def verified_media(facts: Facts) -> str:
    """The media type under which it may be shown in a page; blank: it may only be saved."""
    return facts.picture.media if facts.picture is not None and not facts.picture.fault else ""
