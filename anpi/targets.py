"""対象者: who is asked, with the department and area as of asking (A16), and when he is asked again by himself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, bindparam, exists, func, literal, select, update
from sqlalchemy.dialects import postgresql, sqlite

from anpi import tables
from anpi.model import Incident
from anpi.queries import IN_SCOPE
from directory.tables import posts
from server.auth.model import State
from server.auth.tables import accounts
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction

ROUNDS_LIMIT = 99
"""Round 100 tells of a 取消."""


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody to be asked, and by which area he is counted; blank: by none."""

    account: int
    area: str = ""
    kind: str = ""


def add(
    tx: Transaction, found: Incident, send: int, people: Sequence[Asked], again_at: datetime | None, rev: int
) -> list[int]:
    """Write them down as asked now; gives those who had not been."""
    keys = key_rows(tx.dialect, int, str, str)
    main = (
        select(posts.c.department_id)
        .where(posts.c.account_id == accounts.c.id)
        .order_by(posts.c.place)
        .limit(1)
        .scalar_subquery()
    )
    values = {
        "incident_id": literal(found.id),
        "account_id": accounts.c.id,
        "send_id": literal(send),
        "asked_at": literal(tx.now, tables.targets.c.asked_at.type),
        "department_id": main,
        "area": keys.c.k1,
        "area_kind": keys.c.k2,
        "again_at": literal(again_at, tables.targets.c.again_at.type),
        "rev": literal(rev),
    }
    chosen = (
        select(*values.values())
        .select_from(keys.join(accounts, accounts.c.id == keys.c.k0))
        .where(accounts.c.state != State.DELETED.value)
    )
    insert_for = sqlite.insert if tx.dialect == "sqlite" else postgresql.insert
    written = insert_for(tables.targets).from_select(list(values), chosen).on_conflict_do_nothing()
    bound = {"keys": packed([[each.account, each.area, each.kind] for each in people])}
    return sorted(tx.connection.execute(written.returning(tables.targets.c.account_id), bound).scalars().all())


@dataclass(frozen=True, slots=True)
class Silent:
    """Somebody who has not answered: the newest round that was sent to him, and when he was asked first."""

    account: int
    round: int
    asked_at: datetime


def silent_after(
    connection: Connection, incident: int, after: int, limit: int, due: datetime | None = None
) -> list[Silent]:
    """The next who have not answered, by number; with ``due`` only those whose time to be asked again has come."""
    t = tables.targets.c
    wanted = select(t.account_id, t.round, t.asked_at).where(
        t.incident_id == incident, t.account_id > after, t.answer_id.is_(None), t.round < ROUNDS_LIMIT
    )
    if due is not None:
        # Not by its index: then all who are due would be sorted for each step.
        wanted = wanted.where(func.coalesce(t.again_at, None) <= due)
    rows = connection.execute(wanted.order_by(t.account_id).limit(limit))
    return [Silent(*row) for row in rows]


def unasked_after(connection: Connection, incident: int, after: int, last: int, limit: int) -> list[int]:
    """The next people with an 安否ログインID up to ``last`` whom it has not asked, by number."""
    t, a = tables.targets.c, accounts.c
    asked = exists().where(t.incident_id == incident, t.account_id == a.id)
    wanted = select(a.id).where(IN_SCOPE, a.id > after, a.id <= last, ~asked)
    return list(connection.execute(wanted.order_by(a.id).limit(limit)).scalars())


@dataclass(frozen=True, slots=True)
class Answered:
    """What totals know of somebody who has answered."""

    account: int
    self: str
    help: bool
    at: datetime


def answered_after(connection: Connection, incident: int, last: int, limit: int) -> list[Answered]:
    """The next who have answered, by number."""
    t = tables.targets.c
    wanted = select(t.account_id, t.self, t.help, t.answered_at).where(
        t.incident_id == incident, t.account_id > last, t.answer_id.is_not(None)
    )
    return [Answered(*row) for row in connection.execute(wanted.order_by(t.account_id).limit(limit))]


def after(connection: Connection, incident: int, last: int, limit: int) -> list[int]:
    """The next of those whom it asks, by number."""
    t = tables.targets.c
    wanted = select(t.account_id).where(t.incident_id == incident, t.account_id > last)
    return list(connection.execute(wanted.order_by(t.account_id).limit(limit)).scalars())


def asked_again(tx: Transaction, incident: int, people: Sequence[tuple[Silent, datetime | None]], rev: int) -> None:
    """These were sent one more round, and are asked again at these times (None: not any more)."""
    t = tables.targets
    row = update(t).where(t.c.incident_id == incident, t.c.account_id == bindparam("who"))
    raised = row.values(round=t.c.round + 1, again_at=bindparam("again"), rev=rev)
    tx.connection.execute(raised, [{"who": each.account, "again": again} for each, again in people])


def end(tx: Transaction, incident: int, people: Sequence[int], rev: int) -> None:
    """Nobody of these is asked again or taken care of any more."""
    t = tables.targets
    keys = key_rows(tx.dialect, int)
    ended = update(t).where(t.c.incident_id == incident, t.c.account_id.in_(select(keys.c.k0)))
    values = {"again_at": None, "claimed_by": None, "claimed_until": None, "rev": rev}
    tx.connection.execute(ended.values(values), {"keys": packed(people)})
