"""Ending what is open: the rows by which every process learns which sockets must close.

The row is written in the transaction that takes the right away. The process that wrote it closes its sockets
after the commit; every other one reads new rows each 500 ms (a bus only makes it faster).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, union_all

from server.auth.tables import revocations
from server.data.transaction import Revoked, Transaction

OVERLAP = timedelta(seconds=60)
HEARD = timedelta(minutes=1)
KEPT = timedelta(hours=1)


def revoke(tx: Transaction, account_id: int, token_hash: str | None = None, *, final: bool) -> None:
    """Close the sockets of this session, or of the whole account, everywhere.

    ``final``: the right to be here is gone. Otherwise the client comes back at once, and is told anew.
    """
    row = {"at": tx.now, "account_id": account_id, "token_hash": token_hash or "", "final": final}
    written = insert(revocations).values(row).returning(revocations.c.id)
    id = tx.connection.execute(written).scalar_one()
    tx.revoke(Revoked(account_id, token_hash, final, id))


def revoke_all(tx: Transaction, accounts: Sequence[int], *, final: bool) -> None:
    """The same for whole accounts, in one statement."""
    if not accounts:
        return
    rows = [{"at": tx.now, "account_id": account, "token_hash": "", "final": final} for account in accounts]
    written = insert(revocations).returning(revocations.c.id, revocations.c.account_id)
    for row in tx.connection.execute(written, rows):
        tx.revoke(Revoked(row.account_id, None, final, row.id))


def new_revocations(connection: Connection, after: int, now: datetime) -> list[tuple[int, Revoked]]:
    """Rows with a greater id than ``after``, and all of the last minute, by id.

    The overlap is for rows that were numbered early and committed late: the reader sees a row more than once
    and keeps in mind which ids it has done.
    """
    # Two questions in one, sorted here: for an OR, or for an order, SQLite would read the whole table.
    younger = select(revocations).where(revocations.c.id > after)
    recent = select(revocations).where(revocations.c.at >= now - OVERLAP)
    found = {row.id: row for row in connection.execute(union_all(younger, recent))}
    rows = [found[id] for id in sorted(found)]
    return [(row.id, Revoked(row.account_id, row.token_hash or None, row.final, row.id)) for row in rows]


def heard(connection: Connection, account_id: int, now: datetime) -> frozenset[int]:
    """The account's revocations that whoever is let in now has come after, and need not close for.

    Asked in the same moment as the session. Without it a client that comes back at once, as it was told to,
    would be thrown out again by the process that reads the same row a little later.
    """
    own = revocations.c.account_id == account_id
    recent = select(revocations.c.id).where(revocations.c.at >= now - HEARD, own)
    return frozenset(connection.execute(recent).scalars())


def newest(connection: Connection) -> int:
    """The id of the newest row: where a process that starts begins to read."""
    return connection.execute(select(func.max(revocations.c.id))).scalar() or 0


def forget_old(tx: Transaction) -> None:
    """Rows that every living process has read long ago."""
    tx.connection.execute(delete(revocations).where(revocations.c.at < tx.now - KEPT))
