"""How SQLite goes about a question: which tables it would read from end to end."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, event

_WHOLE_TABLE = re.compile(r"SCAN (?!json_each|\(|keys|\w+_json)(\w+)")


def scans(connection: Connection, question: Callable[..., Any], *args: Any) -> list[str]:
    """The steps of ``question(connection, *args)`` that scan a table; joined key lists are no tables."""
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        question(connection, *args)
    finally:
        event.remove(connection, "before_cursor_execute", note)
    assert asked, "the question asked nothing"
    steps = [
        step
        for statement, parameters in asked
        for *_, step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
    ]
    return [step for step in steps if _WHOLE_TABLE.match(step)]
