"""Taking deliveries and ending them: one step of a sender, in one transaction.

A step writes what has become of those that were taken, says of the others that somebody is still at them, gives back
what was not begun, and takes new ones. A sender that dies leaves what it holds to others, when the lease ends: what
it had handed over and not yet written down is sent again, and nothing else. That bound is ``HELD`` (law 9).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Dialect, Row, Select, and_, select, union_all, update
from sqlalchemy.sql import ClauseElement

from anpi import events
from anpi.sending import health
from anpi.sending.addresses import without_addresses
from anpi.sending.deliveries import LOCK, State
from anpi.sending.tables import deliveries
from anpi.sending.words import ASK, CANCELLED
from anpi.tables import incidents, targets
from server.auth.tables import accounts
from server.clock import to_micros
from server.data.prepared import PreparedMany, Value
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.text import storable

HELD = 200
"""At most so many does a sender hold: what a crash may repeat."""
LEASE = timedelta(seconds=60)
"""Renewed while the sender lives; after its death another goes on so much later."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
TRIES_LIMIT = 150
"""About a day."""
ERROR_LIMIT = 300


@dataclass(frozen=True, slots=True)
class Happening:
    """What a delivery is about: the incident, as senders need it."""

    id: int
    asks: bool
    drill: bool
    cause: str
    title: str
    message: str
    facts: str


@dataclass(frozen=True, slots=True)
class Taken:
    """A delivery that a sender holds."""

    id: int
    incident: int
    round: int
    account: int
    name: str
    channel: str
    slot: str
    address: str
    language: str
    lane: str
    tries: int
    doubtful: bool


@dataclass(frozen=True, slots=True)
class Result:
    """What has become of it; ``again`` puts it off. ``silence``: it was handed over and no word came back."""

    id: int
    incident: int
    account: int
    state: State
    error: str = ""
    again: bool = False
    hard: bool = False
    tries: int = 1


@dataclass(frozen=True, slots=True)
class Load:
    """What a step has taken, and what it is about. ``full``: lanes that may have more. ``mine``: when renewed, what
    the sender still holds besides."""

    taken: list[Taken] = field(default_factory=list)
    happenings: dict[int, Happening] = field(default_factory=dict)
    full: frozenset[str] = frozenset()
    mine: frozenset[int] | None = None


def step(
    tx: Transaction,
    sender: str,
    results: Sequence[Result] = (),
    unbegun: Iterable[int] = (),
    shares: Mapping[str, int] | None = None,
    renew: Iterable[int] = (),
) -> Load:
    """Write down, give back, ``renew`` what is still held, take: ``shares`` says how many of each lane.

    In a transaction of its own (``writer.alone``), so that nobody waits for its lock while holding another.
    """
    tx.lock(LOCK)
    _settle(tx, sender, results)
    _give_back(tx, sender, unbegun)
    mine = _renew(tx, sender, renew) if renew else None
    load = _take(tx, sender, {lane: n for lane, n in (shares or {}).items() if n > 0})
    return replace(load, mine=mine)


