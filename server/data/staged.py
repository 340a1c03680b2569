"""Rows that wait in a table as JSON, read by SQL in the same words on both databases.

``f ->> 'NAME'`` is a field of a row as text, NULL when it is not set; ``each`` opens a list in it. Writing them is
one statement for thousands of rows: a statement a row would cost ten times as much, and hold everybody else up.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, CursorResult, text


@dataclass(frozen=True)
class Staged:
    """Staged rows, as a WITH table ``s`` (row, act, key, id, f): what is asked begins with ``WITH`` and may use it.

    ``source`` is a SELECT with the columns row, act, key, id and fields, the last of them JSON text; ``given`` its
    parameters.
    """

    connection: Connection
    source: str
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def on_postgresql(self) -> bool:
        return self.connection.dialect.name == "postgresql"

    def run(self, statement: str, acts: Sequence[str] = (), **given: Any) -> CursorResult[Any]:
        """Run the statement over the rows of these acts (all: none named)."""
        with_fields = "s.f" in statement or "o.f" in statement
        return self.connection.execute(text(f"{self._with(acts, with_fields)} {statement}"), {**self.given, **given})

    def each(self, path: str) -> str:
        """``FROM s``, and beside each row the elements ``e`` of its list ``path``; without the list, nothing.

        What an element is, and where it stands, say ``item`` and ``place``.
        """
        if self.on_postgresql:
            opened = f"jsonb_array_elements(s.f -> '{path}') WITH ORDINALITY AS e(item, place)"
            return f"FROM s CROSS JOIN LATERAL {opened}"
        return f"FROM s CROSS JOIN json_each(s.f, '$.{path}') AS e"

    @property
    def place(self) -> str:
        """Where the element stands in its list, from 0."""
        return "(e.place - 1)" if self.on_postgresql else "e.key"

    def item(self, part: int | None = None) -> str:
        """The element as text, or one part of an element that is a list itself."""
        if part is not None:
            return f"(e.item ->> {part})" if self.on_postgresql else f"(e.value ->> {part})"
        return "(e.item #>> '{}')" if self.on_postgresql else "e.value"

    @classmethod
    def of(cls, connection: Connection, rows: str) -> Staged:
        """Rows that no table holds: JSON of objects with row, act, key, id (each may be missing) and the fields."""
        if connection.dialect.name == "postgresql":
            parts = "CAST(g ->> 'row' AS integer) AS row, g ->> 'act' AS act, g ->> 'key' AS key"
            source = f"SELECT {parts}, CAST(g ->> 'id' AS bigint) AS id, CAST(g AS text) AS fields"
            source += " FROM jsonb_array_elements(CAST(:given AS jsonb)) AS g"
        else:
            parts = "g.value ->> 'row' AS row, g.value ->> 'act' AS act, g.value ->> 'key' AS key"
            source = f"SELECT {parts}, g.value ->> 'id' AS id, g.value AS fields FROM json_each(:given) AS g"
        return cls(connection, source, {"given": rows})

    def _with(self, acts: Sequence[str], with_fields: bool) -> str:
        fields, held = "g.fields", "AS"
        if not with_fields:
            # To read the fields of thousands of rows costs more than most of what is done with the rows.
            fields = "NULL"
        elif self.on_postgresql:
            fields, held = "CAST(g.fields AS jsonb)", "AS MATERIALIZED"
        chosen = ", ".join(f"'{act}'" for act in acts)
        where = f" WHERE g.act IN ({chosen})" if acts else ""
        return f"WITH s {held} (SELECT g.row, g.act, g.key, g.id, {fields} AS f FROM ({self.source}) AS g{where})"
