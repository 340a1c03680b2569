"""A statement compiled once, for the few places where it runs thousands of times a second.

SQLAlchemy Core writes the SQL; only its work for each execution (cache key, parameters, types: about 50 µs) is
left out. Values go to the driver as they are: ``UtcTime`` and the like are not converted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult
from sqlalchemy.sql import ClauseElement
from sqlalchemy.sql.compiler import SQLCompiler

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

    def run_many(self, connection: Connection, rows: Iterable[Row]) -> None:
        """Execute for every row (executemany)."""
        connection.exec_driver_sql(self._sql, [self._bound(row) for row in rows])

    def _bound(self, row: Row) -> Any:
        if self._fixed:
            row = {**self._fixed, **row}
        return row if self._places is None else tuple([row[name] for name in self._places])
