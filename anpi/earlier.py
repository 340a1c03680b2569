"""Answers that were given before somebody was asked (A13): they count where he is asked now, unless they are older
than its 集計開始日時."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

from sqlalchemy import Select, select

from anpi import tables
from anpi.answers import queries as answers
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
    newest = {row.account_id: row for row in rows}
    answers.change_targets(tx.connection, [_counts(tx, found.id, row, rev) for _, row in sorted(newest.items())])
    return [Answered(account, row.self, bool(row.help), row.at) for account, row in sorted(newest.items())]


@cache
def _earlier(dialect: str) -> Select[Any]:
    keys, a, i = key_rows(dialect, int), tables.answers.c, tables.incidents.c
    joined = keys.join(tables.answers, a.account_id == keys.c.k0).join(tables.incidents, i.id == a.incident_id)
    return select(a.account_id, a.id, a.at, a.self, a.help, a.work, a.doubtful).select_from(joined).order_by(a.id)


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
