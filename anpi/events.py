"""What the safety check announces: that an incident, a target or an answer has changed.

Every commit that raises the ``rev`` of an incident says so. Who watches a board, and whom a check asks, is told by
the process he is connected to, which reads what has changed, together, at most once a second.
"""

from __future__ import annotations

from sqlalchemy import update

from anpi import tables
from server.data.transaction import Transaction

MOVED = "anpi.incident"


def moved(tx: Transaction, incident: int) -> None:
    """The incident, somebody whom it asks, or an answer is different from this commit on."""
    tx.note(MOVED, incident)


def touched(tx: Transaction, incident: int) -> int:
    """The next ``rev`` of the incident, under its row's lock, and the word that it has moved."""
    row = tables.incidents
    raised = update(row).where(row.c.id == incident).values(rev=row.c.rev + 1).returning(row.c.rev)
    rev = int(tx.connection.execute(raised).scalar_one())
    moved(tx, incident)
    return rev
