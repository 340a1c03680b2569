"""New people, made ahead of the last step and seen by nobody until then, so that the last step is short.

They stand there as people who are deleted: their accounts are valid for nothing, they are gone from the directory,
and their posts are in departments of negative numbers, which nobody has. The last step admits them all at once
(``person_rows.admit``). What is never admitted is taken away: at once after a refusal, by the upkeep after a crash,
and by whoever applies the same import again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial

from msgspec import Struct
from sqlalchemy import Connection, exists, select, update
from sqlalchemy.exc import IntegrityError

from directory.imports import claims, person_rows, staging
from directory.tables import import_rows, imports
from server.auth import bulk
from server.auth.bulk import HashedPassword
from server.data.batch import Steps
from server.data.transaction import Transaction
from server.errors import Conflict

ROWS_A_STEP = 100
_R = import_rows.c
_NAMES = ("login_key", "anpi_key")
"""The columns that nobody shares with another; both databases name them."""


class NewHash(Struct, frozen=True):
    """The password that a row of the file gives, hashed."""

    row: int
    hash: str
    must_change: bool


def steps(import_id: int, hashes: Sequence[NewHash]) -> Steps:
    """Make all whom the import adds; gives the rows that are done. Whoever was left from before is made anew."""
    yield from _unmake_all(import_id, working=True)
    by_row, done = {each.row: each for each in hashes}, set[int]()
    while rows := (yield partial(_make_some, import_id, by_row)):
        done.update(rows)
    return done


def unmake_steps(import_id: int) -> Steps:
    """Take away whoever was made for an import that nobody works on and that has never been applied."""
    yield from _unmake_all(import_id, working=False)


def make_all(tx: Transaction, import_id: int, hashes: Sequence[NewHash]) -> set[int]:
    """Make whoever is not made yet, all at once; gives their rows."""
    rows = _next(tx.connection, import_id, made=False)
    if rows:
        _make(tx, import_id, rows, {each.row: each for each in hashes})
    return set(rows)


def unfinished(connection: Connection) -> list[int]:
    """Imports that have left somebody behind, and that nobody works on."""
    left = exists().where(_R.import_id == imports.c.id, _R.act == "add", _R.target_id.is_not(None))
    idle = imports.c.state.not_in(claims.SILENT_AT_MOST) & imports.c.applied_at.is_(None)
    return list(connection.execute(select(imports.c.id).where(idle, left)).scalars())


@contextmanager
def names_are_free() -> Iterator[None]:
    """The unique keys of login IDs and anpi IDs say it, at no cost: one that somebody else has by now is refused."""
    try:
        yield
    except IntegrityError as problem:
        said = str(problem.orig).lower()
        if "unique" not in said or not any(key in said for key in _NAMES):
            raise
        raise Conflict("import_stale") from None


def _make_some(import_id: int, hashes: Mapping[int, NewHash], tx: Transaction) -> list[int]:
    rows = _next(tx.connection, import_id, made=False, limit=ROWS_A_STEP)
    if rows:
        with names_are_free():
            _make(tx, import_id, rows, hashes)
    return rows


def _make(tx: Transaction, import_id: int, rows: Sequence[int], hashes: Mapping[int, NewHash]) -> None:
    staged = staging.staged_between(tx, import_id, min(rows), max(rows))
    bulk.make(staged, tx, import_id)
    person_rows.number_the_made(staged, bulk.made(import_id))
    person_rows.make(staged)
    bulk.write_privileges(staged, ["add"])
    given = [hashes[row] for row in rows if row in hashes]
    accounts = person_rows.accounts_of(tx, import_id, [each.row for each in given])
    bulk.set_passwords(tx, [HashedPassword(accounts[each.row], each.hash, each.must_change) for each in given])


def _next(connection: Connection, import_id: int, *, made: bool, limit: int | None = None) -> list[int]:
    """The next rows of new people, in the order of the file."""
    wanted = select(_R.row).where(_R.import_id == import_id, _R.act == "add")
    wanted = wanted.where(_R.target_id.is_not(None) if made else _R.target_id.is_(None))
    return list(connection.execute(wanted.order_by(_R.target_id, _R.row).limit(limit)).scalars())


def _unmake_all(import_id: int, working: bool) -> Steps:
    while (yield partial(_unmake_some, import_id, working)):
        pass


def _unmake_some(import_id: int, working: bool, tx: Transaction) -> bool:
    tx.lock(f"import:{import_id}")
    states: Collection[str] = claims.SILENT_AT_MOST if working else ("previewed", "failed", "old")
    idle = select(imports.c.id).where(imports.c.id == import_id, imports.c.state.in_(states))
    if tx.connection.execute(idle.where(imports.c.applied_at.is_(None))).first() is None:
        return False
    rows = _next(tx.connection, import_id, made=True, limit=ROWS_A_STEP)
    if rows:
        staged = staging.staged_between(tx, import_id, min(rows), max(rows))
        person_rows.unmake(staged)
        bulk.unmake(staged)
        between = _R.row.between(min(rows), max(rows))
        tx.connection.execute(
            update(import_rows).where(_R.import_id == import_id, _R.act == "add", between).values(target_id=None)
        )
    return bool(rows)
