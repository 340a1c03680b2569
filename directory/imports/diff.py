"""What a kept plan shows: its rows, page by page."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from directory.imports import state
from directory.imports.columns import NAME
from directory.imports.model import Act, Kind
from directory.imports.wire import ImportField, ImportRow, ImportRows
from directory.tables import import_rows

ROWS_A_PAGE = 100


def rows_with_password(connection: Connection, import_id: int) -> list[int]:
    """The rows of the file that set a password."""
    r = import_rows.c
    wanted = select(r.row).where(
        r.import_id == import_id, r.act.in_(["add", "change"]), r.after.like('%"_password":%')
    )
    return list(connection.execute(wanted.order_by(r.row)).scalars())


def page(connection: Connection, import_id: int, kind: Kind, act: Act, start: int) -> ImportRows:
    """A page of what is added, changed or removed, without the fields that nobody but their owner sees."""
    r = import_rows.c
    # They are columns of people: a department has a PHONE_NUMBER of its own, which is nobody's secret.
    hidden = set(state.hidden_columns(connection)) if kind == "users" else set[str]()
    # Who comes back is new to those who look.
    acts = ["add", "return"] if act == "add" else [act]
    wanted = select(import_rows).where(r.import_id == import_id, r.act.in_(acts))
    rows = connection.execute(wanted.order_by(r.row)).all()
    shown = [_shown(kind, row, hidden) for row in rows[start : start + ROWS_A_PAGE]]
    return ImportRows(len(rows), start, shown)


def _shown(kind: Kind, row: Any, hidden: Collection[str]) -> ImportRow:
    before, after = _cells(row.before, hidden), _cells(row.after, hidden)
    names = [name for name in (after or before) if row.act == "change" or after.get(name) or before.get(name)]
    fields = [ImportField(name, before.get(name, ""), after.get(name, "")) for name in names]
    name = after.get(NAME[kind]) or before.get(NAME[kind], "")
    return ImportRow(0 if row.row >= 10_000_000 else row.row, row.act, row.key, name, fields)


def _cells(packed_cells: str, hidden: Collection[str]) -> dict[str, str]:
    whole = msgspec.json.decode(packed_cells)
    shown = {name: value for name, value in whole.items() if not name.startswith("_") and name not in hidden}
    return {name: value for name, value in shown.items() if isinstance(value, str)}


def error_page(connection: Connection, import_id: int, after: int) -> list[tuple[int, list[str]]]:
    """The next rows with errors, as they are kept: without passwords and without unknown columns."""
    r = import_rows.c
    wanted = select(r.row, r.after).where(r.import_id == import_id, r.act == "error", r.row > after)
    rows = connection.execute(wanted.order_by(r.row).limit(ROWS_A_PAGE))
    return [(row.row, msgspec.json.decode(row.after)["cells"]) for row in rows]
