"""Departments, as an import writes them: a few statements over the staged rows."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection, and_, func, select

from directory.imports.columns import DEPARTMENTS
from directory.imports.model import Kind
from directory.tables import departments
from server.data.sets import key_rows, packed
from server.data.staged import Staged

_FIELDS = {column.name: column.field for column in DEPARTMENTS if column.field}
_SCORE = "CAST(nullif(s.f ->> 'SORT_SCORE', '') AS integer)"
_PARENT = "s.f ->> 'PARENT_DEPARTMENT_CODE'"


def relied_upon_have_changed(connection: Connection, kind: Kind, relied: Mapping[str, int], seen_rev: int) -> bool:
    """Whether one of these is gone or its code is another's; for a plan of departments, changed at all."""
    keys, d = key_rows(connection.dialect.name, str, int), departments.c
    unchanged = and_(~d.gone, d.rev <= seen_rev) if kind == "departments" else ~d.gone
    there = (
        select(func.count())
        .select_from(keys.join(departments, (d.code == keys.c.k0) & (d.id == keys.c.k1)))
        .where(unchanged)
    )
    return connection.execute(there, {"keys": packed(relied.items())}).scalar_one() < len(relied)


def have_changed(rows: Staged, seen_rev: int) -> bool:
    """Whether a department that the plan touches was changed since, or a code that it gives has been taken."""
    touched = rows.run(
        "SELECT 1 FROM s JOIN departments ON departments.id = s.id"
        " WHERE s.act <> 'add' AND (departments.rev > :rev OR departments.gone <> (s.act = 'return')) LIMIT 1",
        rev=seen_rev,
    )
    taken = rows.run(
        "SELECT 1 FROM s JOIN departments ON departments.code = s.key"
        " WHERE departments.id <> coalesce(s.id, 0) LIMIT 1"
    )
    return any(found.first() is not None for found in (touched, taken))


def write(rows: Staged, rev: int) -> list[int]:
    """Write them all; the people whose departments have changed."""
    people = _people(rows)
    rows.run(
        "UPDATE people SET rev = :rev WHERE account_id IN"
        " (SELECT posts.account_id FROM s JOIN posts ON posts.department_id = s.id)",
        ["remove"],
        rev=rev,
    )
    rows.run("DELETE FROM posts WHERE department_id IN (SELECT id FROM s)", ["remove"])
    rows.run(
        "UPDATE departments SET code = 'removed ' || departments.id, gone = true, parent_id = NULL, rev = :rev"
        " FROM s WHERE departments.id = s.id",
        ["remove"],
        rev=rev,
    )
    _change(rows, rev)
    _add(rows, rev)
    rows.run(
        f"UPDATE departments SET parent_id = (SELECT d.id FROM departments AS d WHERE d.code = {_PARENT})"
        f" FROM s WHERE departments.id = s.id AND {_PARENT} IS NOT NULL",
        ["add", "change", "return"],
    )
    _give_people_back(rows, rev)
    return sorted({*people, *_people(rows)})


def numbers(rows: Staged) -> list[int]:
    """The departments that were written."""
    return list(rows.run("SELECT s.id FROM s").scalars())


def _change(rows: Staged, rev: int) -> None:
    parts = [f"{name} = coalesce(s.f ->> '{column}', departments.{name})" for column, name in _FIELDS.items()]
    score = f"sort_score = CASE WHEN s.f ->> 'SORT_SCORE' IS NULL THEN departments.sort_score ELSE {_SCORE} END"
    rows.run(
        f"UPDATE departments SET code = s.key, gone = false, rev = :rev, {score}, {', '.join(parts)}"
        " FROM s WHERE departments.id = s.id",
        ["change", "return"],
        rev=rev,
    )


def _add(rows: Staged, rev: int) -> None:
    names = ", ".join(_FIELDS.values())
    values = ", ".join(f"coalesce(s.f ->> '{column}', '')" for column in _FIELDS)
    rows.run(
        f"INSERT INTO departments (code, sort_score, rev, gone, {names})"
        f" SELECT s.key, {_SCORE}, CAST(:rev AS bigint), false, {values} FROM s ORDER BY s.row",
        ["add"],
        rev=rev,
    )
    rows.run(
        "UPDATE import_rows SET target_id = departments.id FROM s JOIN departments ON departments.code = s.key"
        " WHERE import_rows.import_id = :import_id AND import_rows.row = s.row",
        ["add"],
    )


def _give_people_back(rows: Staged, rev: int) -> None:
    """A department that returns has its people again, as far as they are there and have not been put elsewhere."""
    account = f"CAST({rows.item(0)} AS bigint)"
    rows.run(
        "INSERT INTO posts (account_id, place, department_id, title)"
        f" SELECT {account}, CAST({rows.item(1)} AS integer), s.id, {rows.item(2)} {rows.each('_people')}"
        f" JOIN people ON people.account_id = {account} AND NOT people.gone WHERE true ON CONFLICT DO NOTHING",
        ["return"],
    )
    rows.run(
        f"UPDATE people SET rev = :rev WHERE account_id IN (SELECT {account} {rows.each('_people')})",
        ["return"],
        rev=rev,
    )


def _people(rows: Staged) -> list[int]:
    """Whoever is in a department whose name, place or being is touched."""
    found = rows.run("SELECT DISTINCT posts.account_id FROM s JOIN posts ON posts.department_id = s.id")
    return list(found.scalars())
