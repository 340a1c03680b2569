"""A set of keys, joined as one bound JSON value.

Never ``tuple_(…).in_(…)`` and never a long ``IN``: SQLite scans a whole index for row values, so the duplicate
check would grow with every stored message, and SQLAlchemy would build one parameter for each value.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Text,
    bindparam,
    cast,
    column,
    func,
    literal_column,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB
from sqlalchemy.sql.selectable import Subquery, TableValuedAlias

Key = TypeVar("Key")

_encode = msgspec.json.Encoder().encode


def packed(keys: Iterable[object]) -> str:
    """The bound value for ``key_rows``: ``[1, 2]`` for one column, ``[[1, "a"], …]`` for several."""
    return _encode(list(keys)).decode()


def key_rows(dialect: str, *kinds: type, name: str = "keys") -> Subquery:
    """A table of keys to join with, columns ``k0``, ``k1`` …; execute with ``{name: packed(keys)}``.

    ``kinds`` are ``int`` or ``str``, one a column; ``dialect`` is ``sqlite`` or ``postgresql``.
    """
    each = _elements(dialect, name)
    parts = [
        _typed(_part(dialect, each, None if len(kinds) == 1 else i), kind, dialect).label(f"k{i}")
        for i, kind in enumerate(kinds)
    ]
    return select(*parts).select_from(each.table).subquery(name)


def is_one_of(whole: ColumnElement[int], dialect: str, name: str = "keys") -> ColumnElement[bool]:
    """Whether ``whole`` is one of the whole numbers that are given as ``{name: packed(numbers)}``.

    PostgreSQL goes through an index once for all of them, which of two thousand takes half as long as a join.
    """
    if dialect == "sqlite":
        return whole.in_(select(key_rows(dialect, int, name=name).c.k0))
    # A JSON list of whole numbers is an array but for its brackets. In a question of its own it is read once; else
    # PostgreSQL reads it anew for each row that it looks at.
    text = func.translate(bindparam(name, type_=Text), literal_column("'[]'"), literal_column("'{}'"))
    array = select(cast(text, ARRAY(BigInteger))).scalar_subquery()
    # The cast says that any of the array is meant, not any row of the question.
    return whole == func.any(cast(array, ARRAY(BigInteger)))


def _elements(dialect: str, name: str) -> ColumnElement[Any]:
    if dialect == "sqlite":
        return func.json_each(bindparam(name)).table_valued("value", name=f"{name}_json").c.value
    listed = func.jsonb_array_elements(cast(bindparam(name, type_=Text), JSONB))
    return listed.table_valued(column("value", JSONB), name=f"{name}_json").render_derived().c.value


def _part(dialect: str, value: ColumnElement[Any], index: int | None) -> ColumnElement[Any]:
    if dialect == "sqlite":
        return value if index is None else func.json_extract(value, literal_column(f"'$[{index}]'"))
    return value.op("#>>")(literal_column("'{}'" if index is None else f"'{{{index}}}'"))


def _typed(value: ColumnElement[Any], kind: type, dialect: str) -> ColumnElement[Any]:
    if dialect == "sqlite":
        value.type = Integer() if kind is int else Text()
        return value
    return cast(value, BigInteger if kind is int else Text)


def chunks(keys: Sequence[Key], size: int = 500) -> Iterable[Sequence[Key]]:
    """The keys in pieces of at most ``size``, in their order."""
    for start in range(0, len(keys), size):
        yield keys[start : start + size]


def record_rows(name: str, kinds: Mapping[str, type]) -> TableValuedAlias:
    """A table of given rows on PostgreSQL, a column for each of ``kinds``; execute with ``{name: packed(rows)}``.

    A row is an object with these keys. One statement over 256 rows costs the server a tenth of 256 statements.
    """
    columns = [column(each, BigInteger if kind is int else Text) for each, kind in kinds.items()]
    listed = func.json_to_recordset(cast(bindparam(name, type_=Text), JSON))
    return listed.table_valued(*columns, name=f"{name}_given").render_derived(with_types=True)
