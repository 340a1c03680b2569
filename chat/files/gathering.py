"""All facts about a file, gathered once, when its last byte has come.

The table and short lists are read here, in microseconds and by position; pictures, long lists and what the table does
not know are read in the sandbox. Policies come and go without the bytes being asked again.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from chat.files import archives, signatures
from chat.files.copying import Pieces
from chat.files.facts import INLINE, UNKNOWN_MEDIA, Archive, Facts, Picture, PictureFault
from chat.files.source import OpenFile, Source
from server.services import Services
from server.work.sandbox import SandboxFailed

SANDBOX = {
    "chat.picture": "chat.files.images:read_picture",
    "chat.listing": "chat.files.listing:listing",
}

PICTURE_SECONDS = 20.0
PICTURE_ANSWER_BYTES = 2 * 1024 * 1024
LISTING_SECONDS = 5.0
LISTING_ANSWER_BYTES = 4 * 1024 * 1024
KIND_SECONDS = 5.0
SHORT_LIST = 8192
"""So many letters of a list are read here; more would hold up everybody else."""

# These say themselves what they are, and libmagic would say the same.
_KNOWN = frozenset(
    {
        "application/pdf",
        "application/zip",
        "image/webp",
        "image/heic",
        "image/avif",
        "video/mp4",
        "video/quicktime",
        "video/x-msvideo",
        "audio/vnd.wave",
        "application/ogg",
        *signatures.UNLISTABLE,
    }
)


@dataclass(frozen=True, slots=True)
class Gathered:
    """What is known of a file, and of what the file that is kept is made.

    ``copy``: None when the bytes are kept as they came; else ``copying.write_copy`` makes the kept file of them: a
    picture without where it was taken. ``thumbnail`` is a JPEG or PNG of at most 480 pixels a side, b"" for none.
    """

    facts: Facts
    copy: Pieces | None = None
    thumbnail: bytes = b""
    thumbnail_media: str = ""


class _Read(Struct):
    """What ``read_picture`` says."""

    media: str
    width: int = 0
    height: int = 0
    frames: int = 0
    fault: PictureFault = ""
    pieces: list[tuple[int, int] | bytes] = []
    thumbnail: bytes = b""
    small: Literal["", "image/jpeg", "image/png"] = ""


class Listed(Struct):
    """What ``listing`` says."""

    archive: Archive | None
    kinds: list[str]


async def gather(services: Services, file: int, size: int) -> Gathered:
    """What is known of the file behind a descriptor that is open for reading alone.

    Raises ``Busy`` alone: too many wait for the sandbox.
    """
    source = OpenFile(file)
    facts = glance(source)
    if facts.media in INLINE:
        gathered = await _picture(services, file, facts)
        if not gathered.facts.picture or not gathered.facts.picture.fault:
            # What stood behind the picture is not kept: nobody will open it as an archive.
            return gathered
    else:
        gathered = Gathered(facts)
    await _archive(services, source, file, facts)
    if not facts.kinds and facts.archive is None and not facts.text and facts.media not in _KNOWN | INLINE:
        await _ask_magic(services, file, facts)
    return gathered


def glance(source: Source) -> Facts:
    """What a few readings say, without any waiting: kind, media type, text."""
    head = source.read(0, signatures.HEAD_BYTES)
    return Facts(
        size=source.size,
        media=signatures.media_of(head),
        kinds=signatures.kinds_of(source, head),
        text=not head or signatures.is_text(head, len(head) == source.size),
    )


async def _picture(services: Services, file: int, facts: Facts) -> Gathered:
    try:
        read = await _read_picture(services, file, facts.media, True)
    except SandboxFailed:
        # Decoding it takes too much: it is no picture to anybody, and must not tell where it was taken either.
        read = await _without_decoding(services, file, facts.media)
    # The sandbox answers for what is in it, not for what it is called.
    facts.picture = Picture(facts.media, read.width, read.height, read.frames, read.fault)
    pieces = Pieces.of(read.pieces, facts.size) if read.pieces and read.fault != "type" else None
    if pieces is None and not read.fault:
        facts.picture.fault = "damage"
        return Gathered(facts)
    return Gathered(facts, pieces, read.thumbnail, read.small)


async def _without_decoding(services: Services, file: int, media: str) -> _Read:
    try:
        return await _read_picture(services, file, media, False)
    except SandboxFailed:
        return _Read(media, fault="damage")


async def _read_picture(services: Services, file: int, media: str, decode: bool) -> _Read:
    read: _Read = await services.sandbox.run(
        "chat.picture",
        media,
        decode,
        seconds=PICTURE_SECONDS,
        answer=_Read,
        answer_bytes=PICTURE_ANSWER_BYTES,
        file=file,
    )
    return read


async def _archive(services: Services, source: Source, file: int, facts: Facts) -> None:
    """A zip says what is in it; of other archives it is known only that they are some."""
    try:
        listed = short_list(source)
    except archives.TooMuch:
        listed = await _long(services, file)
    facts.archive = listed.archive
    facts.kinds += [kind for kind in listed.kinds if kind not in facts.kinds]
    if facts.archive is None and facts.media in signatures.UNLISTABLE:
        facts.archive = Archive(signatures.UNLISTABLE[facts.media], hidden="form")


def short_list(source: Source) -> Listed:
    """What an archive lists, if that is little. Raises ``archives.TooMuch``."""
    found = archives.read_zip(source, SHORT_LIST)
    return Listed(*found) if found is not None else Listed(None, [])


async def _long(services: Services, file: int) -> Listed:
    try:
        found: Listed = await services.sandbox.run(
            "chat.listing", seconds=LISTING_SECONDS, answer=Listed, answer_bytes=LISTING_ANSWER_BYTES, file=file
        )
    except SandboxFailed:
        return Listed(Archive("zip", hidden="broken"), [])
    return found


async def _ask_magic(services: Services, file: int, facts: Facts) -> None:
    try:
        mime, _ = await services.sandbox.run("kind_of", seconds=KIND_SECONDS, answer=tuple[str, str], file=file)
    except SandboxFailed:
        facts.unread = True
        return
    facts.magic = mime[:100]
    if facts.media == UNKNOWN_MEDIA and facts.magic.isascii() and facts.magic.isprintable():
        facts.media = facts.magic or UNKNOWN_MEDIA
