"""What kind of trouble a database error is: the writer answers each in its own way."""

from __future__ import annotations

import sqlite3
from enum import Enum, auto

from sqlalchemy.exc import DBAPIError, OperationalError, PendingRollbackError, ResourceClosedError
from sqlalchemy.exc import TimeoutError as PoolTimeout


class Failure(Enum):
    BUG = auto()
    """Ours: a wrong statement, a broken rule. Running it again changes nothing."""
    CONFLICT = auto()
    """PostgreSQL undid it in favour of another (40001, 40P01): run it again."""
    LINE = auto()
    """The connection is gone, and nothing was committed: run it again on a new one."""
    DISK = auto()
    """Full, broken or read-only, or a commit in doubt: everybody hears ``unavailable``, nothing is announced."""


class InDoubt(Exception):
    """Whether a transaction was committed cannot be found out: a resend will tell."""


def is_full(problem: Exception) -> bool:
    """Whether it was room that was missing."""
    if isinstance(problem, DBAPIError) and isinstance(problem.orig, sqlite3.Error):
        return getattr(problem.orig, "sqlite_errorcode", 0) in (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_SHMSIZE)
    return False


_RETRIED_STATES = {"40001", "40P01", "55P03"}
_LOST_STATES = {"57P01", "57P02", "57P03", "25P03"}
_FULL_STATES = ("53", "58")
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
    if isinstance(problem, InDoubt):
        return Failure.DISK
    if isinstance(problem, ResourceClosedError | PendingRollbackError | PoolTimeout):
        return Failure.LINE
    if not isinstance(problem, DBAPIError):
        return Failure.BUG
    if isinstance(problem.orig, sqlite3.Error):
        # Extended codes carry the primary one in their low byte.
        code = getattr(problem.orig, "sqlite_errorcode", 0) & 0xFF
        return Failure.DISK if code in _SQLITE_DISK else Failure.BUG
    return _of_postgres(problem)


def _of_postgres(problem: DBAPIError) -> Failure:
    state = getattr(problem.orig, "sqlstate", None) or ""
    if state in _RETRIED_STATES:
        return Failure.CONFLICT
    if problem.connection_invalidated or state in _LOST_STATES or state.startswith("08"):
        return Failure.LINE
    if state.startswith(_FULL_STATES):
        return Failure.DISK
    # A connection that could not be made has no state at all.
    return Failure.LINE if isinstance(problem, OperationalError) and not state else Failure.BUG
