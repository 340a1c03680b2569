"""What a zip says is in it: read from its central directory and its local headers, never unpacked. Pure.

A zip is one by its bytes, whatever its name and whatever stands before or behind it. Programs read zips in different
ways, so everything that any of them could take for a name counts.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from chat.files import names
from chat.files.extensions import ARCHIVES, LISTED, OFFERED
from chat.files.facts import Archive, Hidden
from chat.files.limits import LIST_BYTES, MOST_ENTRIES
from chat.files.source import Source

_END, _END64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_CENTRAL, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
TAIL_BYTES = 65_557 + 20 + 56
"""Where the end of the directory can stand: before a comment of at most 65,535 bytes."""
MOST_ENDS = 8
"""So many ends of a directory are looked at; with more than that somebody plays."""
NAME_COSTS = 64
"""What a name counts beside its letters."""
GAP_BYTES = 64 * 1024
MOST_GAP_BYTES = 1024 * 1024
MOST_ENDINGS = 10_000
NAMED_ENDINGS = 1000
"""So many are told with the name that has them: what is known of a file is kept in its row."""
ENDING_LIMIT = 32
MEMBER_LIMIT = 100

_REFUSABLE = frozenset((*LISTED, *OFFERED))
_MANIFEST = "meta-inf/manifest.mf"
_ANDROID = frozenset({"androidmanifest.xml", "classes.dex"})
_JAR_MARK = 0xCAFE
_UNICODE_NAME = 0x7075


class TooMuch(Exception):
    """There is more to read than was allowed: somebody with more time should."""


@dataclass
class Listing:
    """What has been found so far; ``allowed`` are the letters of names that may be read."""

    allowed: float = math.inf

    endings: dict[str, str] = field(default_factory=dict)
    kinds: set[str] = field(default_factory=set)
    entries: int = 0
    hidden: Hidden = ""
    spans: list[tuple[int, int]] = field(default_factory=list)
    """Where entries lie in the file."""

    def hide(self, why: Hidden) -> None:
        self.hidden = self.hidden or why

    def add(self, raw: bytes, flags: int, extra: bytes) -> None:
        """One name, read in every way in which a program may read it."""
        self.allowed -= NAME_COSTS + len(raw) + len(extra)
        if self.allowed < 0:
            raise TooMuch()
        if flags & 0x2041:
            self.hide("encrypted")
        for tag, value in _fields(extra):
            if tag == _JAR_MARK:
                self.kinds.add("jar")
            elif tag == _UNICODE_NAME and len(value) > 5:
                self._read(value[5:].decode("utf-8", "replace"))
        for name in _readings(raw, utf8=bool(flags & 0x800)):
            self._read(name)

    def _read(self, name: str) -> None:
        self._count(name)
        for short in (name.partition("\0")[0], name.partition(":")[0]):
            if short != name:
                self._count(short)

    def _count(self, name: str) -> None:
        ending = names.extension(name)
        if ending in ARCHIVES:
            self.hide("nested")
        plain = names.folded(name).replace("\\", "/").lstrip("./")
        if plain == _MANIFEST:
            self.kinds.add("jar")
        elif plain in _ANDROID:
            self.kinds.add("apk")
        if ending and len(ending) <= ENDING_LIMIT and ending not in self.endings:
            # Invented ones push none out that is refused.
            if len(self.endings) >= MOST_ENDINGS and ending not in _REFUSABLE:
                return self.hide("many")
            self.endings[ending] = _shown(name) if len(self.endings) < NAMED_ENDINGS else ""
        return None


def read_zip(source: Source, allowed: float = math.inf) -> tuple[Archive, list[str]] | None:
    """What the zip lists and which executable formats it thereby is; None when it is no zip.

    Raises ``TooMuch`` when there are more letters in its names than are allowed.
    """
    listing = Listing(allowed)
    found = False
    for number, end in enumerate(_ends(source)):
        if number >= MOST_ENDS:
            listing.hide("many")
            break
        found |= _read_directories(source, end, listing)
    starts = source.read(0, 4) in (_LOCAL, b"PK\x07\x08") or source.read(4, 4) == _LOCAL
    if not found and not starts:
        return None
    if not found:
        listing.hide("broken")
        _walk(source, listing)
    _look_between(source, listing)
    return Archive("zip", listing.endings, listing.hidden), sorted(listing.kinds)


# ---------------------------------------------------------------- where the directory is


def _ends(source: Source) -> Iterator[int]:
    """Every place that could be the end of a directory, the last first."""
    start = max(0, source.size - TAIL_BYTES)
    tail = source.read(start, TAIL_BYTES)
    at = tail.rfind(_END)
    while at >= 0:
        if at + 22 <= len(tail):
            yield start + at
        at = tail.rfind(_END, 0, at)


def _end_record(source: Source, end: int) -> tuple[int, int, int]:
    """How many entries, the directory's bytes and where it begins, as this end says."""
    record = source.read(end, 22)
    count, size, start = struct.unpack_from("<HII", record, 10)
    if count == 0xFFFF or 0xFFFFFFFF in (size, start):
        locator = source.read(end - 20, 20)
        if locator.startswith(_LOCATOR):
            wide = source.read(struct.unpack_from("<Q", locator, 8)[0], 56)
            if len(wide) < 56 or not wide.startswith(_END64):
                wide = source.read(end - 76, 56)
            if len(wide) == 56 and wide.startswith(_END64):
                count, size, start = struct.unpack_from("<QQQ", wide, 32)
    return count, size, start


