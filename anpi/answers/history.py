"""What somebody has answered in a check: every answer that counts there, with its time and its way."""

from __future__ import annotations

from sqlalchemy import Connection, and_, select

from anpi import queries, tables
from anpi.answers.forms import AnswerHistory
from anpi.board.searching import answer_row
from server.auth.model import Actor

HISTORY_LIMIT = 500


def of(connection: Connection, actor: Actor, incident: int, account: int) -> AnswerHistory:
    """The newest first."""
    queries.require_administrator(connection, actor)
    queries.existing(connection, incident)
    a, c = tables.answers.c, tables.counted.c
    counts = and_(c.incident_id == incident, c.account_id == account, c.answer_id == a.id)
    wanted = select(tables.answers).select_from(tables.counted.join(tables.answers, counts))
    rows = connection.execute(wanted.order_by(a.at.desc(), a.id.desc()).limit(HISTORY_LIMIT))
    return AnswerHistory(account=account, answers=[answer_row(dict(row._mapping), incident) for row in rows])
