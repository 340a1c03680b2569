"""Column types that mean the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, Text
from sqlalchemy.types import TypeDecorator

from server.clock import from_micros, to_micros

Id = BigInteger().with_variant(Integer(), "sqlite")
"""A number that the database draws: SQLite only numbers rows for a column that says INTEGER."""

Key = Text(collation="C").with_variant(Text(), "sqlite")
"""Text that is compared and sorted by its code points on both: PostgreSQL would ask its locale."""


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, kept as microseconds since 1970: no database's time zone has a say in it."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        return None if value is None else from_micros(value)
