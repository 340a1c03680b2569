"""What imports leave behind is cleared: previews after a day, rows and deleted people when no undo is possible."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import NamedTuple

from sqlalchemy import Connection, or_, select, text, update

from directory.imports import claims, ready, staging
from directory.imports.applying import UNDO_FOR
from directory.imports.columns import USERS
from directory.tables import imports
from server.data.batch import Steps
from server.data.transaction import Transaction
from server.services import Services

PREVIEWS_FOR = timedelta(days=1)
_BLANK = ", ".join(f"{column.field} = ''" for column in USERS if column.field)
_GONE = "(SELECT r.target_id FROM import_rows AS r WHERE r.import_id = :id AND r.act = 'remove')"
_DELETED = f"(SELECT id FROM accounts WHERE state = 'deleted' AND id IN {_GONE})"


class Old(NamedTuple):
    """An import that is to be forgotten, as it was found."""

    id: int
    kind: str
    state: str
    applied_at: datetime | None


async def sweep(services: Services) -> None:
    """Forget what is too old to be used."""
    for id in await services.readers.ask(_silent):
        await services.writer.act(claims.bury, id, spends=False)
    for id in await services.readers.ask(ready.unfinished):
        await services.writer.bulk(ready.unmake_steps(id))
    old = await services.readers.ask(_old, services.clock())
    for each in old:
        await services.writer.bulk(_steps(each))


def _silent(connection: Connection) -> list[int]:
    return list(connection.execute(select(imports.c.id).where(imports.c.state.in_(claims.SILENT_AT_MOST))).scalars())


def _old(connection: Connection, now: datetime) -> list[Old]:
    i = imports.c
    previews = i.state.in_(("previewed", "failed", "old")) & (i.at < now - PREVIEWS_FOR)
    done = i.applied_at < now - UNDO_FOR
    rows = connection.execute(select(i.id, i.kind, i.state, i.applied_at).where(or_(previews, done)).order_by(i.id))
    return [Old(*row) for row in rows]


def _steps(old: Old) -> Steps:
    if (yield partial(_take, old)):
        yield from ready.unmake_steps(old.id)
        yield from staging.forget_steps(old.id)


def _take(old: Old, tx: Transaction) -> bool:
    """Call it old, so that it is neither applied nor undone from here on; False when somebody works with it."""
    i = imports.c
    if old.applied_at is not None:
        # An undo holds this from its look at what it undoes to its commit.
        tx.lock("company")
    unchanged = (i.id == old.id) & (i.state == old.state) & i.applied_at.is_not_distinct_from(old.applied_at)
    if not tx.connection.execute(update(imports).where(unchanged).values(state="old")).rowcount:
        return False
    # In the same transaction: once it is called old, nobody can tell any more that its people are to be forgotten.
    if old.kind == "users" and old.state == "applied":
        _forget_people(tx, old.id)
    return True


def _forget_people(tx: Transaction, import_id: int) -> None:
    """Who was deleted does not come back any more: what is left of him is his name on what he said."""
    given = {"id": import_id}
    for statement in (
        f"UPDATE people SET {_BLANK}, sort_score = NULL WHERE account_id IN {_DELETED}",
        f"UPDATE accounts SET password_hash = NULL, must_change = false, initial_until = NULL WHERE id IN {_DELETED}",
        f"DELETE FROM favourites WHERE account_id IN {_DELETED} OR owner_id IN {_DELETED}",
        f"DELETE FROM group_people WHERE account_id IN {_DELETED}"
        f" OR group_id IN (SELECT id FROM groups WHERE owner_id IN {_DELETED})",
        f"DELETE FROM groups WHERE owner_id IN {_DELETED}",
        f"DELETE FROM statuses WHERE account_id IN {_DELETED}",
    ):
        tx.connection.execute(text(statement), given)
