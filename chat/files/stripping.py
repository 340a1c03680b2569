"""A picture without what cannot be seen: where it was taken, with what, and what hides behind it. Pure.

Nothing is compressed anew: the kept file is made of pieces of the one that was sent, with a few bytes put between
them. What is kept is named; everything else goes.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

Piece = tuple[int, int] | bytes
"""So many bytes from there, or these."""

TEXT_BYTES = 1024 * 1024
"""What a compressed text in a PNG may grow to."""


class Torn(Exception):
    """It is not built as its first bytes say."""


@dataclass
class Bare:
    """What is kept of a picture, its frames, and how it is to be turned (EXIF's number)."""

    data: bytes
    pieces: list[Piece] = field(default_factory=list)
    frames: int = 1
    orientation: int = 1

    def keep(self, start: int, end: int) -> None:
        if end <= start:
            return
        last = self.pieces[-1] if self.pieces else None
        if isinstance(last, tuple) and last[0] + last[1] == start:
            self.pieces[-1] = (last[0], last[1] + end - start)
        else:
            self.pieces.append((start, end - start))

    def put(self, what: bytes) -> None:
        self.pieces.append(what)


def bare(data: bytes, media: str) -> Bare:
    """The picture of this type without what cannot be seen. Raises ``Torn``."""
    if not data.startswith(_STARTS[media]):
        raise Torn("it does not begin so")
    try:
        return _WALKS[media](data)
    except (IndexError, struct.error, zlib.error) as problem:
        raise Torn(str(problem)) from None


def joined(data: bytes, pieces: Sequence[Piece]) -> bytes:
    """The kept file."""
    return b"".join(each if isinstance(each, bytes) else data[each[0] : each[0] + each[1]] for each in pieces)


# ---------------------------------------------------------------- JPEG

_SCAN, _ENDS = 0xDA, 0xD9
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_ANY_MARKER = re.compile(rb"\xff[\x01-\xfe]")
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
"""The next marker within compressed data: not a stuffed 0, a restart, or a filler."""
_JFIF_BYTES = 14


def _jpeg(data: bytes) -> Bare:
    body = Bare(data)
    at, turn = 2, 1
    while at < len(data):
        at = _next_marker(data, at)
        marker = data[at + 1]
        if marker == _ENDS:
            break
        if marker in _ALONE:
            at += 2
            continue
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if not at + 4 <= end <= len(data):
            raise Torn("a segment goes past the end")
        if marker == _SCAN:
            end = _after_scan(data, end)
            body.keep(at, end)
        elif marker == 0xE1 and data[at + 4 : at + 10] == b"Exif\0\0":
            turn = orientation(data[at + 10 : end])
        else:
            _segment(body, marker, at, end)
        at = end
    body.put(b"\xff\xd9")
    turned = [] if turn == 1 else [b"\xff\xe1" + struct.pack(">H", 34) + b"Exif\0\0" + _exif(turn)]
    return Bare(data, [(0, 2), *turned, *body.pieces], orientation=turn)


def _next_marker(data: bytes, at: int) -> int:
    """Where the next marker begins: fillers and lost bytes before it are passed over."""
    found = _ANY_MARKER.search(data, at)
    if found is None:
        raise Torn("it does not end")
    return found.start()


def _after_scan(data: bytes, at: int) -> int:
    found = _MARKER.search(data, at)
    return len(data) if found is None else found.start()


def _segment(body: Bare, marker: int, at: int, end: int) -> None:
    data = body.data
    if marker == 0xE0 and data[at + 4 : at + 9] == b"JFIF\0" and end - at >= 2 + 2 + _JFIF_BYTES:
        # Without the small picture that may stand in it.
        body.put(b"\xff\xe0\x00\x10" + data[at + 4 : at + 16] + b"\0\0")
    elif marker == 0xE2 and data[at + 4 : at + 16] == b"ICC_PROFILE\0":
        body.keep(at, end)
    elif marker == 0xEE and data[at + 4 : at + 9] == b"Adobe":
        body.keep(at, end)
    elif not 0xE0 <= marker <= 0xEF and marker != 0xFE:
        body.keep(at, end)


def orientation(tiff: bytes) -> int:
    """The turn that EXIF asks for, 1 to 8; broken EXIF asks for none."""
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None:
        return 1
    try:
        start = struct.unpack_from(order + "I", tiff, 4)[0]
        for number in range(min(struct.unpack_from(order + "H", tiff, start)[0], 512)):
            tag, kind, count, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * number)
            if tag == 0x0112 and kind == 3 and count == 1:
                return value if 1 <= value <= 8 else 1
    except struct.error:
        return 1
    return 1


