"""One's own safety checks: which are open for somebody, and what counts of his answers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import tzinfo
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, select

from anpi import settings, tables
from anpi.answers.frames import Check, MyChecks, OwnAnswer
from anpi.model import Incident
from anpi.queries import open_and_named
from anpi.sending import variables
from server.auth.tables import accounts
from server.clock import to_millis
from server.data.sets import key_rows, packed

AnyRow = Row[*tuple[Any, ...]]
_t, _a = tables.targets.c, tables.answers.c


def of(connection: Connection, people: Iterable[int], zone: tzinfo, named: int = 0) -> dict[int, MyChecks]:
    """What each of these people is asked now, the newest first; ``named``: that check too, if it is over."""
    wanted = sorted(set(people))
    known = {each.id: each for each in open_and_named(connection, [named] if named else [])}
    emergency = settings.read(connection).emergency_number
    told = {id: MyChecks(open=[], emergency=emergency) for id in wanted}
    if not known:
        return told
    rows = _asked(connection, wanted, known)
    answers = _answers(connection, [row.answer_id for row in rows if row.answer_id is not None])
    for row in rows:
        check = _check(row, known[row.incident_id], answers.get(row.answer_id or 0), zone)
        if check.closed:
            told[row.account_id].closed = check
        else:
            told[row.account_id].open.append(check)
    return told


def own(connection: Connection, account: int, zone: tzinfo, named: int = 0) -> MyChecks:
    """The same for one."""
    return of(connection, [account], zone, named)[account]


def concerned(connection: Connection, since: Mapping[int, int]) -> set[int]:
    """Whose row has changed in these incidents since a ``rev``."""
    keys = key_rows(connection.dialect.name, int, int)
    joined = keys.join(tables.targets, _t.incident_id == keys.c.k0)
    moved = select(_t.account_id).select_from(joined).where(_t.rev > keys.c.k1)
    return set(connection.execute(moved, {"keys": packed(sorted(since.items()))}).scalars())


def _asked(connection: Connection, people: Sequence[int], known: Mapping[int, Incident]) -> Sequence[AnyRow]:
    dialect = connection.dialect.name
    who, which = key_rows(dialect, int, name="who"), key_rows(dialect, int, name="which")
    joined = who.join(tables.targets, _t.account_id == who.c.k0).join(accounts, accounts.c.id == _t.account_id)
    wanted = (
        select(_t.account_id, _t.incident_id, _t.asked_at, _t.answer_id, accounts.c.name)
        .select_from(joined)
        .where(_t.incident_id.in_(select(which.c.k0)))
        .order_by(_t.incident_id.desc())
    )
    return connection.execute(wanted, {"who": packed(people), "which": packed(sorted(known))}).all()


def _answers(connection: Connection, ids: Iterable[int]) -> dict[int, AnyRow]:
    keys = key_rows(connection.dialect.name, int)
    wanted = select(tables.answers).select_from(keys.join(tables.answers, _a.id == keys.c.k0))
    return {row.id: row for row in connection.execute(wanted, {"keys": packed(sorted(ids))})}


def _check(row: AnyRow, incident: Incident, answer: AnyRow | None, zone: tzinfo) -> Check:
    facts = variables.read_facts(incident.facts)
    return Check(
        id=incident.id,
        title=incident.title,
        message=variables.filled(incident.message, facts, zone, row.name),
        cause=incident.cause,
        asked_at=to_millis(row.asked_at),
        drill=incident.drill,
        suspended=incident.suspended_at is not None,
        cancelled=incident.cancelled_at is not None,
        closed=not incident.is_open,
        location=incident.location,
        questions=incident.questions,
        answer=None if answer is None else own_answer(answer, incident.id),
    )


def own_answer(row: AnyRow, incident: int) -> OwnAnswer:
    """As its person sees it in this check; the company's questions belong to the check through which it came."""
    return OwnAnswer(
        id=row.id,
        at=to_millis(row.at),
        channel=row.channel,
        self=row.self,
        help=bool(row.help),
        where=row.where,
        family=row.family,
        house=row.house,
        work=row.work,
        comment=row.comment,
        own=msgspec.json.decode(row.own, type=dict[str, str]) if row.incident_id == incident else {},
        located=row.lat is not None,
        by=row.by_name,
    )
