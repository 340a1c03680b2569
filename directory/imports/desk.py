"""What is done in the sandbox: a stranger's file is read and compared with the company, far from everything else.

The open file holds the upload, and behind it the company in frames (``parcels.pack``).
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from directory.imports import package, sayings
from directory.imports.cells import password_of
from directory.imports.columns import COLUMNS, KEY
from directory.imports.current import Company, DepartmentNow, Now
from directory.imports.department_plan import DepartmentPlan
from directory.imports.headings import Layout, layout
from directory.imports.model import Kind, Plan, Problem, StagedRow
from directory.imports.parcels import EMPTY, LENGTH, GivenPassword, Outcome, Packed, Photo
from directory.imports.people_plan import PeoplePlan
from directory.imports.reading import Unreadable, read, sheets
from directory.imports.sayings import Saying
from directory.imports.undo_plan import UndoPlan
from directory.pictures.model import MOST_BYTES
from directory.pictures.redrawing import redraw

ROWS_A_CHUNK = 250
SECONDS_A_CALL = 3.0
"""Others want the sandbox too: after so long no further photo is begun."""


class WrongHeadings(Unreadable):
    """A column is missing, or there twice; ``found`` is what was understood, so that the rest can be said by hand."""

    def __init__(self, found: Layout, saying: Saying, **values: object) -> None:
        super().__init__(saying, 1, **values)
        self.found = found


def plan(kind: Kind, size: int, *, file: BinaryIO) -> Outcome:
    """What the upload, the first ``size`` bytes of the file, would come to."""
    file.seek(size)
    now = _now(file)
    try:
        data = _table(file, size)
    except Unreadable as problem:
        return _failed(problem, now, [])
    try:
        return _plan(kind, data, now)
    except WrongHeadings as problem:
        failed = _failed(problem, now, _sheets(data))
        failed.plan.headings, failed.plan.unknown = list(problem.found.headings), list(problem.found.unknown)
        return failed
    except Unreadable as problem:
        return _failed(problem, now, _sheets(data))


def pictures(size: int, *, file: BinaryIO) -> list[str] | None:
    """The photos that came along, by folded name; None when the upload is no ZIP of ours.

    What is wrong with a ZIP as a whole is said by its plan.
    """
    try:
        found = package.opened(file, size)
    except Unreadable:
        return []
    return sorted(found.pictures) if found else None


def photos(size: int, names: list[str], *, file: BinaryIO) -> list[Photo]:
    """These photos drawn anew, the first of them at least: as many as fit into ``SECONDS_A_CALL``."""
    found, drawn = package.opened(file, size), list[Photo]()
    end = time.monotonic() + SECONDS_A_CALL
    assert found is not None, "its photos were listed"
    for name in names:
        drawn.append(_photo(found, name))
        if time.monotonic() > end:
            break
    return drawn


def undo(kind: Kind, *, file: BinaryIO) -> Outcome:
    """What undoing the import would come to whose rows stand behind the company, after an empty frame."""
    now = _now(file)
    work = UndoPlan(kind, now)
    chunks = list(_chunks(work.rows(_done(file))))
    return Outcome(work.finish(), chunks)


def passwords(
    size: int, sheet: str, remembered: dict[str, str], rows: list[int], *, file: BinaryIO
) -> list[GivenPassword]:
    """The passwords of these rows of the upload."""
    wanted, given = set(rows), []
    table = read(_table(file, size), sheet)
    _, header = next(table.rows)
    found = layout("users", header, remembered)
    for number, raw in table.rows:
        if number in wanted:
            cells = found.cells(raw)
            must = cells.get("INITIAL_PASSWORD_FORCE_CHANGE", "").strip() not in ("0", "０")
            name, login = cells.get("NAME", ""), cells.get("LOGIN_ID", "").strip()
            given.append(GivenPassword(number, login, name, password_of(cells), must))
    return given


def _table(file: BinaryIO, size: int) -> bytes:
    """The upload itself, or the table in it when it is a ZIP."""
    found = package.opened(file, size)
    if found is not None:
        return found.read_table()
    file.seek(0)
    return file.read(size)


def _photo(found: package.Package, name: str) -> Photo:
    if found.pictures[name].file_size > MOST_BYTES:
        return Photo(name, "bytes")
    data = found.read_picture(name)
    if data is None:
        return Photo(name, "damage")
    drawn = redraw("photo", io.BytesIO(data))
    return Photo(name, drawn["fault"], drawn["media"], drawn["large"], drawn["small"])


def _sheets(data: bytes) -> list[str]:
    try:
        return sheets(data)
    except Unreadable:
        return []


def _failed(problem: Unreadable, now: Now, names: list[str]) -> Outcome:
    failed = Plan(sheets=names)
    failed.note(Problem(problem.row, "", "error", problem.told(now.company.language)))
    return Outcome(failed, [])


def _plan(kind: Kind, data: bytes, now: Now) -> Outcome:
    table = read(data, now.company.options.sheet)
    first = next(table.rows, None)
    if first is None:
        raise Unreadable(sayings.EMPTY)
    found = layout(kind, first[1], now.company.remembered, now.company.hidden)
    _require_columns(kind, found)
    work = PeoplePlan(now, found) if kind == "users" else DepartmentPlan(now, found)
    chunks = list(_chunks(work.rows(table.rows)))
    made = work.finish()
    if made.rows == 0:
        raise Unreadable(sayings.HEADER_ONLY)
    made.encoding, made.table, made.sheets = table.encoding, first[1], sheets(data)
    made.headings, made.unknown = list(found.headings), list(found.unknown)
    return Outcome(made, chunks)


def _require_columns(kind: Kind, found: Layout) -> None:
    if KEY[kind] not in found.columns:
        both = {"DEPARTMENT_CODE", "DEPARTMENT_NAME"} if kind == "departments" else {"LOGIN_ID"}
        missing = [name for name in COLUMNS[kind] if name in both and name not in found.columns]
        raise WrongHeadings(found, sayings.MISSING_COLUMNS, columns=",".join(missing))
    if found.twice:
        raise WrongHeadings(found, sayings.COLUMN_TWICE, column=found.twice[0])


def _chunks(rows: Iterator[StagedRow]) -> Iterator[bytes]:
    waiting: list[StagedRow] = []
    for row in rows:
        waiting.append(row)
        if len(waiting) == ROWS_A_CHUNK:
            yield msgspec.json.encode(waiting)
            waiting = []
    if waiting:
        yield msgspec.json.encode(waiting)


def _frames(file: BinaryIO) -> Iterator[bytes]:
    """Until an empty frame, or the end."""
    while head := file.read(LENGTH.size):
        (length,) = LENGTH.unpack(head)
        body = file.read(length)
        if body == EMPTY:
            return
        yield body


def _now(file: BinaryIO) -> Now:
    frames = _frames(file)
    decode = msgspec.msgpack.decode
    now = Now(decode(next(frames), type=Company), decode(next(frames), type=dict[str, DepartmentNow]))
    for frame in frames:
        for each in decode(frame, type=list[Packed]):
            # A copy: a ``Raw`` would keep the whole frame.
            now.people[each.key] = each.person.copy()
            if each.anpi:
                now.anpi[each.anpi] = each.key
    return now


def _done(file: BinaryIO) -> Iterator[StagedRow]:
    for frame in _frames(file):
        yield from msgspec.msgpack.decode(frame, type=list[StagedRow])
