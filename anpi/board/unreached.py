"""まだ回答のない人, and who is at reaching each of them, so that nobody is called twice (対応中)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, and_, select, update

from anpi import queries, tables
from anpi.board import searching
from anpi.board.forms import AnswersQuestion, Claim, Unreached, UnreachedPerson, UnreachedQuestion
from anpi.events import touched
from anpi.sending import deliveries
from directory import queries as directory_queries
from directory.areas.resolving import name_of
from directory.people_port import Directory
from directory.tables import people
from server.auth.model import Actor
from server.auth.tables import accounts
from server.auth.visibility import Visibility
from server.clock import to_millis
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import Conflict, NotFound

CLAIM_LASTS = timedelta(minutes=15)
PHONES = ("company_mobile_number", "mobile_number", "personal_mobile_number", "phone_number")
"""In the order in which one would call."""

AnyRow = Row[*tuple[Any, ...]]
_t = tables.targets.c


def claim(tx: Transaction, actor: Actor, incident: int, account: int, on: bool) -> Claim:
    """対応中にする for 15 minutes, or not any longer; refused while somebody else is at it, or he has answered."""
    queries.require_administrator(tx.connection, actor)
    if not queries.locked(tx.connection, incident).is_open:
        raise Conflict("incident_closed")
    row = tx.connection.execute(
        select(_t.answer_id, _t.claimed_by, _t.claimed_until, accounts.c.name)
        .select_from(tables.targets.outerjoin(accounts, accounts.c.id == _t.claimed_by))
        .where(_t.incident_id == incident, _t.account_id == account)
    ).first()
    if row is None:
        raise NotFound()
    held = row.claimed_until is not None and row.claimed_until > tx.now
    if held and row.claimed_by != actor.account_id:
        raise Conflict("anpi_claimed", name=row.name or "")
    if on and row.answer_id is not None:
        raise Conflict("anpi_answered")
    until = tx.now + CLAIM_LASTS if on else None
    changed = update(tables.targets).where(_t.incident_id == incident, _t.account_id == account)
    by = actor.account_id if on else None
    tx.connection.execute(changed.values(claimed_by=by, claimed_until=until, rev=touched(tx, incident)))
    if until is None:
        return Claim(account=account)
    return Claim(account=account, claimed_by=by or 0, claimed_name=actor.name, claimed_until=to_millis(until))


def page(connection: Connection, actor: Actor, incident: int, asked: UnreachedQuestion, now: datetime) -> Unreached:
    """Those who have not answered, in the order of all lists."""
    queries.require_administrator(connection, actor)
    queries.existing(connection, incident)
    wanted = AnswersQuestion(self="none", department=asked.department, sent=asked.sent)
    rows = searching.rows_after(connection, incident, wanted, asked.after, asked.limit + 1)
    shown = rows[: asked.limit]
    after = shown[-1].account_id if len(rows) > asked.limit else 0
    total = searching.total(connection, incident, wanted)
    return Unreached(total=total, after=after, people=_people(connection, incident, shown, now))


def _people(connection: Connection, incident: int, rows: Sequence[AnyRow], now: datetime) -> list[UnreachedPerson]:
    ids = [row.account_id for row in rows]
    titles, phones = Directory().names(connection, ids), _phones(connection, ids)
    sent = deliveries.states(connection, incident, ids)
    claimed = [row.claimed_by for row in rows if row.claimed_until is not None and row.claimed_until > now]
    names = queries.names(connection, claimed)
    return [
        UnreachedPerson(
            id=row.account_id,
            name=row.name,
            kana=row.kana,
            title=titles[row.account_id].title if row.account_id in titles else "",
            department=row.department_name or "",
            area=(name_of(row.area) or row.area) if row.area else "",
            phones=phones.get(row.account_id, []),
            sent=_SENT.get(sent.get(row.account_id, ""), "none"),  # type: ignore[arg-type]
            **_claimed(row, names, now),
        )
        for row in rows
    ]


_SENT = {"sent": "reached", "waiting": "waiting", "written": "failed", "failed": "failed", "dropped": "failed"}


def _claimed(row: AnyRow, names: dict[int, str], now: datetime) -> dict[str, Any]:
    if row.claimed_until is None or row.claimed_until <= now:
        return {}
    return {
        "claimed_by": row.claimed_by,
        "claimed_name": names.get(row.claimed_by, ""),
        "claimed_until": to_millis(row.claimed_until),
    }


def _phones(connection: Connection, ids: Sequence[int]) -> dict[int, list[str]]:
    """What an administrator may call; numbers that people show to nobody are left out."""
    seen = directory_queries.shown(connection)
    fields = [name for name in PHONES if seen[name] is not Visibility.SELF]
    if not fields:
        return {}
    keys = key_rows(connection.dialect.name, int)
    columns = [people.c[name] for name in fields]
    joined = keys.join(people, and_(people.c.account_id == keys.c.k0, directory_queries.LISTED))
    rows = connection.execute(select(people.c.account_id, *columns).select_from(joined), {"keys": packed(ids)})
    return {row.account_id: list(dict.fromkeys(number for number in row[1:] if number)) for row in rows}
