"""A ZIP with a table at its top and photos in ``image/``, read in the sandbox and never unpacked onto a disk.

What its directory says of sizes is believed only up to the limits here: more than it said is never read.
"""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from directory.imports import sayings
from directory.imports.reading import Unreadable
from directory.pictures.model import MOST_BYTES

ENTRIES = 20_000
TABLE_BYTES = 128 * 1024 * 1024
PICTURES_BYTES = 1024 * 1024 * 1024
"""What all photos may come to."""
FOLDER = "image/"

_ZIP = b"PK\x03\x04"
_TABLE = re.compile(r"[^/]+\.(?:tsv|txt|csv|xlsx)", re.IGNORECASE)
# What Explorer and Finder put beside people's files.
_NOT_THEIRS = re.compile(r"(?:.*/)?(?:__MACOSX/.*|\.[^/]*|Thumbs\.db|desktop\.ini)", re.IGNORECASE)
_UTF_8, _LOCKED = 0x800, 0x1
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, NotImplementedError, RuntimeError, OSError)


def folded_name(name: str) -> str:
    """A picture's name as it is compared: Finder takes letters apart, and nobody minds the case."""
    return unicodedata.normalize("NFC", name.replace("\\", "/").removeprefix(FOLDER)).casefold()


class First(io.RawIOBase):
    """The first bytes of a file, as a file: more stands behind them."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        super().__init__()
        self._file, self._size, self._at = file, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("before the beginning")
        self._at = start + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        self._file.seek(self._at)
        read = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(read)] = read
        self._at += len(read)
        return len(read)


@dataclass(frozen=True)
class Package:
    """An open ZIP: where its table is, and its pictures by folded name."""

    archive: zipfile.ZipFile
    table: zipfile.ZipInfo
    pictures: dict[str, zipfile.ZipInfo]

    def read_table(self) -> bytes:
        """Raises ``Unreadable``."""
        data = self._read(self.table, TABLE_BYTES)
        if data is None:
            raise Unreadable(sayings.DAMAGED_ZIP)
        return data

    def read_picture(self, name: str) -> bytes | None:
        """Its bytes; None when they are damaged, or more than its entry says."""
        return self._read(self.pictures[name], MOST_BYTES)

    def _read(self, entry: zipfile.ZipInfo, limit: int) -> bytes | None:
        try:
            with self.archive.open(entry) as file:
                data = file.read(limit + 1)
        except _BROKEN:
            return None
        return data if len(data) <= limit else None


def opened(file: BinaryIO, size: int) -> Package | None:
    """The ZIP that is the first ``size`` bytes of the file; None when they are something else, .xlsx among it.

    Raises ``Unreadable``.
    """
    file.seek(0)
    if file.read(len(_ZIP)) != _ZIP:
        return None
    try:
        archive = zipfile.ZipFile(io.BufferedReader(First(file, size)))
    except _BROKEN:
        # An .xlsx that cannot be opened either is refused by its own reader, as what it is called.
        return None
    entries = archive.infolist()
    if any(entry.filename == "[Content_Types].xml" or entry.filename.startswith("xl/") for entry in entries):
        return None
    _require_small(entries)
    named = dict(_named(entries))
    return Package(archive, _table(named), _pictures(entries))


def _require_small(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > ENTRIES:
        raise Unreadable(sayings.MANY_ENTRIES, limit=ENTRIES)
    if any(entry.flag_bits & _LOCKED for entry in entries):
        raise Unreadable(sayings.LOCKED_ZIP)
    if any(entry.compress_type not in _METHODS for entry in entries):
        raise Unreadable(sayings.DAMAGED_ZIP)


def _named(entries: list[zipfile.ZipInfo]) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """People's own files by their paths, without a folder that holds everything."""
    named = [(_path(entry), entry) for entry in entries]
    files = [(path, entry) for path, entry in named if path[-1:] != "/" and not _NOT_THEIRS.fullmatch(path)]
    tops = {path.partition("/")[0] + "/" for path, _ in files}
    whole = tops.pop() if len(tops) == 1 and all("/" in path for path, _ in files) else ""
    inside = "" if whole == FOLDER else whole
    yield from ((path.removeprefix(inside), entry) for path, entry in files)


def _path(entry: zipfile.ZipInfo) -> str:
    """As it was written: Explorer writes names in CP932 and does not say so."""
    name = entry.filename
    if not entry.flag_bits & _UTF_8:
        try:
            name = name.encode("cp437").decode("cp932")
        except UnicodeError:
            pass
    return name.replace("\\", "/")


def _table(named: dict[str, zipfile.ZipInfo]) -> zipfile.ZipInfo:
    tables = [path for path in named if _TABLE.fullmatch(path)]
    if not tables:
        raise Unreadable(sayings.NO_TABLE)
    if len(tables) > 1:
        raise Unreadable(sayings.SEVERAL_TABLES, names="、".join(tables[:5]))
    if named[tables[0]].file_size > TABLE_BYTES:
        raise Unreadable(sayings.LARGE_ZIP)
    return named[tables[0]]


def _pictures(entries: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    found: dict[str, zipfile.ZipInfo] = {}
    for path, entry in _named(entries):
        if path.lower().startswith(FOLDER):
            name = folded_name(path[len(FOLDER) :])
            if name in found:
                raise Unreadable(sayings.PICTURE_TWICE, name=name)
            found[name] = entry
    if sum(entry.file_size for entry in found.values()) > PICTURES_BYTES:
        raise Unreadable(sayings.LARGE_ZIP)
    return found
