"""What kind of trouble a database error is: the writer answers each in its own way."""

from __future__ import annotations

import sqlite3
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError


class Failure(Enum):
    BUG = auto()
    """Ours: a wrong statement, a broken rule. Running it again changes nothing."""
    CONFLICT = auto()
    """PostgreSQL undid it in favour of another (40001, 40P01): run it again."""
    LINE = auto()
    """The connection is gone; whether it was committed is unknown. Run it again: actions may be repeated."""
    DISK = auto()
    """Full, broken or read-only: everybody hears ``unavailable``, nothing is announced."""


_RETRIED_STATES = {"40001", "40P01", "55P03"}
_LOST_STATES = {"57P01", "57P02", "57P03", "25P03"}
_SQLITE_DISK = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
}


def classify(problem: Exception) -> Failure:
    """Which trouble this is; everything unknown is a bug and loud."""
    if not isinstance(problem, DBAPIError):
        return Failure.BUG
    if isinstance(problem.orig, sqlite3.Error):
        # Extended codes carry the primary one in their low byte.
        code = getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF
        return Failure.DISK if code in _SQLITE_DISK else Failure.BUG
    state = getattr(problem.orig, "sqlstate", None) or ""
    if state in _RETRIED_STATES:
        return Failure.CONFLICT
    if problem.connection_invalidated or state in _LOST_STATES or state.startswith("08"):
        return Failure.LINE
    return Failure.DISK if state.startswith(("53", "58")) else Failure.BUG
