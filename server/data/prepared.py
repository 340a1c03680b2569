"""A statement compiled once, for the few places where it runs thousands of times a second, or for many rows.

SQLAlchemy Core writes the SQL; only its work for each execution (cache key, parameters, types: about 50 µs) is
left out. Values go to the driver as they are: ``UtcTime`` and the like are not converted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, Dialect, Table, bindparam, insert, select
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

from server.data.sets import packed, record_rows

Row = Mapping[str, Any]


class Prepared:
    """A statement for one dialect. ``columns`` names what an INSERT is given."""

    def __init__(self, statement: ClauseElement, dialect: Any, columns: Sequence[str] | None = None) -> None:
        compiled = statement.compile(dialect=dialect, column_keys=columns)
        assert isinstance(compiled, SQLCompiler)
        self._sql = compiled.string
        # SQLite's driver takes places, PostgreSQL's takes names.
        self._places = list(compiled.positiontup) if compiled.positional and compiled.positiontup else None
        self._fixed = {name: value for name, value in compiled.params.items() if value is not None}

    def run(self, connection: Connection, **values: Any) -> CursorResult[Any]:
        """Execute once."""
        return connection.exec_driver_sql(self._sql, self._bound(values))

    def run_each(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Execute for every row (executemany)."""
        connection.exec_driver_sql(self._sql, [self._bound(row) for row in rows])

    def _bound(self, row: Row) -> Any:
        if self._fixed:
            row = {**self._fixed, **row}
        return row if self._places is None else tuple([row[name] for name in self._places])


Value = Callable[[str], Any]
"""What stands in a statement for one part of a given row."""
Changed = Callable[[Value], ClauseElement]


class PreparedMany:
    """One change for many given rows: SQLite runs it row by row, PostgreSQL once for all.

    ``kinds`` names the parts of a row and their types; ``changed`` writes the statement with what stands for them.
    On PostgreSQL the rows are touched in no order of ours: whoever has not locked them before does so first.
    """

    def __init__(
        self, dialect: Dialect, kinds: Mapping[str, type], changed: Callable[[Value], ClauseElement]
    ) -> None:
        self._at_once = dialect.name == "postgresql"
        given = record_rows(ROWS, kinds) if self._at_once else None
        value: Value = bindparam if given is None else given.c.__getitem__
        self._statement = Prepared(changed(value), dialect, None if self._at_once else list(kinds))

    def run(self, connection: Connection, rows: Sequence[Row]) -> None:
        """Change all of them."""
        if self._at_once:
            self._statement.run(connection, **{ROWS: packed(rows)})
        else:
            self._statement.run_each(connection, rows)


def prepared_insert(dialect: Dialect, table: Table, kinds: Mapping[str, type]) -> PreparedMany:
    """New rows of a table, each with these columns."""

    def inserted(value: Value) -> ClauseElement:
        if dialect.name != "postgresql":
            return insert(table).inline()
        return insert(table).inline().from_select(list(kinds), select(*(value(name) for name in kinds)))

    return PreparedMany(dialect, kinds, inserted)


ROWS = "rows"
