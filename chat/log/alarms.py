"""What is wrong with the log now, for the administration's page and for ``/metrics``."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Connection, func, select

from chat.log import queries
from chat.log.heads import TRIED_FOR
from chat.log.reconciling import OK
from chat.log.segments import CLOSED, STORED
from chat.log.tables import log_checks, log_heads, log_segments
from chat.tables import log_entries

LAGS_AFTER_MS = 60_000
STORED_WITHIN_MS = 3_600_000

_S, _H, _E = log_segments.c, log_heads.c, log_entries.c


class Alarm(NamedTuple):
    """Since when, what, and where: in words for an operator."""

    at: int
    result: str
    detail: str


def alarms(connection: Connection, now: int) -> list[Alarm]:
    """All that stand at this moment (in milliseconds)."""
    found = (_check(connection), _lag(connection, now), _unstored(connection, now), _heads(connection, now))
    return [*(each for each in found if each is not None), *_broken(connection)]


def figures(connection: Connection) -> dict[str, float]:
    """What ``/metrics`` tells."""
    last = connection.execute(select(log_checks.c.result).order_by(log_checks.c.id.desc()).limit(1)).scalar()
    newest = queries.last_segment(connection)
    waiting = select(func.count()).select_from(log_segments).where(_S.state == CLOSED)
    unsent = select(func.count()).select_from(log_heads).where(_H.sent_at.is_(None))
    return {
        "talklog_lag_rows": queries.lag(connection),
        "talklog_unreconciled": float(last not in (None, OK)),
        "talklog_head": newest.last_n if newest else 0,
        "talklog_segments_unstored": connection.execute(waiting).scalar_one(),
        "talklog_segments_broken": len(_broken(connection)),
        "talklog_heads_unsent": connection.execute(unsent).scalar_one(),
    }


def _check(connection: Connection) -> Alarm | None:
    k = log_checks.c
    row = connection.execute(select(k.at, k.result, k.detail).order_by(k.id.desc()).limit(1)).first()
    return Alarm(row.at, row.result, row.detail) if row and row.result != OK else None


def _lag(connection: Connection, now: int) -> Alarm | None:
    """The oldest entry without a number: the follower does not follow."""
    row = connection.execute(select(_E.at).where(_E.n.is_(None)).order_by(_E.id).limit(1)).first()
    late = row is not None and row.at < now - LAGS_AFTER_MS
    return Alarm(row.at, "lag", f"{queries.lag(connection)} entries without a number") if row and late else None


def _unstored(connection: Connection, now: int) -> Alarm | None:
    waiting = select(func.min(_S.closed_at), func.count()).where(_S.state == CLOSED)
    at, count = connection.execute(waiting).one()
    late = at is not None and at < now - STORED_WITHIN_MS
    return Alarm(at, "not_stored", f"{count} closed segments") if late else None


def _heads(connection: Connection, now: int) -> Alarm | None:
    since = now - int(TRIED_FOR.total_seconds() * 1000)
    failed = select(_H.at, _H.place, _H.problem).where(_H.sent_at.is_(None), _H.problem != "", _H.at > since)
    row = connection.execute(failed.order_by(_H.id).limit(1)).first()
    return Alarm(row.at, "head_not_sent", f"{row.place}: {row.problem}") if row else None


def _broken(connection: Connection) -> list[Alarm]:
    """Stored segments whose copy is not what was signed."""
    wanted = select(_S.verified_at, _S.number, _S.verdict).where(_S.state == STORED, _S.verdict != "ok")
    rows = connection.execute(wanted.order_by(_S.number).limit(20))
    return [Alarm(row.verified_at or 0, "segment", f"{row.number}: {row.verdict}") for row in rows]