def _read_directories(source: Source, end: int, listing: Listing) -> bool:
    """The directory that this end tells of, at both places where programs look for it; whether there is one."""
    count, size, start = _end_record(source, end)
    if count == 0 and size == 0:
        # An empty zip is nothing but this end; elsewhere it is two letters and two numbers by chance.
        return end == 0
    wide = source.read(end - 20, 4) == _LOCATOR
    places = {end - size: end - size - start, end - 76 - size: end - 76 - size - start} if wide else {}
    places |= {end - size: end - size - start, start: 0}
    found = False
    for place, before in places.items():
        if place >= 0 and source.read(place, 4) == _CENTRAL:
            found = True
            _read_directory(source, place, min(size, end - place), before, count, listing)
    return found


def _read_directory(source: Source, place: int, size: int, before: int, count: int, listing: Listing) -> None:
    if size > LIST_BYTES:
        listing.hide("many")
    if size > listing.allowed * 8:
        raise TooMuch()
    data = source.read(place, min(size, LIST_BYTES))
    at, seen = 0, 0
    while at + 46 <= len(data) and data[at : at + 4] == _CENTRAL:
        if listing.entries >= MOST_ENTRIES:
            return listing.hide("many")
        flags, packed, wide, name_length, extra_length, comment_length = struct.unpack_from("<8xH10xIIHHH", data, at)
        local = struct.unpack_from("<I", data, at + 42)[0]
        name_end = at + 46 + name_length
        extra = data[name_end : name_end + extra_length]
        if name_end + extra_length > len(data):
            break
        packed, local = _wide(extra, wide, packed, local)
        raw = data[at + 46 : name_end]
        listing.entries += 1
        listing.add(raw, flags, extra)
        _read_local(source, before + local, packed, raw, listing)
        at = name_end + extra_length + comment_length
        seen += 1
    if seen != count and (seen ^ count) & 0xFFFF:
        listing.hide("broken" if len(data) == size else "many")
    return None


def _wide(extra: bytes, unpacked: int, packed: int, local: int) -> tuple[int, int]:
    """The true length and place of an entry whose numbers do not fit."""
    if 0xFFFFFFFF not in (unpacked, packed, local):
        return packed, local
    for tag, value in _fields(extra):
        if tag == 1:
            numbers = iter(struct.unpack(f"<{len(value) // 8}Q", value[: len(value) // 8 * 8]))
            if unpacked == 0xFFFFFFFF:
                next(numbers, 0)
            if packed == 0xFFFFFFFF:
                packed = next(numbers, packed)
            if local == 0xFFFFFFFF:
                local = next(numbers, local)
    return packed, local


# ---------------------------------------------------------------- the entries themselves


def _read_local(source: Source, at: int, packed: int, raw: bytes, listing: Listing) -> None:
    """The header before the entry itself: it may have another name."""
    head = source.read(at, 30 + len(raw))
    if len(head) < 30 or not head.startswith(_LOCAL):
        return listing.hide("broken")
    flags, name_length, extra_length = struct.unpack_from("<6xH18xHH", head)
    listing.spans.append((at, at + 30 + name_length + extra_length + packed))
    own = head[30 : 30 + name_length] if name_length <= len(raw) else source.read(at + 30, name_length)
    if own != raw or flags & 0x2041 or extra_length:
        extra = source.read(at + 30 + name_length, extra_length) if extra_length else b""
        listing.add(own, flags, extra)
    return None


def _walk(source: Source, listing: Listing) -> None:
    """From entry to entry, without a directory, as who repairs a zip does."""
    at = 4 if source.read(4, 4) == _LOCAL else 0
    while (head := source.read(at, 30)).startswith(_LOCAL) and len(head) == 30:
        if listing.entries >= MOST_ENTRIES:
            return listing.hide("many")
        flags, packed, name_length, extra_length = struct.unpack_from("<6xH10xI4xHH", head)
        listing.entries += 1
        listing.add(source.read(at + 30, name_length), flags, source.read(at + 30 + name_length, extra_length))
        end = at + 30 + name_length + extra_length + packed
        listing.spans.append((at, end))
        at = end
    return None


def _look_between(source: Source, listing: Listing) -> None:
    """Entries that no directory names: who reads a zip as a stream unpacks them too."""
    looked = 0
    for start, end in _gaps(listing.spans):
        part = source.read(start, min(end - start, GAP_BYTES))
        looked += len(part)
        at = part.find(_LOCAL)
        while at >= 0:
            head = source.read(start + at, 30)
            if len(head) == 30 and listing.entries < MOST_ENTRIES:
                flags, name_length = struct.unpack_from("<6xH18xH", head)
                listing.entries += 1
                listing.add(source.read(start + at + 30, min(name_length, 1024)), flags, b"")
            at = part.find(_LOCAL, at + 4)
        if end - start > GAP_BYTES or looked > MOST_GAP_BYTES:
            return listing.hide("broken")
    return None


def _gaps(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What lies between entries. What stands before the first is somebody else's: a picture, a program."""
    reached: int | None = None
    for start, end in sorted(spans):
        if reached is not None and start > reached:
            yield reached, start
        reached = end if reached is None else max(reached, end)


def _fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(extra):
        tag, length = struct.unpack_from("<HH", extra, at)
        yield tag, extra[at + 4 : at + 4 + length]
        at += 4 + length


def _readings(raw: bytes, utf8: bool) -> list[str]:
    if raw.isascii():
        return [raw.decode("ascii")]
    found = []
    for encoding in ("utf-8",) if utf8 else ("utf-8", "cp932", "cp437"):
        try:
            found.append(raw.decode(encoding))
        except UnicodeDecodeError:
            continue
    return found or [raw.decode("cp437")]


def _shown(name: str) -> str:
    """A member's own name as a sentence says it."""
    plain = name.partition("\0")[0].replace("\\", "/").rstrip("/").rpartition("/")[2] or name
    return "".join(letter if letter.isprintable() else "�" for letter in plain)[:MEMBER_LIMIT]