def _exif(turn: int) -> bytes:
    """EXIF that says this alone."""
    return b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01" + struct.pack(">HH", turn, 0) + bytes(4)


# ---------------------------------------------------------------- PNG

_PNG = b"\x89PNG\r\n\x1a\n"
_CHUNKS = frozenset(
    b"IHDR PLTE IDAT tRNS gAMA cHRM sRGB iCCP sBIT bKGD hIST pHYs cICP mDCV cLLI mDCv cLLi acTL fcTL fdAT".split()
)
_END = b"\0\0\0\0IEND\xaeB`\x82"


def _png(data: bytes) -> Bare:
    found = Bare(data)
    found.keep(0, len(_PNG))
    at, frames, animated = len(_PNG), 0, False
    while at < len(data):
        length, kind = struct.unpack_from(">I4s", data, at)
        end = at + 12 + length
        if end > len(data):
            raise Torn("a chunk goes past the end")
        if kind == b"IEND":
            break
        if kind in (b"zTXt", b"iTXt", b"iCCP"):
            _require_small(kind, data[at + 8 : end - 4])
        if kind in _CHUNKS:
            found.keep(at, end)
        elif kind == b"eXIf":
            found.orientation = orientation(data[at + 8 : end - 4])
            _turned(found)
        animated |= kind == b"acTL"
        frames += kind == b"fcTL"
        at = end
    found.put(_END)
    found.frames = max(1, frames if animated else 1)
    return found


def _turned(found: Bare) -> None:
    if found.orientation != 1:
        exif = b"eXIf" + _exif(found.orientation)
        found.put(struct.pack(">I", len(exif) - 4) + exif + struct.pack(">I", zlib.crc32(exif)))


def _require_small(kind: bytes, body: bytes) -> None:
    """A compressed text that would fill the memory of whoever reads it is a bomb. Raises ``Torn``."""
    _, _, rest = body.partition(b"\0")
    if kind == b"iTXt":
        if rest[:1] != b"\1":
            return
        rest = rest[1:].split(b"\0", 2)[-1]
    unpacking = zlib.decompressobj()
    try:
        unpacking.decompress(rest[1:], TEXT_BYTES + 1)
    except zlib.error:
        return
    if unpacking.unconsumed_tail:
        raise Torn("a text that unpacks to too much")


# ---------------------------------------------------------------- GIF

_LOOPS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


def _gif(data: bytes) -> Bare:
    found = Bare(data)
    at = 13 + _colours(data[10])
    found.keep(0, at)
    frames = 0
    while at < len(data) and data[at] != 0x3B:
        start, kind = at, data[at]
        if kind == 0x2C:
            at = _blocks(data, at + 11 + _colours(data[at + 9]))
            found.keep(start, at)
            frames += 1
        elif kind == 0x21:
            at = _blocks(data, at + 2)
            if data[start + 1] == 0xF9 or (data[start + 1] == 0xFF and data[start + 3 : start + 14] in _LOOPS):
                found.keep(start, at)
        else:
            raise Torn("no block begins so")
    if not frames:
        raise Torn("there is no picture in it")
    found.put(b";")
    found.frames = frames
    return found


def _colours(flags: int) -> int:
    """How many bytes the colour table takes that these flags announce."""
    return 3 << ((flags & 7) + 1) if flags & 0x80 else 0


def _blocks(data: bytes, at: int) -> int:
    """The end of the chain of blocks that begins here."""
    while size := data[at]:
        at += 1 + size
    return at + 1


_STARTS = {"image/jpeg": b"\xff\xd8", "image/png": _PNG, "image/gif": b"GIF8"}
_WALKS: dict[str, Callable[[bytes], Bare]] = {"image/jpeg": _jpeg, "image/png": _png, "image/gif": _gif}
