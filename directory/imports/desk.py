"""What is done in the sandbox: a stranger's file is read and compared with the company, far from everything else.

The open file holds the upload, and behind it the company in frames (``parcels.pack``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

import msgspec

from directory.imports.columns import COLUMNS, KEY
from directory.imports.current import Company, DepartmentNow, Now
from directory.imports.department_plan import DepartmentPlan
from directory.imports.headings import Layout, layout
from directory.imports.model import Kind, Plan, Problem, StagedRow
from directory.imports.parcels import EMPTY, LENGTH, GivenPassword, Outcome, Packed
from directory.imports.people_plan import PeoplePlan
from directory.imports.reading import Unreadable, read
from directory.imports.undo_plan import UndoPlan

ROWS_A_CHUNK = 250


def plan(kind: Kind, size: int, *, file: BinaryIO) -> Outcome:
    """What the upload, the first ``size`` bytes of the file, would come to."""
    data = file.read(size)
    now = _now(file)
    try:
        return _plan(kind, data, now)
    except Unreadable as problem:
        failed = Plan()
        failed.note(Problem(problem.row, "", "error", problem.text))
        return Outcome(failed, [])


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
    table = read(file.read(size), sheet)
    _, header = next(table.rows)
    found = layout("users", header, remembered)
    for number, raw in table.rows:
        if number in wanted:
            cells = found.cells(raw)
            must = cells.get("INITIAL_PASSWORD_FORCE_CHANGE", "").strip() not in ("0", "０")
            name, login = cells.get("NAME", ""), cells.get("LOGIN_ID", "").strip()
            given.append(GivenPassword(number, login, name, cells.get("PASSWORD", ""), must))
    return given


def _plan(kind: Kind, data: bytes, now: Now) -> Outcome:
    table = read(data, now.company.options.sheet)
    first = next(table.rows, None)
    if first is None:
        raise Unreadable("ファイルが空です。")
    found = layout(kind, first[1], now.company.remembered, now.company.hidden)
    _require_columns(kind, found)
    work = PeoplePlan(now, found) if kind == "users" else DepartmentPlan(now, found)
    chunks = list(_chunks(work.rows(table.rows)))
    made = work.finish()
    if made.rows == 0:
        raise Unreadable("見出しの行だけで、データがありません。")
    made.encoding, made.table = table.encoding, first[1]
    made.headings, made.unknown = list(found.headings), list(found.unknown)
    return Outcome(made, chunks)


def _require_columns(kind: Kind, found: Layout) -> None:
    if KEY[kind] not in found.columns:
        both = {"DEPARTMENT_CODE", "DEPARTMENT_NAME"} if kind == "departments" else {"LOGIN_ID"}
        missing = [name for name in COLUMNS[kind] if name in both and name not in found.columns]
        raise Unreadable(f"{','.join(missing)}は必須項目です。", 1)
    if found.twice:
        raise Unreadable(f"1行目 {found.twice[0]}の列が2つあります。", 1)


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
