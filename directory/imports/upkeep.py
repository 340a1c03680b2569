"""What imports leave behind is cleared: previews after a day, rows and deleted people when no undo is possible."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, or_, select, text

from directory.imports import claims, staging
from directory.imports.columns import USERS
from directory.imports.work import UNDO_FOR
from directory.tables import imports
from server.data.batch import Steps
from server.data.transaction import Transaction
from server.services import Services

PREVIEWS_FOR = timedelta(days=1)
_BLANK = ", ".join(f"{column.field} = ''" for column in USERS if column.field)
_GONE = "(SELECT r.target_id FROM import_rows AS r WHERE r.import_id = :id AND r.act = 'remove')"
_DELETED = f"(SELECT id FROM accounts WHERE state = 'deleted' AND id IN {_GONE})"


async def sweep(services: Services) -> None:
    """Forget what is too old to be used."""
    for id in await services.readers.ask(_silent):
        await services.writer.act(claims.bury, id, spends=False)
    old = await services.readers.ask(_old, services.clock())
    for id, kind, state in old:
        await services.writer.bulk(_steps(id, kind == "users" and state == "applied"))


def _silent(connection: Connection) -> list[int]:
    return list(connection.execute(select(imports.c.id).where(imports.c.state.in_(claims.SILENT_AT_MOST))).scalars())


def _old(connection: Connection, now: datetime) -> list[tuple[int, str, str]]:
    i = imports.c
    previews = i.state.in_(("previewed", "failed")) & (i.at < now - PREVIEWS_FOR)
    done = i.applied_at < now - UNDO_FOR
    rows = connection.execute(select(i.id, i.kind, i.state).where(or_(previews, done)).order_by(i.id))
    return [(row.id, row.kind, row.state) for row in rows]


def _steps(import_id: int, forget_people: bool) -> Steps:
    if forget_people:
        yield partial(_forget_people, import_id)
    yield from staging.forget_steps(import_id)


def _forget_people(import_id: int, tx: Transaction) -> None:
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
