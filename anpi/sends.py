"""［発信］: an administrator decides whom, confirms how many, and presses; what follows is done in steps
(``preparing.py``).

Here is one short transaction: the send with everybody it means. Pressed twice with the same key it is one.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct
from sqlalchemy import insert, update

from anpi import events, finding, queries, tables
from anpi.forms import Whom
from anpi.model import Act, Incident
from anpi.queries import Send
from anpi.sending.words import ASK, CANCELLED
from server.auth.audit import record
from server.auth.model import Actor
from server.data.transaction import Transaction
from server.errors import Conflict

QUEUE = "anpi.sends"
"""Woken when there is a send to prepare."""


Kind = Literal["all", "found", "picked", "areas", "silent", "due", "reached", "done", "badges"]
HIDDEN = ("done", "badges")
"""Acts that write to nobody: what is to be cleared or shown anew, in steps."""


class Chosen(Struct, omit_defaults=True):
    """Whom a send means: these people, or who stands so when his step comes. ``last``: of 全件, the highest number
    that there was."""

    kind: Kind
    last: int = 0
    ids: list[int] = []
    areas: list[str] = []
    unplaced: bool = False


def press(tx: Transaction, actor: Actor, id: int, key: str, whom: Whom, people: int) -> Send:
    """Ask these people, ``people`` of them as was confirmed; who has been asked already is not asked anew."""
    queries.require_administrator(tx.connection, actor)
    found = queries.locked_first(tx.connection, id)
    known = _known(tx, actor, id, key)
    if known is not None:
        return known
    require_running(found)
    chosen, number = _chosen(tx, id, whom)
    if not number:
        raise Conflict("nobody_found")
    if number != people:
        raise Conflict("send_count", people=number)
    send = begin(tx, found, _key(actor, key), "ask", chosen, actor.account_id)
    record(tx, actor, "anpi.send", str(id), whom=chosen.kind, people=people, title=found.title)
    return send


def _chosen(tx: Transaction, id: int, whom: Whom) -> tuple[Chosen, int]:
    """Whom they are, and how many. 全件 is not written out: it may be everybody."""
    if finding.is_all(whom):
        found = finding.counted(tx.connection, id, whom)
        return Chosen("all", last=found.last), found.people
    ids = finding.chosen(tx.connection, id, whom)
    return Chosen("found" if whom.found else "picked", ids=ids), len(ids)


def again(tx: Transaction, actor: Actor, id: int, key: str) -> Send:
    """未回答の人に再送: everybody who has not answered when his step comes."""
    queries.require_administrator(tx.connection, actor)
    found = queries.locked(tx.connection, id)
    known = _known(tx, actor, id, key)
    if known is not None:
        return known
    require_running(found)
    if found.sent_at is None or not found.asks:
        raise Conflict("not_sent_yet")
    if queries.asking_again(tx.connection, id):
        raise Conflict("asking_again")
    if not queries.unanswered(tx.connection, id):
        raise Conflict("nobody_found")
    send = begin(tx, found, _key(actor, key), "again", Chosen("silent"), actor.account_id)
    record(tx, actor, "anpi.resend", str(id), title=found.title)
    return send


def require_running(found: Incident) -> None:
    """Refuse to send for one that is over, 中断 or 取消."""
    if not found.is_open:
        raise Conflict("incident_closed")
    if found.suspended_at is not None:
        raise Conflict("incident_suspended")
    if found.cancelled_at is not None:
        raise Conflict("incident_cancelled")


def begin(
    tx: Transaction,
    found: Incident,
    key: str,
    act: Act | Literal["done", "badges"],
    chosen: Chosen,
    actor: int | None,
) -> Send:
    """Write the send down and wake who prepares it. The first one of a real check suspends drills."""
    s = tables.sends
    row = {
        "incident_id": found.id,
        "key": key,
        "round": CANCELLED if act == "cancelled" else ASK,
        "act": act,
        "kind": chosen.kind,
        "whom": msgspec.json.encode(chosen).decode(),
        "actor_id": actor,
        "at": tx.now,
        "state": "preparing",
    }
    written = tx.connection.execute(insert(s).returning(*queries.SEND), row).one()
    if act == "ask" and found.sent_at is None:
        _first(tx, found)
    events.touched(tx, found.id)
    tx.wake(QUEUE)
    return Send(*written)


def _first(tx: Transaction, found: Incident) -> None:
    i = tables.incidents
    tx.connection.execute(update(i).where(i.c.id == found.id).values(sent_at=tx.now))
    if found.asks and not found.drill:
        suspend_drills(tx, found.id)


def suspend_drills(tx: Transaction, because: int) -> None:
    """中断: nobody takes a drill for the real thing, nor the real thing for a drill; its badges go, as at 完了."""
    i = tables.incidents
    for drill in queries.lock_open(tx.connection):
        if drill.drill and drill.is_running and drill.sent_at is not None:
            suspended = update(i).where(i.c.id == drill.id).values(suspended_at=tx.now)
            tx.connection.execute(suspended)
            begin(tx, drill, f"suspend:{drill.id}", "done", Chosen("done"), None)
            record(tx, AUTOMATIC, "anpi.suspend", str(drill.id), because=because)


AUTOMATIC = Actor(None, "automatic")
"""Who acts when nobody did, as the audit names it."""


def _known(tx: Transaction, actor: Actor, id: int, key: str) -> Send | None:
    """What has been begun under this key already."""
    known = queries.send_of_key(tx.connection, _key(actor, key))
    if known is not None and known.incident_id != id:
        raise Conflict()
    return known


def _key(actor: Actor, key: str) -> str:
    """Keys are made by clients: one's own cannot be somebody else's."""
    return f"{actor.account_id or 0}:{key}"
