"""SQLite's write-ahead log, brought back into the database by the writer and by nobody else.

Two connections that write and checkpoint at once can corrupt a WAL (SQLite 3.7-3.51.2), so automatic
checkpoints are off everywhere.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import URL, Connection

LOOK_EVERY = 64
"""Commits between two looks at the file's size."""
ROWS_AT_MOST = 4000
"""Rows changed between two looks: a job writes as much in one commit as people do in hundreds, and all that has
gathered is brought back in one go, for which everybody waits."""
PASSIVE_BYTES = 8 * 1024 * 1024
TRUNCATE_BYTES = 128 * 1024 * 1024
"""Beyond this, waiting a moment for readers is worth it: a passive checkpoint cannot pass the oldest of them."""

log = structlog.get_logger()


class Checkpointer:
    """Asked between two transactions; acts when the WAL has grown."""

    def __init__(self, url: URL) -> None:
        embedded = url.get_backend_name() == "sqlite"
        self._wal = Path(f"{url.database}-wal") if embedded else None
        self._commits = 0
        self._changes = 0

    def between(self, connection: Connection) -> None:
        """A transaction has ended, and those who waited for it have been answered."""
        if self._wal is None:
            return
        self._commits += 1
        changes = _driver(connection).total_changes
        # A new connection counts from nought.
        if self._commits < LOOK_EVERY and 0 <= changes - self._changes < ROWS_AT_MOST:
            return
        self._commits, self._changes = 0, changes
        self._look(connection)

    def _look(self, connection: Connection) -> None:
        assert self._wal is not None
        try:
            size = os.stat(self._wal).st_size
        except FileNotFoundError:
            return
        if size > PASSIVE_BYTES:
            self._run(connection, "TRUNCATE" if size > TRUNCATE_BYTES else "PASSIVE")

    def _run(self, connection: Connection, mode: str) -> None:
        raw = _driver(connection)
        raw.execute("PRAGMA busy_timeout=100").close()
        try:
            busy, pages, moved = raw.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
            log.debug("checkpoint", mode=mode, busy=busy, pages=pages, moved=moved)
        finally:
            raw.execute("PRAGMA busy_timeout=5000").close()


def _driver(connection: Connection) -> Any:
    """Straight to the driver: SQLAlchemy would begin a transaction, and none may be open."""
    raw = connection.connection.driver_connection
    assert raw is not None
    return raw
