"""Questions about incidents, sends and whom they ask: one function, one question, our own types out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, and_, func, literal_column, or_, select

from anpi import tables
from anpi.model import Incident, Questions
from server.auth import queries as accounts_queries
from server.auth.model import Actor, Privilege, State
from server.auth.tables import accounts
from server.data.sets import key_rows, packed
from server.errors import NotFound

AnyRow = Row[*tuple[Any, ...]]

IN_SCOPE = and_(accounts.c.anpi_key.is_not(None), accounts.c.state != State.DELETED.value)
"""Who has an 安否ログインID."""


def require_administrator(connection: Connection, actor: Actor) -> None:
    """Go on only for an administrator of the safety check, by the rights of this moment; to all others nothing is
    there."""
    if actor.operator:
        return
    found = accounts_queries.account(connection, actor.account_id) if actor.account_id is not None else None
    if found is None or not found.may_sign_in or Privilege.ADMIN_ANPI not in found.privileges:
        raise NotFound()


# ---------------------------------------------------------------- incidents


def incident(connection: Connection, id: int) -> Incident | None:
    """One incident."""
    row = connection.execute(select(tables.incidents).where(tables.incidents.c.id == id)).first()
    return _incident(row) if row else None


def existing(connection: Connection, id: int) -> Incident:
    """The same, or a refusal."""
    found = incident(connection, id)
    if found is None:
        raise NotFound()
    return found


def locked(connection: Connection, id: int) -> Incident:
    """The same under its row's lock: whoever changes it, or answers, waits."""
    wanted = select(tables.incidents).where(tables.incidents.c.id == id).with_for_update()
    row = connection.execute(wanted).first()
    if row is None:
        raise NotFound()
    return _incident(row)


def lock_open(connection: Connection, also: int = 0) -> list[Incident]:
    """All that are open, and this one: locked in the order in which answers lock them, so that nobody waits in a
    circle. Whoever changes more than one begins with it."""
    i = tables.incidents
    wanted = select(i).where(or_(i.c.state == "open", i.c.id == also)).order_by(i.c.id).with_for_update()
    return [_incident(row) for row in connection.execute(wanted)]


def locked_first(connection: Connection, id: int) -> Incident:
    """``locked``, for whoever may change others beside it."""
    found = next((each for each in lock_open(connection, id) if each.id == id), None)
    if found is None:
        raise NotFound()
    return found


def incident_of_key(connection: Connection, key: str) -> Incident | None:
    """What was registered, or began by itself, under this key."""
    row = connection.execute(select(tables.incidents).where(tables.incidents.c.key == key)).first()
    return _incident(row) if row else None


def open_and_named(connection: Connection, ids: Iterable[int]) -> list[Incident]:
    """Those that ask people and are open, and of the others those with these numbers."""
    i = tables.incidents
    keys = key_rows(connection.dialect.name, int)
    wanted = select(i).where(or_(i.c.state == "open", i.c.id.in_(select(keys.c.k0))), i.c.kind == "ask")
    rows = connection.execute(wanted.order_by(i.c.id), {"keys": packed(sorted(set(ids)))})
    return [_incident(row) for row in rows]


def incidents_page(connection: Connection, state: str, before: int, limit: int) -> list[Incident]:
    """The newest first; ``before``: older than this one."""
    i = tables.incidents
    wanted = select(i).order_by(i.c.id.desc()).limit(limit)
    if state:
        wanted = wanted.where(i.c.state == state)
    if before:
        wanted = wanted.where(i.c.id < before)
    return [_incident(row) for row in connection.execute(wanted)]


def _incident(row: AnyRow) -> Incident:
    kept = dict(row._mapping)
    kept["questions"] = msgspec.json.decode(row.questions, type=Questions)
    kept["reminders"] = tuple(msgspec.json.decode(row.reminders, type=list[int]))
    kept["drill"], kept["location"] = bool(row.drill), bool(row.location)
    return Incident(**kept)


# ---------------------------------------------------------------- how they stand


@dataclass(frozen=True, slots=True)
class Standing:
    """How many are asked, have answered, and need help."""

    people: int = 0
    answered: int = 0
    support: int = 0


def standings(connection: Connection, ids: Iterable[int]) -> dict[int, Standing]:
    """Of each of these incidents that has asked anybody."""
    t = tables.targets.c
    keys = key_rows(connection.dialect.name, int)
    support = or_(t.self.in_(("major", "other")), t.help)
    wanted = (
        select(t.incident_id, func.count(), func.count(t.answer_id), func.count().filter(support))
        .select_from(keys.join(tables.targets, t.incident_id == keys.c.k0))
        .group_by(t.incident_id)
    )
    rows = connection.execute(wanted, {"keys": packed(sorted(set(ids)))})
    return {row[0]: Standing(*row[1:]) for row in rows}


def unanswered(connection: Connection, incident: int) -> int:
    """How many of those whom it asks have not answered."""
    t = tables.targets.c
    wanted = select(func.count()).where(t.incident_id == incident, t.answer_id.is_(None))
    return int(connection.execute(wanted).scalar_one())


# ---------------------------------------------------------------- sends


@dataclass(frozen=True, slots=True)
class Send:
    """One send, as it is kept; whom exactly it means is long, and asked for by itself (``whom_of``)."""

    id: int
    incident_id: int
    key: str
    round: int
    act: str
    kind: str
    actor_id: int | None
    at: datetime
    state: str
    reached: int
    people: int


SEND = tuple(column for column in tables.sends.c if column.name != "whom")


def send_of_key(connection: Connection, key: str) -> Send | None:
    row = connection.execute(select(*SEND).where(tables.sends.c.key == key)).first()
    return Send(*row) if row else None


def send(connection: Connection, id: int) -> Send | None:
    """One send."""
    row = connection.execute(select(*SEND).where(tables.sends.c.id == id)).first()
    return Send(*row) if row else None


def whom_of(connection: Connection, id: int) -> str:
    """Whom a send means, as JSON."""
    s = tables.sends.c
    return str(connection.execute(select(s.whom).where(s.id == id)).scalar_one())


def sends_of(connection: Connection, incident: int) -> list[Send]:
    """All sends of an incident, in their order."""
    s = tables.sends.c
    rows = connection.execute(select(*SEND).where(s.incident_id == incident).order_by(s.id))
    return [Send(*row) for row in rows]


def asking_again(connection: Connection, incident: int) -> bool:
    """Whether its silent are being asked again at this moment."""
    s = tables.sends.c
    wanted = select(s.id).where(s.incident_id == incident, s.act == "again", s.state == "preparing").limit(1)
    return connection.execute(wanted).first() is not None


def preparing(connection: Connection) -> list[int]:
    """Sends whose people have not all been dealt with, the oldest first."""
    s = tables.sends.c
    # A literal, or the partial index would not be thought of.
    is_preparing = s.state == literal_column("'preparing'")
    return list(connection.execute(select(s.id).where(is_preparing).order_by(s.id)).scalars())


# ---------------------------------------------------------------- people in scope


def in_scope_after(connection: Connection, after: int, limit: int) -> list[int]:
    """The next people with an 安否ログインID, by number."""
    wanted = select(accounts.c.id).where(IN_SCOPE, accounts.c.id > after).order_by(accounts.c.id).limit(limit)
    return list(connection.execute(wanted).scalars())


def names(connection: Connection, ids: Sequence[int | None]) -> dict[int, str]:
    """How these accounts are called."""
    wanted = [id for id in ids if id is not None]
    return {id: account.name for id, account in accounts_queries.accounts_of(connection, wanted).items()}
