"""Deliveries: one for each incident, round, person, channel and address (law 9), and what has become of them.

They are added in the bulk steps of a send, in any number of repetitions; taken and ended in ``leasing.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from anpi.sending import addresses, health
from anpi.sending.tables import deliveries
from anpi.sending.words import ASK, CANCELLED
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.secrets import Secrets

__all__ = ["ASK", "CANCELLED", "Channel", "Delivery", "Reached", "State", "Wanted", "add", "asks", "drop"]

QUEUE = "anpi mails"
QUEUES = (QUEUE, "anpi talk", "anpi push", "anpi sms")
"""One for each channel: who sends by one must not hear another's call."""
LOCK = "anpi deliveries"
"""Whoever takes, ends or drops deliveries holds it; whoever holds an incident too has taken that first."""
BAD = "bad address"
"""The error of one that was not even tried: the address is bad (``health.py``), and the person has another."""


class State(StrEnum):
    """What has become of a delivery.

    ``DOUBTFUL``: handed over once without an answer, so perhaps taken; it goes once more. ``WRITTEN``: into a folder,
    so nobody has got it. ``DROPPED``: the incident ended first.
    """

    WAITING = "waiting"
    DOUBTFUL = "doubtful"
    SENT = "sent"
    WRITTEN = "written"
    FAILED = "failed"
    BOUNCED = "bounced"
    DROPPED = "dropped"


class Channel(StrEnum):
    """The way to a person."""

    MAIL = "mail"
    PUSH = "push"
    TALK = "talk"
    SMS = "sms"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A delivery to be made. ``slot`` is what lists show instead of the address: "email1", "own2", "push" …"""

    account_id: int
    channel: str
    slot: str
    address: str = ""
    language: str = "ja"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery as administrators see it: never the address."""

    round: int
    channel: str
    slot: str
    state: State
    tries: int
    ended_at: datetime | None
    error: str


@dataclass(frozen=True, slots=True)
class Reached:
    """「送信済 298 / 300　不達 2」, in people. ``failed`` are those whom nothing has reached and nothing more is on
    its way to; ``written`` those whose mails only went into a folder."""

    people: int = 0
    sent: int = 0
    failed: int = 0
    written: int = 0
    waiting: int = 0


def add(tx: Transaction, secrets: Secrets, incident_id: int, round: int, wanted: Sequence[Wanted]) -> None:
    """Have these sent after the commit. Those that exist already are left as they are: it may be repeated."""
    if not wanted:
        return
    keys = [addresses.key(secrets, each.address) if each.address else each.slot for each in wanted]
    bad = _left_out(wanted, keys, health.left_out(tx, keys))
    rows = [
        {
            "incident_id": incident_id,
            "round": round,
            "account_id": each.account_id,
            "channel": each.channel,
            "slot": each.slot,
            "address": each.address,
            "address_key": key,
            "language": each.language,
            "lane": addresses.lane(each.address) if each.channel == Channel.MAIL else each.channel,
            "state": State.FAILED if place in bad else State.WAITING,
            "due_at": tx.now,
            "ended_at": tx.now if place in bad else None,
            "error": BAD if place in bad else "",
        }
        for place, (each, key) in enumerate(zip(wanted, keys, strict=True))
    ]
    tx.connection.execute(_new(tx.connection.dialect.name), rows)
    for queue in QUEUES:
        tx.wake(queue)


def drop(tx: Transaction, incident_id: int, people: Iterable[int]) -> int:
    """Let go of what still waits for these people of an incident that has ended; how many there were. What a sender
    holds at this moment may be going out: he says what became of it. The word of a 取消 goes on."""
    tx.lock(LOCK)
    d, keys = deliveries.c, key_rows(tx.dialect, int)
    held = and_(d.leased_by != "", d.due_at > tx.now)
    waits = and_(d.incident_id == incident_id, d.round != CANCELLED, d.ended_at.is_(None), ~held)
    dropped = update(deliveries).where(d.account_id.in_(select(keys.c.k0)), waits)
    values = {"state": State.DROPPED, "ended_at": tx.now, "leased_by": ""}
    return tx.connection.execute(dropped.values(values), {"keys": packed(people)}).rowcount


_BEST = {State.SENT: 5, State.WRITTEN: 3, State.DOUBTFUL: 4, State.WAITING: 4, State.DROPPED: 2}
"""Of a person's several deliveries the one that got furthest is his state; the rest (failed, bounced) is 1."""
_SHOWN = {5: "sent", 4: "waiting", 3: "written", 2: "dropped", 1: "failed"}


def _best() -> Any:
    return func.max(case(_BEST, value=deliveries.c.state, else_=1))


def asks() -> ColumnElement[bool]:
    """A delivery that asks, or asks again. The word of a 取消 says nothing about whether the question came."""
    # Added to, so that nobody reads an incident's rounds where a person's few rows are meant.
    return deliveries.c.round + 0 < CANCELLED


def people_counts(connection: Connection, incident_id: int) -> Reached:
    """How far the incident's people have been reached, each by the delivery that got furthest."""
    d = deliveries.c
    of_all = (d.incident_id == incident_id, asks())
    each = select(_best().label("best")).where(*of_all).group_by(d.account_id).subquery()
    rows = connection.execute(select(each.c.best, func.count().label("people")).group_by(each.c.best))
    found = {_SHOWN[row.best]: row.people for row in rows}
    return Reached(
        people=sum(found.values()),
        sent=found.get("sent", 0),
        failed=found.get("failed", 0),
        written=found.get("written", 0),
        waiting=found.get("waiting", 0),
    )


def states(connection: Connection, incident_id: int, accounts: Iterable[int]) -> dict[int, str]:
    """発信状況 of each: "sent", "waiting", "written", "dropped" or "failed"; who has no delivery is left out."""
    keys, d = key_rows(connection.dialect.name, int), deliveries.c
    joined = keys.join(deliveries, (d.account_id == keys.c.k0) & (d.incident_id == incident_id))
    wanted = select(d.account_id, _best().label("best")).select_from(joined).where(asks()).group_by(d.account_id)
    rows = connection.execute(wanted, {"keys": packed(accounts)})
    return {row.account_id: _SHOWN[row.best] for row in rows}


def of_person(connection: Connection, incident_id: int, account_id: int) -> list[Delivery]:
    """Every delivery of a person in an incident, in their order."""
    d = deliveries.c
    wanted = (
        select(d.round, d.channel, d.slot, d.state, d.tries, d.ended_at, d.error)
        .where(d.account_id == account_id, d.incident_id == incident_id)
        .order_by(d.id)
    )
    rows = connection.execute(wanted)
    return [
        Delivery(*row[:3], State(row.state), row.tries, row.ended_at, _shown_error(row.slot, row.error))
        for row in rows
    ]


def _shown_error(slot: str, error: str) -> str:
    """Why, as administrators may read it: of a person's own address they are shown nothing (A12)."""
    return addresses.code_alone(error) if slot.startswith("own") and error != BAD else error


def _left_out(wanted: Sequence[Wanted], keys: Sequence[str], bad: set[str]) -> set[int]:
    """Which are not tried: bad addresses of people who have a good one. The last address is always tried."""
    if not bad:
        return set()
    mails = [(place, each.account_id) for place, each in enumerate(wanted) if each.channel == Channel.MAIL]
    good = {account for place, account in mails if keys[place] not in bad}
    return {place for place, account in mails if keys[place] in bad and account in good}


@cache
def _new(dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return insert(deliveries).on_conflict_do_nothing()
