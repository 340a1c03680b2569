"""What answering asks and writes: one function, one statement, whatever the number of answers."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

import msgspec
from sqlalchemy import Connection, Dialect, Row, Select, and_, bindparam, func, insert, null, or_, select, update
from sqlalchemy.sql.dml import ReturningUpdate

from anpi import tables
from anpi.answers.model import LINKS, Asking, Taken, Target, cries
from anpi.model import Questions
from anpi.sending.tables import deliveries
from anpi.settings import AnpiSettings
from server.auth.model import State
from server.auth.tables import accounts
from server.data.prepared import Prepared
from server.data.sets import key_rows, packed
from server.data.types import UtcTime

AnyRow = Row[*tuple[Any, ...]]

_i, _t, _a, _c = tables.incidents.c, tables.targets.c, tables.answers.c, tables.counted.c


@lru_cache(maxsize=100)
def questions_of(kept: str) -> Questions:
    """The questions of an incident, from what is kept."""
    return msgspec.json.decode(kept, type=Questions)


@lru_cache(maxsize=10)
def settings_of(kept: str) -> AnpiSettings:
    """What the administrators have decided, from what is kept."""
    return msgspec.json.decode(kept, type=AnpiSettings)


def lock_incidents(connection: Connection, named: Iterable[int]) -> dict[int, Asking]:
    """All that are open and ask people, and those that are named; held until the end of the transaction."""
    rows = connection.execute(_incidents(connection.dialect.name), {"keys": packed(sorted(set(named)))})
    return {row.id: asking(row) for row in rows}


@cache
def _incidents(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int)
    decided = select(tables.settings.c.body).where(tables.settings.c.id == 1).scalar_subquery()
    wanted = select(_i.id, _i.drill, _i.state, _i.suspended_at, _i.count_from, _i.location, _i.questions)
    wanted = wanted.add_columns(decided.label("settings")).where(
        or_(_i.state == "open", _i.id.in_(select(keys.c.k0))), _i.kind == "ask"
    )
    return wanted.order_by(_i.id).with_for_update(of=tables.incidents)


def asking(row: AnyRow) -> Asking:
    return Asking(
        row.id,
        drill=bool(row.drill),
        open=row.state == "open",
        suspended=row.suspended_at is not None,
        count_from=row.count_from,
        location=bool(row.location),
        questions=questions_of(row.questions),
        detail=settings_of(row.settings or "{}").badge_detail,
    )


def known(connection: Connection, keys: Iterable[str]) -> dict[str, Taken]:
    """Which of these answers were given before, and where they counted."""
    found: dict[str, Taken] = {}
    for row in connection.execute(_known(connection.dialect.name), {"keys": packed(sorted(keys))}):
        before = found[row.key].counted if row.key in found else ()
        counted = before if row.incident_id is None else (*before, row.incident_id)
        found[row.key] = Taken(row.id, row.at, counted, dup=True)
    return found


@cache
def _known(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, str)
    counts = and_(_c.answer_id == _a.id, _c.account_id == _a.account_id)
    joined = keys.join(tables.answers, _a.key == keys.c.k0).outerjoin(tables.counted, counts)
    wanted = select(_a.key, _a.id, _a.at, _c.incident_id).select_from(joined)
    return wanted.order_by(_a.id, _c.incident_id)


def lock_targets(connection: Connection, people: Iterable[int], incidents: Mapping[int, Asking]) -> Iterable[Target]:
    """How these people stand in these incidents; held until the end of the transaction."""
    given = {"who": packed(sorted(people)), "which": packed(sorted(incidents))}
    for row in connection.execute(_targets(connection.dialect.name), given):
        gone = row.state == State.DELETED.value
        in_doubt = row.self if row.doubtful else ""
        told = (row.asked_at, row.first_at, gone, row.answered_at, calls_for_help(row), in_doubt)
        yield Target(row.incident_id, row.account_id, *told)


def calls_for_help(row: AnyRow) -> bool:
    """Whether an answer says that somebody needs help, and nothing makes one doubt it.

    What was said on the link's own page is corrected there: he who presses is at it.
    """
    return cries(row.self, bool(row.help)) and not row.doubtful and row.channel not in LINKS


@cache
def _targets(dialect: str) -> Select[Any]:
    who, which = key_rows(dialect, int, name="who"), key_rows(dialect, int, name="which")
    joined = who.join(tables.targets, _t.account_id == who.c.k0).join(accounts, accounts.c.id == _t.account_id)
    joined = joined.outerjoin(tables.answers, _a.id == _t.answer_id)
    return (
        select(_t.incident_id, _t.account_id, _t.asked_at, _t.first_at, _t.answered_at, accounts.c.state)
        .add_columns(_t.self, _t.help, _t.doubtful, _a.channel)
        .select_from(joined)
        .where(_t.incident_id.in_(select(which.c.k0)))
        .order_by(_t.account_id, _t.incident_id)
        .with_for_update(of=tables.targets)
    )


def answered_themselves(connection: Connection, places: Collection[tuple[int, int]]) -> set[tuple[int, int]]:
    """Who of these (by incident and account) has given his newest answer himself."""
    keys = key_rows(connection.dialect.name, int, int)
    joined = keys.join(tables.targets, and_(_t.incident_id == keys.c.k0, _t.account_id == keys.c.k1))
    wanted = select(_t.incident_id, _t.account_id).select_from(joined.join(tables.answers, _a.id == _t.answer_id))
    rows = connection.execute(wanted.where(_a.by_account_id.is_(None)), {"keys": packed(sorted(places))})
    return {(row.incident_id, row.account_id) for row in rows}


def delivered_at(connection: Connection, places: Collection[tuple[int, int]]) -> dict[tuple[int, int], datetime]:
    """When something was last handed over to these people, by incident and account; what a sender holds may be with
    them already."""
    rows = connection.execute(_delivered(connection.dialect.name), {"keys": packed(sorted(places))})
    return {(row.incident_id, row.account_id): row.at for row in rows if row.at is not None}


@cache
def _delivered(dialect: str) -> Select[Any]:
    keys, d = key_rows(dialect, int, int), deliveries.c
    joined = keys.join(deliveries, and_(d.incident_id == keys.c.k0, d.account_id == keys.c.k1))
    at = func.max(func.coalesce(d.ended_at, d.due_at), type_=UtcTime)
    handed_over = or_(d.state == "sent", and_(d.ended_at.is_(None), d.leased_by != ""))
    wanted = select(d.incident_id, d.account_id, at.label("at"))
    wanted = wanted.select_from(joined).where(handed_over, d.channel.in_(("mail", "sms")))
    return wanted.group_by(d.incident_id, d.account_id)


ANSWER_COLUMNS = tuple(column.name for column in _a if column.name != "id")
COUNTED_COLUMNS = ("incident_id", "account_id", "answer_id")


@dataclass(frozen=True)
class _Statements:
    """What is written for each answer, compiled once for a dialect."""

    answers: Prepared
    counted: Prepared
    targets: Prepared


@cache
def _statements(dialect: Dialect) -> _Statements:
    return _Statements(
        Prepared(insert(tables.answers).inline(), dialect, ANSWER_COLUMNS),
        Prepared(insert(tables.counted).inline(), dialect, COUNTED_COLUMNS),
        Prepared(_CHANGED, dialect),
    )


def add_answers(connection: Connection, rows: Sequence[Mapping[str, object]]) -> dict[str, int]:
    """Their numbers, by key. Times are microseconds, as they are kept."""
    _statements(connection.dialect).answers.run_each(connection, rows)
    found = connection.execute(_added(connection.dialect.name), {"keys": packed(row["key"] for row in rows)})
    return {row.key: row.id for row in found}


@cache
def _added(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, str)
    return select(_a.key, _a.id).select_from(keys.join(tables.answers, _a.key == keys.c.k0))


def add_counted(connection: Connection, rows: Sequence[tuple[int, int, int]]) -> None:
    if rows:
        named = [dict(zip(COUNTED_COLUMNS, row, strict=True)) for row in rows]
        _statements(connection.dialect).counted.run_each(connection, named)


def raise_revs(connection: Connection, incidents: Sequence[int]) -> dict[int, int]:
    """The next ``rev`` of each; they are locked."""
    if not incidents:
        return {}
    rows = connection.execute(_raised(connection.dialect.name), {"keys": packed(incidents)})
    return {row.id: row.rev for row in rows}


@cache
def _raised(dialect: str) -> ReturningUpdate[Any]:
    keys = key_rows(dialect, int)
    raised = update(tables.incidents).where(_i.id.in_(select(keys.c.k0))).values(rev=_i.rev + 1)
    return raised.returning(_i.id, _i.rev)


_CHANGED = (
    update(tables.targets)
    .where(_t.incident_id == bindparam("i"), _t.account_id == bindparam("a"))
    .values(
        {
            _t.answer_id: bindparam("answer"),
            _t.answered_at: bindparam("at"),
            _t.first_at: bindparam("first"),
            _t.self: bindparam("self_"),
            _t.help: bindparam("help_"),
            _t.work: bindparam("work_"),
            _t.doubtful: bindparam("doubtful_"),
            _t.again_at: null(),
            _t.claimed_by: null(),
            _t.claimed_until: null(),
            _t.rev: bindparam("rev_"),
        }
    )
)


def change_targets(connection: Connection, rows: Sequence[Mapping[str, object]]) -> None:
    """What totals are counted by; whoever has answered is asked no more, and nobody need call him."""
    if rows:
        _statements(connection.dialect).targets.run_each(connection, rows)
