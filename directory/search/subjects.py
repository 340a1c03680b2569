"""Reading people as the index sees them: one question a table, whatever their number."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from directory.search.lines import NUMBERS, Line, Lines, Subject, field_lines, name_lines
from directory.tables import departments, people, posts
from server.auth.tables import accounts
from server.data.sets import key_rows, packed

_FIELDS = ("post", "employee_number", "email1", "email2", *NUMBERS)
FOUND_BY = frozenset(("login_id", "name", "kana", "alphabet", "sort_key", "posts", *_FIELDS))
"""What the index knows of people: the columns of theirs whose change makes it old, and their posts."""


@dataclass(frozen=True)
class _Department:
    parent_id: int | None
    lines: tuple[Line, ...]


def read(connection: Connection, ids: Sequence[int]) -> list[Subject]:
    """Those of ``ids`` who can be found; who is gone is left out."""
    held = _posts(connection, ids)
    tree = _departments(connection, {department for each in held.values() for department, _title in each})
    return [_subject(row, held.get(row.account_id, ()), tree) for row in _people(connection, ids)]


def _subject(row: Row[Any], held: Iterable[tuple[int, str]], tree: Mapping[int, _Department]) -> Subject:
    within = _with_above((department for department, _title in held), tree)
    lines = name_lines(row.name, row.kana, row.alphabet)
    lines += field_lines(("title", title) for department, title in held if department in tree)
    lines += field_lines([("login_id", row.login_id), *((field, getattr(row, field)) for field in _FIELDS)])
    lines += dict.fromkeys(line for department in within for line in tree[department].lines)
    return Subject(row.account_id, row.sort_key, Lines(tuple(lines), tuple(within)))


# The same few departments in every step.
@lru_cache(maxsize=4096)
def _department_lines(*texts: str) -> tuple[Line, ...]:
    return tuple(field_lines(("department", text) for text in texts))


def _with_above(wanted: Iterable[int], tree: Mapping[int, _Department]) -> list[int]:
    found: dict[int, None] = {}
    for department in wanted:
        at: int | None = department
        while at is not None and at in tree and at not in found:
            found[at] = None
            at = tree[at].parent_id
    return list(found)


def _people(connection: Connection, ids: Sequence[int]) -> Sequence[Row[Any]]:
    return connection.execute(_found(connection.dialect.name), {"keys": packed(ids)}).all()


def _posts(connection: Connection, ids: Sequence[int]) -> dict[int, list[tuple[int, str]]]:
    held: dict[int, list[tuple[int, str]]] = defaultdict(list)
    for account, department, title in connection.execute(_held(connection.dialect.name), {"keys": packed(ids)}):
        held[account].append((department, title))
    return held


def _departments(connection: Connection, ids: Iterable[int]) -> dict[int, _Department]:
    rows = connection.execute(_above(connection.dialect.name), {"keys": packed(ids)})
    return {
        row.id: _Department(
            row.parent_id,
            _department_lines(row.name, row.kana, row.alphabet),
        )
        for row in rows
    }


# Made once: to build them anew takes as long as to run them.


@cache
def _found(dialect: str) -> Select[Any]:
    p, a, keys = people.c, accounts.c, key_rows(dialect, int)
    columns = (p.account_id, p.sort_key, p.alphabet, a.name, a.kana, a.login_id, *(p[field] for field in _FIELDS))
    wanted = select(*columns).join(keys, keys.c.k0 == p.account_id).join(accounts, a.id == p.account_id)
    return wanted.where(~p.gone, a.state != "deleted").order_by(p.account_id)


@cache
def _held(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int)
    wanted = select(posts.c.account_id, posts.c.department_id, posts.c.title)
    return wanted.join(keys, keys.c.k0 == posts.c.account_id).order_by(posts.c.account_id, posts.c.place)


@cache
def _above(dialect: str) -> Select[tuple[int, int | None, str, str, str]]:
    """These departments and all above them; UNION ends a circle."""
    d = departments.c
    keys = key_rows(dialect, int)
    columns = (d.id, d.parent_id, d.name, d.kana, d.alphabet)
    chain = select(*columns).join(keys, keys.c.k0 == d.id).where(~d.gone).cte("chain", recursive=True)
    chain = chain.union(select(*columns).join(chain, chain.c.parent_id == d.id).where(~d.gone))
    return select(chain.c.id, chain.c.parent_id, chain.c.name, chain.c.kana, chain.c.alphabet)
