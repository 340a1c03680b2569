"""From the bytes of a file to rows of text, exactly by A5; pure, and run in the sandbox.

UTF-16 with BOM (Excel's Unicode text), UTF-8 with or without BOM, CP932 (strict), and .xlsx. What cannot be read is
refused with its line, never mended.
"""

from __future__ import annotations

import csv
import io
import mimetypes
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

# openpyxl asks for the machine's list of types as it is imported, which the sandbox may not read.
mimetypes.knownfiles.clear()

import openpyxl  # type: ignore[import-untyped]  # noqa: E402

from directory.imports import sayings  # noqa: E402
from directory.imports.sayings import Saying  # noqa: E402

CELL_BYTES = 16 * 1024 * 1024
UNPACKED_BYTES = 256 * 1024 * 1024
ENTRIES = 1000
ROWS_LIMIT = 200_000
COLUMNS_LIMIT = 200

Row = tuple[int, list[str]]
"""Excel's row number (the header is 1) and its cells."""

# What Python's CP932 lets pass and Windows does not have.
_NOT_CP932 = re.compile("[\x80-\xa0\uf8f0-\uf8f3]")
_XLSX = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"


class Unreadable(Exception):
    """Why the file cannot be read; ``row`` 0: the file as a whole."""

    def __init__(self, saying: Saying, row: int = 0, **values: object) -> None:
        super().__init__(saying.told("ja", row=row, **values))
        self.row, self._saying, self._values = row, saying, values

    def told(self, language: str) -> str:
        """For a person."""
        return self._saying.told(language, row=self.row, **self._values)


@dataclass(frozen=True)
class Table:
    """A file that can be read: in which encoding, and its rows, header first, empty ones left out."""

    encoding: str
    rows: Iterator[Row]


def read(data: bytes, sheet: str = "") -> Table:
    """The rows of the file. Raises ``Unreadable``, also while the rows are read."""
    if not data.strip(b"\x00\r\n\t "):
        raise Unreadable(sayings.EMPTY)
    if data.startswith(_OLD_EXCEL):
        raise Unreadable(sayings.OLD_EXCEL)
    if data.startswith(_XLSX):
        return Table("xlsx", _filled(_sheet_rows(data, sheet)))
    text, encoding = decoded(data)
    return Table(encoding, _filled(_tsv_rows(text)))


def decoded(data: bytes) -> tuple[str, str]:
    """The text and the name of its encoding. Raises ``Unreadable`` with the first bad line."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _decoded(data, "utf-16"), "utf-16"
    if data.startswith(b"\xef\xbb\xbf"):
        return _decoded(data, "utf-8-sig"), "utf-8"
    try:
        return _storable(data.decode("utf-8")), "utf-8"
    except UnicodeDecodeError:
        text = _decoded(data, "cp932")
    if wrong := _NOT_CP932.search(text):
        raise _bad_line(text.count("\n", 0, wrong.start()) + 1)
    return text, "cp932"


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return _storable(data.decode(encoding))
    except UnicodeDecodeError as problem:
        good = data[: problem.start].decode(encoding, "ignore")
        raise _bad_line(good.count("\n") + 1) from None


def _storable(text: str) -> str:
    if "\x00" in text:
        row = text.count("\n", 0, text.index("\x00")) + 1
        raise Unreadable(sayings.NUL, row)
    return text


def _bad_line(row: int) -> Unreadable:
    return Unreadable(sayings.BAD_LINE, row)


def _tsv_rows(text: str) -> Iterator[Row]:
    csv.field_size_limit(CELL_BYTES)
    number = 0
    try:
        for number, cells in enumerate(csv.reader(io.StringIO(text, newline=""), "excel-tab", strict=True), 1):
            yield number, cells
    except csv.Error:
        raise Unreadable(sayings.OPEN_QUOTE, number + 1) from None


def _sheet_rows(data: bytes, sheet: str) -> Iterator[Row]:
    _require_small(data)
    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
        if sheet and sheet not in book.sheetnames:
            raise Unreadable(sayings.NO_SHEET, sheet=sheet)
        chosen = book[sheet] if sheet else book[book.sheetnames[0]]
        chosen.reset_dimensions()
        for number, cells in enumerate(chosen.iter_rows(values_only=True, max_col=COLUMNS_LIMIT), 1):
            yield number, [_text(cell) for cell in cells]
    except (Unreadable, MemoryError):
        raise
    except Exception:
        raise Unreadable(sayings.DAMAGED_EXCEL) from None


def sheets(data: bytes) -> list[str]:
    """The names of an .xlsx file's sheets; of any other file none."""
    if not data.startswith(_XLSX):
        return []
    _require_small(data)
    try:
        return list(openpyxl.load_workbook(io.BytesIO(data), read_only=True, keep_links=False).sheetnames)
    except MemoryError:
        raise
    except Exception:
        raise Unreadable(sayings.DAMAGED_EXCEL) from None


def _require_small(data: bytes) -> None:
    """Refuse a zip bomb by what its directory says; the memory limit of the process stops one that lies."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError):
        raise Unreadable(sayings.DAMAGED_EXCEL) from None
    if len(entries) > ENTRIES or sum(entry.file_size for entry in entries) > UNPACKED_BYTES:
        raise Unreadable(sayings.LARGE_EXCEL)


def _text(value: object) -> str:
    """A cell as Excel shows it, as far as that can be known."""
    match value:
        case None:
            return ""
        case bool():
            return "1" if value else "0"
        case float() if value.is_integer() and abs(value) < 1e15:
            return str(int(value))
        case datetime() | date():
            return value.isoformat()
    return str(value)


def _filled(rows: Iterator[Row]) -> Iterator[Row]:
    """Without empty rows and empty cells at the end."""
    count = 0
    for number, cells in rows:
        while cells and not cells[-1].strip():
            cells.pop()
        if not cells:
            continue
        count += 1
        if len(cells) > COLUMNS_LIMIT:
            raise Unreadable(sayings.MANY_COLUMNS, number, limit=COLUMNS_LIMIT)
        if count > ROWS_LIMIT:
            raise Unreadable(sayings.MANY_ROWS, limit=ROWS_LIMIT)
        yield number, cells
