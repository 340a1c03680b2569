"""Raising the ``rev`` of a topic, in the commit, under the lock of its row."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from server.data.transaction import Transaction
from server.live.tables import topics


def raise_rev(tx: Transaction, key: str, by: int = 1) -> int:
    """The topic's new ``rev``. Topics are raised in the order of their keys where several are."""
    insert = sqlite.insert if tx.dialect == "sqlite" else postgresql.insert
    raised = (
        insert(topics)
        .values(key=key, rev=by)
        .on_conflict_do_update(index_elements=["key"], set_={"rev": topics.c.rev + by})
        .returning(topics.c.rev)
    )
    return int(tx.connection.execute(raised).scalar_one())


def head(connection: Connection, key: str) -> int:
    """The topic's newest ``rev``; 0 when nothing ever happened in it."""
    return connection.execute(select(topics.c.rev).where(topics.c.key == key)).scalar() or 0