def pointless(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Those of them that make no sense any more: their incident is over, or who is asked again has answered."""
    rows = connection.execute(_taken(connection.dialect.name), {"keys": packed(ids)})
    return {row.id for row in rows if not _goes(row)}


def release(tx: Transaction, lanes: Collection[str]) -> None:
    """Nobody else lives who could hold any in these lanes: all are free at once. For the one process of an embedded
    database, when it begins."""
    d = deliveries.c
    held = update(deliveries).where(d.lane.in_(sorted(lanes)), d.ended_at.is_(None), d.leased_by != "")
    tx.connection.execute(held.values(due_at=tx.now, leased_by=""))


def pause(tries: int) -> timedelta:
    """How long until it is tried again: longer each time."""
    doublings: int = 2 ** min(max(tries - 1, 0), 10)
    return min(FIRST_PAUSE * doublings, LONGEST_PAUSE)


def _settle(tx: Transaction, sender: str, results: Sequence[Result]) -> None:
    if not results:
        return
    now = to_micros(tx.now)
    rows = [
        {
            "i": each.id,
            "s": str(each.state),
            "e": storable(without_addresses(each.error))[:ERROR_LIMIT],
            "d": to_micros(tx.now + pause(each.tries)) if each.again else now,
            "u": None if each.again else now,
            "b": sender,
        }
        for each in results
    ]
    _settled(tx.connection.dialect).run(tx.connection, rows)
    sent = [each.id for each in results if each.state == State.SENT]
    if sent:
        health.reached(tx, sent)
    refused = {each.id: each.error[:3] for each in results if each.hard}
    if refused:
        health.hard(tx, refused)
    for incident in sorted({each.incident for each in results}):
        events.moved(tx, incident)


def _renew(tx: Transaction, sender: str, ids: Iterable[int]) -> frozenset[int]:
    """Those of them that nobody else has taken over."""
    d = deliveries.c
    held = d.id.in_(select(key_rows(tx.dialect, int).c.k0))
    mine = update(deliveries).where(held, d.leased_by == sender, d.ended_at.is_(None), d.due_at > tx.now)
    renewed = mine.values(due_at=tx.now + LEASE).returning(d.id)
    return frozenset(tx.connection.execute(renewed, {"keys": packed(ids)}).scalars())


def _give_back(tx: Transaction, sender: str, ids: Iterable[int]) -> None:
    keys = packed(ids)
    if keys == "[]":
        return
    held = select(key_rows(tx.dialect, int).c.k0)
    free = update(deliveries).where(deliveries.c.id.in_(held), deliveries.c.leased_by == sender)
    values = {"due_at": tx.now, "leased_by": "", "tries": deliveries.c.tries - 1}
    tx.connection.execute(free.where(deliveries.c.ended_at.is_(None)).values(values), {"keys": keys})


def _take(tx: Transaction, sender: str, shares: dict[str, int]) -> Load:
    if not shares:
        return Load()
    found = tx.connection.execute(_due(tx.now, shares)).all()
    if not found:
        return Load()
    ids = [row.id for row in found]
    rows = tx.connection.execute(_taken(tx.dialect), {"keys": packed(ids)}).all()
    ended = [row.id for row in rows if not _goes(row)]
    old = [row.id for row in rows if _goes(row) and row.tries >= TRIES_LIMIT]
    _end(tx, ended, State.DROPPED)
    _end(tx, old, State.FAILED)
    gone = {*ended, *old}
    rest = [id for id in ids if id not in gone]
    _hold(tx, sender, rest)
    by_lane = Counter[str]()
    place = {}
    for row in found:
        by_lane[row.lane] += 1
        place[row.id] = by_lane[row.lane]
    # One of each lane in turn.
    kept = sorted((row for row in rows if row.id not in gone), key=lambda row: (place[row.id], row.id))
    taken = [_taken_of(row) for row in kept]
    full = frozenset(lane for lane, n in by_lane.items() if n >= shares[lane])
    return Load(taken, _happenings(tx.connection, {each.incident for each in taken}), full)


def _hold(tx: Transaction, sender: str, ids: list[int]) -> None:
    held = update(deliveries).where(deliveries.c.id.in_(select(key_rows(tx.dialect, int).c.k0)))
    values = {"due_at": tx.now + LEASE, "leased_by": sender, "tries": deliveries.c.tries + 1}
    tx.connection.execute(held.values(values), {"keys": packed(ids)})


def _end(tx: Transaction, ids: list[int], state: State) -> None:
    if not ids:
        return
    ended = update(deliveries).where(deliveries.c.id.in_(select(key_rows(tx.dialect, int).c.k0)))
    tx.connection.execute(ended.values(state=state, ended_at=tx.now, leased_by=""), {"keys": packed(ids)})


def _goes(row: Row[Any]) -> bool:
    """Whether it still makes sense: not for what is over, nor for people who have left, and nobody is asked again who
    has answered. Who was reached hears of a 取消 also when it has been completed at once."""
    if row.suspended_at is not None or row.account_state == "deleted":
        return False
    if ASK < row.round < CANCELLED and row.answer_id is not None:
        return False
    return row.round == CANCELLED or (row.incident_state == "open" and row.cancelled_at is None)


def _taken_of(row: Row[Any]) -> Taken:
    return Taken(
        row.id,
        row.incident_id,
        row.round,
        row.account_id,
        row.name,
        row.channel,
        row.slot,
        row.address,
        row.language,
        row.lane,
        row.tries + 1,
        row.state == State.DOUBTFUL,
    )


def _due(now: datetime, shares: Mapping[str, int]) -> Any:
    """The first of each lane, so many as its share: one after the other out of the index."""
    d = deliveries.c
    lanes = [
        select(
            select(d.id, d.lane)
            .where(d.lane == lane, d.due_at <= now, d.ended_at.is_(None))
            .order_by(d.due_at, d.id)
            .limit(share)
            .subquery()
        )
        for lane, share in sorted(shares.items())
    ]
    return union_all(*lanes)


@cache
def _taken(dialect: str) -> Select[Any]:
    keys, d, i, a, t = key_rows(dialect, int), deliveries.c, incidents.c, accounts.c, targets.c
    joined = (
        keys.join(deliveries, d.id == keys.c.k0)
        .join(incidents, i.id == d.incident_id)
        .join(accounts, a.id == d.account_id)
        .outerjoin(targets, and_(t.incident_id == d.incident_id, t.account_id == d.account_id))
    )
    return select(
        *(d.id, d.incident_id, d.round, d.account_id, d.channel, d.slot, d.address, d.language, d.lane),
        *(d.tries, d.state, a.name, a.state.label("account_state")),
        *(i.state.label("incident_state"), i.suspended_at, i.cancelled_at, t.answer_id),
    ).select_from(joined)


def _happenings(connection: Connection, ids: Iterable[int]) -> dict[int, Happening]:
    wanted = _wanted_happenings(connection.dialect.name)
    return {
        row.id: Happening(row.id, row.kind == "ask", row.drill, row.cause, row.title, row.message, row.facts)
        for row in connection.execute(wanted, {"keys": packed(ids)})
    }


@cache
def _wanted_happenings(dialect: str) -> Select[Any]:
    keys, i = key_rows(dialect, int), incidents.c
    joined = keys.join(incidents, i.id == keys.c.k0)
    return select(i.id, i.kind, i.drill, i.cause, i.title, i.message, i.facts).select_from(joined)


@cache
def _settled(dialect: Dialect) -> PreparedMany:
    kinds = {"i": int, "s": str, "e": str, "d": int, "u": int, "b": str}

    def changed(value: Value) -> ClauseElement:
        d = deliveries.c
        mine = update(deliveries).where(d.id == value("i"), d.leased_by == value("b"), d.ended_at.is_(None))
        return mine.values(state=value("s"), error=value("e"), due_at=value("d"), ended_at=value("u"), leased_by="")

    return PreparedMany(dialect, kinds, changed)
