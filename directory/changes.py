"""The one number of the directory: every change takes the next, marks what it touched with it, and tells it.

Whoever changes a department, a person, a post or a photo does all of it in one transaction::

    changes.begin(tx)
    rev = changes.next_rev(tx)
    ...                                    # writes its rows
    changes.tell(tx, rev, actor.account_id, people=ids, departments=ids)
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite

from directory import events, rows
from directory.model import SHOWN, TOPIC
from directory.tables import departments as department_rows
from directory.tables import people as people_rows
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.live.tables import topics

LOCK = "directory"
TOLD_AT_MOST = 100
"""So many rows are told one by one; of more it is told that they are to be read anew."""


def begin(tx: Transaction) -> None:
    """Nobody else changes accounts or the directory until the commit; asked before anything is read.

    All take the company, the directory, the topic's row and the rows of people and departments in this order: two
    that took them in different orders would wait for each other.
    """
    tx.lock("company")
    tx.lock(LOCK)


def next_rev(tx: Transaction) -> int:
    """The next ``rev`` of the directory, its row locked until the commit. It must be told (``tell``, ``reload``)."""
    raised = update(topics).where(topics.c.key == TOPIC).values(rev=topics.c.rev + 1).returning(topics.c.rev)
    return int(tx.connection.execute(raised).scalar_one())


def tell(
    tx: Transaction, rev: int, actor: int | None, people: Collection[int] = (), departments: Collection[int] = ()
) -> None:
    """Mark these people and departments (gone ones too) as touched by ``rev``, and announce them.

    A department is touched when the number of its people changes, too.
    """
    mark(tx, rev, people, departments)
    if len(people) + len(departments) > TOLD_AT_MOST:
        return reload(tx, rev, actor)
    shown, gone = rows.people_for_everybody(tx.connection, people)
    changed, closed = rows.departments(tx.connection, departments)
    tx.emit(events.changed(rev, shown, gone, changed, closed))
    return None


def mark(tx: Transaction, rev: int, people: Collection[int] = (), departments: Collection[int] = ()) -> None:
    """Write ``rev`` into the rows of these people and departments."""
    for table, key, ids in (
        (people_rows, people_rows.c.account_id, people),
        (department_rows, department_rows.c.id, departments),
    ):
        if ids:
            keys = key_rows(tx.dialect, int)
            touched = update(table).where(key.in_(keys.select())).values(rev=rev)
            tx.connection.execute(touched, {"keys": packed(sorted(set(ids)))})


def mark_shown(tx: Transaction, rev: int) -> None:
    """Remember ``rev`` as the last one that touched what everybody is shown of everybody, and no row."""
    insert_for = sqlite.insert if tx.dialect == "sqlite" else postgresql.insert
    written = insert_for(topics).values(key=SHOWN, rev=rev)
    tx.connection.execute(written.on_conflict_do_update(index_elements=["key"], set_={"rev": rev}))


def reload(
    tx: Transaction,
    rev: int,
    actor: int | None,
    parts: Collection[events.Part] = events.BOTH,
    within_ms: int = events.WITHIN_MS,
) -> None:
    """Announce that these parts are to be read anew; what it touched has been marked with ``rev`` by the caller."""
    if actor is not None:
        tx.emit(events.reload_own(actor, rev, tuple(parts)))
    tx.emit(events.reload(rev, tuple(parts), within_ms))
