"""完了にする (S22): the incident is over, its record stays; badges, claims and what still waits go in steps."""

from __future__ import annotations

from sqlalchemy import update

from anpi import queries, sends, tables
from server.auth.audit import record
from server.auth.model import Actor
from server.data.transaction import Transaction
from server.errors import Conflict


def complete(tx: Transaction, actor: Actor, id: int) -> int:
    """It is over from this commit on; how many had not answered what was asked. What is over already is refused."""
    queries.require_administrator(tx.connection, actor)
    found = queries.locked(tx.connection, id)
    if not found.is_open:
        raise Conflict("incident_closed")
    silent = queries.unanswered(tx.connection, id) if found.asks else 0
    i = tables.incidents
    over = {"state": "done", "completed_by": actor.account_id, "completed_at": tx.now}
    tx.connection.execute(update(i).where(i.c.id == id).values(over))
    sends.begin(tx, found, f"done:{id}", "done", sends.Chosen("done"), actor.account_id)
    record(tx, actor, "anpi.complete", str(id), unanswered=silent, title=found.title)
    return silent
