"""The directory as a file that Excel opens and that imports again as "no change" (A5): page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from datetime import datetime
from typing import Any
from urllib.parse import quote

from directory.imports import state
from directory.imports.cells import guarded
from directory.imports.columns import COLUMNS
from directory.imports.model import Cells, Kind
from directory.imports.wire import ImportEncoding
from server.services import Services

_QUOTED = ("\t", "\r", "\n", '"')
_BOM = {"utf-16": b"\xff\xfe", "utf-8": b"\xef\xbb\xbf"}
_CODEC = {"utf-16": "utf-16-le", "utf-8": "utf-8"}
_FILE = {"users": "user", "departments": "department"}
KINDS: tuple[Kind, ...] = ("departments", "users")


def line(cells: Iterable[str]) -> str:
    """A row of a TSV file, quoted only where it must be."""
    return "\t".join(_quoted(cell) for cell in cells) + "\r\n"


def encoded(text: str, encoding: ImportEncoding) -> bytes:
    return text.encode(_CODEC[encoding])


def row(kind: Kind, cells: Cells, columns: list[str]) -> str:
    """Somebody or something as a line of the file. Nobody's password stands in it, and no photo."""
    known = COLUMNS[kind]
    texts = {"MODE": "U", **cells, "BIG_IMAGE": ""}
    return line(_safe(known[name].is_free or known[name].kind == "kana", texts.get(name, "")) for name in columns)


async def export(services: Services, kind: Kind, encoding: ImportEncoding) -> AsyncIterator[bytes]:
    """The file, piece by piece."""
    hidden = await services.readers.ask(state.hidden_columns)
    columns = [name for name in COLUMNS[kind] if name not in hidden]
    yield _BOM[encoding] + encoded(line(columns), encoding)
    departments = await services.readers.ask(state.departments_now)
    if kind == "departments":
        yield encoded("".join(row(kind, each.cells, columns) for each in departments.values()), encoding)
        return
    codes = {each.id: code for code, each in departments.items()}
    after = 0
    while page := await services.readers.ask(state.people_page, after, codes):
        yield encoded("".join(row(kind, each.cells, columns) for each in page), encoding)
        after = page[-1].id


def file_name(kind: Kind, moment: datetime, *, sample: bool = False) -> str:
    """As the manual names it; the time is the company's."""
    name = f"export_{_FILE[kind]}_data_{moment:%Y%m%d%H%M%S}.tsv"
    return f"【Sample】{name}" if sample else name


def disposition(name: str) -> str:
    """A header by which browsers save it under this name, 【】 included."""
    plain = name.encode("ascii", "ignore").decode()
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}"


def _safe(free: bool, text: Any) -> str:
    return guarded(text) if free else text


def _quoted(cell: str) -> str:
    if any(mark in cell for mark in _QUOTED):
        doubled = cell.replace('"', '""')
        return f'"{doubled}"'
    return cell
