"""People, their posts and areas, as an import writes them: a few statements over the staged rows."""

from __future__ import annotations

from directory.imports.columns import USERS
from server.data.staged import Staged

_KEPT = ["add", "change", "return"]
_FIELDS = {column.name: column.field for column in USERS if column.field}


def have_changed(rows: Staged, seen_rev: int) -> bool:
    """Whether somebody whom the plan touches was changed since, or a name that it gives is taken, or a photo gone."""
    touched = rows.run(
        "SELECT 1 FROM s JOIN people ON people.account_id = s.id"
        " WHERE s.act <> 'add' AND (people.rev > :rev OR people.gone <> (s.act = 'return')) LIMIT 1",
        rev=seen_rev,
    )
    taken = rows.run(
        "SELECT 1 FROM s JOIN accounts ON accounts.login_key = s.key WHERE accounts.id <> coalesce(s.id, 0) LIMIT 1"
    )
    owned = rows.run(
        "SELECT 1 FROM s JOIN accounts ON accounts.anpi_key = s.f ->> '_anpi_key'"
        " WHERE s.f ->> '_anpi_key' IS NOT NULL AND accounts.id <> coalesce(s.id, 0)"
        " AND NOT EXISTS (SELECT 1 FROM s AS o WHERE o.id = accounts.id AND (o.act = 'remove'"
        " OR o.f ->> 'ANPI_LOGIN_ID' IS NOT NULL)) LIMIT 1"
    )
    swept = rows.run(
        "SELECT 1 FROM s WHERE s.f ->> 'BIG_IMAGE' <> ''"
        " AND NOT EXISTS (SELECT 1 FROM pictures WHERE pictures.name = s.f ->> 'BIG_IMAGE') LIMIT 1"
    )
    return any(found.first() is not None for found in (touched, taken, owned, swept))


def number_the_new(rows: Staged) -> None:
    """Remember which account each new row has become."""
    rows.run(
        "UPDATE import_rows SET target_id = accounts.id FROM s JOIN accounts ON accounts.login_key = s.key"
        " WHERE import_rows.import_id = :import_id AND import_rows.row = s.row",
        ["add"],
    )


def numbers(rows: Staged) -> dict[int, int]:
    """Row of the file → account."""
    return {found.row: found.id for found in rows.run("SELECT s.row, s.id FROM s ORDER BY s.row")}


def mark_departments(rows: Staged, rev: int) -> None:
    """The departments that these people are in now: the number of their people changes."""
    rows.run(
        "UPDATE departments SET rev = :rev WHERE id IN (SELECT posts.department_id FROM s"
        " JOIN posts ON posts.account_id = s.id WHERE s.act = 'remove' OR s.f ->> '_posts' IS NOT NULL)",
        rev=rev,
    )


def write(rows: Staged, rev: int) -> None:
    """Everything that the directory keeps of them itself."""
    rows.run("UPDATE people SET gone = true, rev = :rev WHERE account_id IN (SELECT id FROM s)", ["remove"], rev=rev)
    _write_profiles(rows, rev)
    _write_posts(rows)
    _write_areas(rows)


def _write_profiles(rows: Staged, rev: int) -> None:
    names = list(_FIELDS.values())
    values = [f"coalesce(s.f ->> '{column}', p.{name}, '')" for column, name in _FIELDS.items()]
    score = "CASE WHEN s.f ->> 'SORT_SCORE' IS NULL THEN p.sort_score ELSE CAST({given} AS integer) END".format(
        given="nullif(s.f ->> 'SORT_SCORE', '')"
    )
    written = ["sort_score", "sort_key", "rev", "gone", *names]
    rows.run(
        f"INSERT INTO people (account_id, {', '.join(written)})"
        f" SELECT s.id, {score}, coalesce(s.f ->> '_sort_key', p.sort_key, ''), CAST(:rev AS bigint), false,"
        f" {', '.join(values)} FROM s LEFT JOIN people AS p ON p.account_id = s.id WHERE true"
        f" ON CONFLICT (account_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in written)}",
        _KEPT,
        rev=rev,
    )


def _write_posts(rows: Staged) -> None:
    rows.run(
        "DELETE FROM posts WHERE account_id IN"
        " (SELECT id FROM s WHERE s.act = 'remove' OR s.f ->> '_posts' IS NOT NULL)"
    )
    rows.run(
        "INSERT INTO posts (account_id, place, department_id, title)"
        f" SELECT s.id, {rows.place}, CAST({rows.item(0)} AS bigint), {rows.item(1)} {rows.each('_posts')}"
        f" JOIN departments ON departments.id = CAST({rows.item(0)} AS bigint) AND NOT departments.gone",
        _KEPT,
    )


def _write_areas(rows: Staged) -> None:
    rows.run(
        "DELETE FROM person_areas WHERE account_id IN"
        " (SELECT id FROM s WHERE s.act = 'remove' OR s.f ->> '_work' IS NOT NULL) AND kind = 'work'"
    )
    rows.run(
        "DELETE FROM person_areas WHERE account_id IN"
        " (SELECT id FROM s WHERE s.act = 'remove' OR s.f ->> '_home' IS NOT NULL) AND kind = 'home'"
    )
    for kind in ("work", "home"):
        rows.run(
            "INSERT INTO person_areas (account_id, kind, place, area, given)"
            f" SELECT s.id, '{kind}', {rows.place}, {rows.item(0)}, {rows.item(1)} {rows.each('_' + kind)}",
            _KEPT,
        )
