"""What the log tells of rights that touch talk: トーク, ADMIN_GOTALK, トークログダウンロード, disabled, 退職.

A change of one person is told in its own transaction. After many at once (an import) a job looks who differs from
what the log has told of him last; once a day everybody is looked at, so that no way around us stays untold.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, Select, exists, insert, select, update

from chat import logbook
from chat.log.tables import log_rights
from server.auth.bulk import admitted
from server.auth.model import Account, Actor, Privilege, State
from server.auth.tables import accounts, privileges
from server.data.batch import Steps
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.services import Services
from server.work import jobs

JOB = "chat.log.rights"
PEOPLE_A_STEP = 200
_LOCK = "talk log rights"
_KNOWN = tuple(state.value for state in State)


@dataclass(frozen=True, slots=True)
class Rights:
    """What somebody may, as far as talk goes."""

    state: str = ""
    talk: bool = False
    talk_log: bool = False
    administers: bool = False

    @property
    def any(self) -> bool:
        return self.talk or self.talk_log or self.administers


def changed(before: Rights | None, after: Rights) -> dict[str, list[Any]]:
    """What there is to tell: each right as it was and as it is. Of whom has nothing to do with talk, nothing."""
    before = before or Rights()
    if not (before.any or after.any):
        return {}
    pairs = {
        "talk": (before.talk, after.talk),
        "ADMIN_GOTALK": (before.administers, after.administers),
        "talk_log": (before.talk_log, after.talk_log),
        "state": (before.state, after.state),
    }
    return {name: list(pair) for name, pair in pairs.items() if pair[0] != pair[1]}


def on_people_changed(tx: Transaction, actor: Actor, before: Account | None, after: Account) -> None:
    """Called by the ground in the transaction of the change."""
    told = changed(_of(before) if before else None, _of(after))
    tx.lock(_LOCK)
    if told:
        person = logbook.named(after.id, after.name)
        logbook.note(tx, "privilege", actor.account_id, name=actor.name, person=person, change=told)
    _remember(tx, {after.id: _of(after)})


def on_people_moved(tx: Transaction, actor: Actor) -> None:
    """Called in the transaction that changes many: who they are is looked for afterwards."""
    jobs.add(tx, JOB, {"actor": actor.account_id, "name": actor.name})


async def tell_differences(services: Services, body: Any) -> None:
    """The job. Again is harmless: what has been told differs no more."""
    last = 0
    while found := await services.readers.ask(differing, last):
        last = found[-1]
        await services.writer.bulk(_steps(found, body.get("actor"), body.get("name", "")))


def differing(connection: Connection, after: int) -> list[int]:
    """People, by their numbers, of whom the log has told something else last."""
    wanted = _both().where(accounts.c.id > after, _differ()).order_by(accounts.c.id).limit(PEOPLE_A_STEP)
    return [row.id for row in connection.execute(wanted)]


def _steps(people: list[int], actor: int | None, name: str) -> Steps:
    yield partial(_tell, people, actor, name)


def _tell(people: list[int], actor: int | None, name: str, tx: Transaction) -> None:
    tx.lock(_LOCK)
    keys = key_rows(tx.dialect, int)
    wanted = _both().join(keys, keys.c.k0 == accounts.c.id).where(_differ())
    rows = tx.connection.execute(wanted.order_by(accounts.c.id), {"keys": packed(people)}).all()
    who = {"name": name} if name else {}
    bodies = []
    for row in rows:
        if told := changed(_known(row), _now(row)):
            bodies.append({**who, "person": logbook.named(row.id, row.name), "change": told, "many": True})
    logbook.note_many(tx, "privilege", actor, bodies)
    _remember(tx, {row.id: _now(row) for row in rows})


def _remember(tx: Transaction, told: dict[int, Rights]) -> None:
    keys, r = key_rows(tx.dialect, int), log_rights.c
    there = select(r.account_id).join(keys, keys.c.k0 == r.account_id)
    known = set(tx.connection.execute(there, {"keys": packed(told)}).scalars())
    rows = {id: {"account_id": id, **_columns(rights)} for id, rights in told.items()}
    fresh = [row for id, row in rows.items() if id not in known]
    if fresh:
        tx.connection.execute(insert(log_rights), fresh)
    for id in sorted(known):
        tx.connection.execute(update(log_rights).where(r.account_id == id).values(_columns(told[id])))


def _columns(rights: Rights) -> dict[str, Any]:
    return {
        "state": rights.state,
        "talk": rights.talk,
        "talk_log": rights.talk_log,
        "administers": rights.administers,
    }


def _of(account: Account) -> Rights:
    administers = Privilege.ADMIN_GOTALK in account.privileges
    return Rights(account.state.value, account.talk, account.talk_log, administers)


def _administers() -> Any:
    p = privileges.c
    return exists().where(p.account_id == accounts.c.id, p.privilege == Privilege.ADMIN_GOTALK.value)


def _both() -> Select[Any]:
    """Everybody as he is, beside what the log has told of him. Who is not there yet (an import's) is left out."""
    a, r = accounts.c, log_rights.c
    known = (r.state.label("known"), r.talk.label("talked"), r.talk_log.label("read"), r.administers)
    now = (a.id, a.name, a.state, a.talk, a.talk_log, _administers().label("now"))
    joined = accounts.outerjoin(log_rights, r.account_id == a.id)
    return select(*now, *known).select_from(joined).where(a.state.in_(_KNOWN), admitted())


def _differ() -> Any:
    a, r = accounts.c, log_rights.c
    other = (r.state != a.state) | (r.talk != a.talk) | (r.talk_log != a.talk_log) | (r.administers != _administers())
    return r.account_id.is_(None) | other


def _known(row: Row[Any]) -> Rights | None:
    return Rights(row.known, row.talked, row.read, row.administers) if row.known is not None else None


def _now(row: Row[Any]) -> Rights:
    return Rights(row.state, row.talk, row.talk_log, bool(row.now))
