"""What other rooms may ask about people, without knowing the directory (``server/ports.py``)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, func, select

from directory import queries
from directory.tables import people, posts
from server.auth.tables import accounts
from server.data.sets import key_rows, packed
from server.ports import PersonName


class Directory:
    """The port ``people``, filled by the directory."""

    def names(self, connection: Connection, ids: Iterable[int]) -> Mapping[int, PersonName]:
        rows = connection.execute(_names(connection.dialect.name), {"keys": packed(ids)})
        return {row.id: PersonName(row.name, row.kana, row.title or "") for row in rows}

    def members(self, connection: Connection, departments: Iterable[int]) -> set[int]:
        below = queries.tree(connection).below(departments)
        return queries.people_in(connection, below)

    def addresses(self, connection: Connection, ids: Iterable[int]) -> Mapping[int, tuple[str, ...]]:
        rows = connection.execute(_addresses(connection.dialect.name), {"keys": packed(ids)})
        found = {row.account_id: tuple(each for each in (row.email1, row.email2) if each) for row in rows}
        return {id: kept for id, kept in found.items() if kept}


@cache
def _names(dialect: str) -> Select[Any]:
    """Everybody's name with the title of his 本務: the post at his lowest place."""
    keys, a = key_rows(dialect, int), accounts.c
    every = posts.alias("every")
    first = select(func.min(every.c.place)).where(every.c.account_id == a.id).correlate(accounts).scalar_subquery()
    held = and_(posts.c.account_id == a.id, posts.c.place == first)
    joined = keys.join(accounts, a.id == keys.c.k0).outerjoin(posts, held)
    return select(a.id, a.name, a.kana, posts.c.title).select_from(joined)


@cache
def _addresses(dialect: str) -> Select[Any]:
    keys, p = key_rows(dialect, int), people.c
    joined = keys.join(people, and_(p.account_id == keys.c.k0, queries.LISTED))
    return select(p.account_id, p.email1, p.email2).select_from(joined)
