"""Answers that were given before somebody was asked (A13): they count where he is asked now, unless they are older
than its 集計開始日時."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, select

from anpi import tables
from anpi.answers import queries as answers
from anpi.answers.model import cries
from anpi.model import Incident
from anpi.targets import Answered
from server.clock import to_micros
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction


def count(tx: Transaction, found: Incident, asked: Sequence[int], rev: int) -> list[Answered]:
    """Count what these have answered to others of its kind, real or drill; under the incident's lock. Gives the
    newest answer of each who has any."""
    given = {"keys": packed(asked)}
    wanted = _earlier(tx.dialect).where(
        tables.incidents.c.drill == found.drill, tables.answers.c.at >= found.count_from
    )
    rows = tx.connection.execute(wanted, given).all()
    if not rows:
        return []
    answers.add_counted(tx.connection, [(found.id, row.account_id, row.id) for row in rows])
    newest = _newest(rows)
    answers.change_targets(tx.connection, [_counts(tx, found.id, row, rev) for _, row in sorted(newest.items())])
    return [Answered(account, row.self, bool(row.help), row.at) for account, row in sorted(newest.items())]


def _newest(rows: Iterable[Any]) -> dict[int, Any]:
    """The answer of each that is his newest, by the same rule as where they were given."""
    newest: dict[int, Any] = {}
    for row in rows:
        before = newest.get(row.account_id)
        stands = before is not None and answers.calls_for_help(before)
        if not (stands and row.doubtful and not cries(row.self, bool(row.help))):
            newest[row.account_id] = row
    return newest


@cache
def _earlier(dialect: str) -> Select[Any]:
    keys, a, i = key_rows(dialect, int), tables.answers.c, tables.incidents.c
    joined = keys.join(tables.answers, a.account_id == keys.c.k0).join(tables.incidents, i.id == a.incident_id)
    wanted = select(a.account_id, a.id, a.at, a.channel, a.self, a.help, a.work, a.doubtful)
    return wanted.select_from(joined).order_by(a.at, a.id)


def _counts(tx: Transaction, incident: int, row: Any, rev: int) -> dict[str, object]:
    return {
        "i": incident,
        "a": row.account_id,
        "answer": row.id,
        "at": to_micros(row.at),
        # Here he is known to be safe since he is asked: curves begin then.
        "first": to_micros(tx.now),
        "self_": row.self,
        "help_": row.help,
        "work_": row.work,
        "doubtful_": row.doubtful,
        "rev_": rev,
    }
