"""People, their posts and areas, as an import writes them: a few statements over the staged rows.

New people are made ahead, as ``ready`` says, and admitted in the last step.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import select

from directory.imports.columns import USERS
from directory.search.subjects import FOUND_BY
from directory.tables import import_rows
from server.auth.bulk import UNSEEN
from server.data.sets import key_rows, packed
from server.data.staged import Staged
from server.data.transaction import Transaction

_THERE = ["change", "return"]
_FIELDS = {column.name: column.field for column in USERS if column.field}
_SCORE = "CAST(nullif(s.f ->> 'SORT_SCORE', '') AS integer)"
_MADE = f"SELECT accounts.id FROM s JOIN accounts ON accounts.id = s.id WHERE {UNSEEN}"
EVERYTHING = frozenset({column.name for column in USERS}) | {
    "_posts",
    "_work",
    "_home",
    "_privileges",
    "_anpi_key",
    "_search_key",
    "_sort_key",
    "_password",
}
"""What a row may set."""


def is_found_by(touched: Collection[str]) -> bool:
    """Whether the search finds people by one of these."""
    others = {"LOGIN_ID": "login_id", "NAME": "name", "NAME_KANA": "kana", "_sort_key": "sort_key", "_posts": "posts"}
    return not FOUND_BY.isdisjoint({**_FIELDS, **others}.get(column, "") for column in touched)


def have_changed(rows: Staged, seen_rev: int, touched: Collection[str]) -> bool:
    """Whether somebody whom the plan touches was changed since, or a photo is gone."""
    changed = rows.run(
        "SELECT 1 FROM s LEFT JOIN people ON people.account_id = s.id WHERE s.act <> 'add' AND"
        " (people.rev IS NULL OR people.rev > :rev OR people.gone <> (s.act = 'return')) LIMIT 1",
        ["change", "remove", "return"],
        rev=seen_rev,
    )
    if changed.first() is not None:
        return True
    return "BIG_IMAGE" in touched and _is_swept(rows)


def _is_swept(rows: Staged) -> bool:
    swept = rows.run(
        "SELECT 1 FROM s WHERE s.f ->> 'BIG_IMAGE' <> ''"
        " AND NOT EXISTS (SELECT 1 FROM pictures WHERE pictures.name = s.f ->> 'BIG_IMAGE') LIMIT 1"
    )
    return swept.first() is not None


def accounts_of(tx: Transaction, import_id: int, rows: Sequence[int]) -> dict[int, int]:
    """Row of the file → account, of these rows."""
    if not rows:
        return {}
    keys, r = key_rows(tx.dialect, int), import_rows.c
    wanted = select(r.row, r.target_id).join(keys, keys.c.k0 == r.row).where(r.import_id == import_id)
    return {found.row: found.target_id for found in tx.connection.execute(wanted, {"keys": packed(rows)})}


def mark_departments(rows: Staged, rev: int, acts: Collection[str], touched: Collection[str]) -> None:
    """The departments that these people are in now: the number of their people changes."""
    moved = [act for act in ("add", "remove") if act in acts]
    marked = "UPDATE departments SET rev = :rev WHERE id IN (SELECT posts.department_id FROM s"
    marked += " JOIN posts ON posts.account_id = s.id{where})"
    if moved:
        rows.run(marked.format(where=""), moved, rev=rev)
    if "_posts" in touched:
        rows.run(marked.format(where=" WHERE s.f ->> '_posts' IS NOT NULL"), _THERE, rev=rev)


# ---------------------------------------------------------------- new people


def number_the_made(rows: Staged, made: str) -> None:
    """Remember which account each new row has become; ``made`` is SQL of the key that it has."""
    rows.run(
        f"UPDATE import_rows SET target_id = accounts.id FROM s JOIN accounts ON accounts.login_key = {made}"
        " WHERE import_rows.import_id = :import_id AND import_rows.row = s.row",
        ["add"],
    )


def make(rows: Staged) -> None:
    """Everything that the directory keeps of new people, so that nobody sees it."""
    values = [f"coalesce(s.f ->> '{column}', '')" for column in _FIELDS]
    rows.run(
        f"INSERT INTO people (account_id, sort_score, sort_key, rev, gone, {', '.join(_FIELDS.values())})"
        f" SELECT s.id, {_SCORE}, coalesce(s.f ->> '_sort_key', ''), 0, true, {', '.join(values)} FROM s",
        ["add"],
    )
    _insert_posts(rows, ["add"], hidden=True)
    for kind in ("work", "home"):
        _insert_areas(rows, ["add"], kind)


def admit(rows: Staged, rev: int) -> None:
    """Show them."""
    rows.run("UPDATE people SET gone = false, rev = :rev WHERE account_id IN (SELECT id FROM s)", ["add"], rev=rev)
    rows.run(
        "UPDATE posts SET department_id = -department_id"
        " WHERE account_id IN (SELECT id FROM s) AND department_id < 0",
        ["add"],
    )


def unmake(rows: Staged) -> None:
    """Take away what was made of those who were never admitted."""
    for table in ("posts", "person_areas", "people"):
        rows.run(f"DELETE FROM {table} WHERE account_id IN ({_MADE})", ["add"])


# ---------------------------------------------------------------- people who are there


def write(rows: Staged, rev: int, acts: Collection[str], touched: Collection[str]) -> None:
    """Everything that the directory keeps of those who are changed, removed or come back."""
    if "remove" in acts:
        gone = "UPDATE people SET gone = true, rev = :rev WHERE account_id IN (SELECT id FROM s)"
        rows.run(gone, ["remove"], rev=rev)
        rows.run("DELETE FROM posts WHERE account_id IN (SELECT id FROM s)", ["remove"])
    if set(acts) & set(_THERE):
        _write_profiles(rows, rev, touched)
        _write_posts(rows, touched)
        _write_areas(rows, touched)


def forget_areas(rows: Staged) -> None:
    """Of those who are removed, afterwards: the areas of who is deleted mean nobody, as those of who is not admitted
    yet. Whoever has come back meanwhile keeps his."""
    gone = "SELECT accounts.id FROM s JOIN accounts ON accounts.id = s.id AND accounts.state = 'deleted'"
    rows.run(f"DELETE FROM person_areas WHERE account_id IN ({gone})", ["remove"])


def _write_profiles(rows: Staged, rev: int, touched: Collection[str]) -> None:
    parts = [
        f"{name} = coalesce(s.f ->> '{column}', people.{name})"
        for column, name in {**_FIELDS, "_sort_key": "sort_key"}.items()
        if column in touched
    ]
    if "SORT_SCORE" in touched:
        parts.append(f"sort_score = CASE WHEN s.f ->> 'SORT_SCORE' IS NULL THEN people.sort_score ELSE {_SCORE} END")
    written = ", ".join(["rev = :rev", "gone = false", *parts])
    rows.run(f"UPDATE people SET {written} FROM s WHERE people.account_id = s.id", _THERE, rev=rev)


def _write_posts(rows: Staged, touched: Collection[str]) -> None:
    if "_posts" in touched:
        held = "SELECT id FROM s WHERE s.f ->> '_posts' IS NOT NULL"
        rows.run(f"DELETE FROM posts WHERE account_id IN ({held})", _THERE)
        _insert_posts(rows, _THERE)


def _insert_posts(rows: Staged, acts: Sequence[str], *, hidden: bool = False) -> None:
    rows.run(
        "INSERT INTO posts (account_id, place, department_id, title)"
        f" SELECT s.id, {rows.place}, {'-' if hidden else ''}departments.id, {rows.item(1)} {rows.each('_posts')}"
        f" JOIN departments ON departments.id = CAST({rows.item(0)} AS bigint) AND NOT departments.gone",
        acts,
    )


def _write_areas(rows: Staged, touched: Collection[str]) -> None:
    for kind in ("work", "home"):
        if f"_{kind}" in touched:
            held = f"SELECT id FROM s WHERE s.f ->> '_{kind}' IS NOT NULL"
            rows.run(f"DELETE FROM person_areas WHERE account_id IN ({held}) AND kind = '{kind}'", _THERE)
            _insert_areas(rows, _THERE, kind)


def _insert_areas(rows: Staged, acts: Sequence[str], kind: str) -> None:
    rows.run(
        "INSERT INTO person_areas (account_id, kind, place, area, given)"
        f" SELECT s.id, '{kind}', {rows.place}, {rows.item(0)}, {rows.item(1)} {rows.each('_' + kind)}",
        acts,
    )
