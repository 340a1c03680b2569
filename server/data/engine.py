"""The databases we speak with, and the few settings that make each of them keep its word.

SQLite: WAL with ``synchronous=FULL`` (a commit is fsynced before it returns), one writing connection that alone
checkpoints. Versions 3.7-3.51.2 can corrupt a WAL when two connections write and checkpoint at once, so readers
are ``query_only`` and never checkpoint.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from psycopg.pq import Format
from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import NullPool, QueuePool

MINIMUM_SQLITE = (3, 38, 0)
"""The first SQLite whose JSON functions are built in; below it we refuse to start."""

_ADDRESSES = "sqlite:/// or postgresql://"
BINARY = {"binary": True}
"""Execution options of a question that reads many bytes: PostgreSQL writes each in two letters otherwise."""
BUSY_SECONDS = 5
WAL_BYTES_KEPT = 64 * 1024 * 1024


class UnsupportedDatabase(Exception):
    """This database, or this version of it, cannot carry the laws."""


def parse(url: str) -> URL:
    """The database's address, or ``UnsupportedDatabase`` in words an operator can act on."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UnsupportedDatabase(f"RENRAKU_DATABASE_URL must begin with {_ADDRESSES}") from None
    except ValueError:
        raise UnsupportedDatabase("RENRAKU_DATABASE_URL has a port that is no number") from None
    # Many platforms hand out the older name.
    if parsed.get_backend_name() in ("postgresql", "postgres"):
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        if sqlite3.sqlite_version_info < MINIMUM_SQLITE:
            wanted = ".".join(map(str, MINIMUM_SQLITE))
            raise UnsupportedDatabase(f"SQLite {sqlite3.sqlite_version} is too old: {wanted} or newer is needed.")
        return parsed.set(drivername="sqlite+pysqlite")
    raise UnsupportedDatabase(f"RENRAKU_DATABASE_URL must begin with {_ADDRESSES}")


def writing_engine(url: URL) -> Engine:
    """One connection that writes, for the writer's thread alone; PostgreSQL lends one more to what is done apart."""
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        # Readable by its owner alone, whatever the folder's mode; SQLite gives its other files the same.
        os.close(os.open(str(url.database), os.O_CREAT | os.O_RDWR, 0o600))
        return _sqlite(url, reading=False)
    # One more for what is done apart from the others.
    return _postgres(url, size=1, more=1)


def reading_engine(url: URL, connections: int) -> Engine:
    """Connections that only read."""
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, reading=True, size=connections)
    return _postgres(url, size=connections, read_only=True)


def _engine(url: URL | str, **options: Any) -> Engine:
    """An engine whose errors name no values: errors are logged, and rows hold what people have said."""
    engine = create_engine(url, hide_parameters=True, **options)
    event.listen(engine, "handle_error", _without_values)
    return engine


def _without_values(context: ExceptionContext) -> None:
    """PostgreSQL says what is wrong in its first sentence; those after it name the key or the row that it refuses."""
    problem, told = context.original_exception, context.sqlalchemy_exception
    first = getattr(getattr(problem, "diag", None), "message_primary", None)
    if first is None:
        return
    problem.args = (first,)
    if told is not None:
        told.args = (f"({type(problem).__name__}) {first}",)


def _sqlite(url: URL, *, reading: bool, size: int = 1) -> Engine:
    engine = _engine(
        url,
        # Autocommit: the driver would otherwise begin transactions by its own rules.
        connect_args={"isolation_level": None, "check_same_thread": False, "timeout": BUSY_SECONDS},
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        for pragma in _READER_PRAGMAS if reading else _WRITER_PRAGMAS:
            connection.execute(f"PRAGMA {pragma}").close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        # A reader that began IMMEDIATE would take the write lock.
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


_COMMON_PRAGMAS = ("foreign_keys=ON", "trusted_schema=OFF", f"busy_timeout={BUSY_SECONDS * 1000}")
_WRITER_PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"journal_size_limit={WAL_BYTES_KEPT}",
    # The writer checkpoints itself, after a commit.
    "wal_autocheckpoint=0",
    "cache_size=-32768",
    *_COMMON_PRAGMAS,
)
_READER_PRAGMAS = ("query_only=ON", "wal_autocheckpoint=0", "cache_size=-16384", *_COMMON_PRAGMAS)


def _postgres(url: URL, *, size: int, more: int = 0, read_only: bool = False) -> Engine:
    # synchronous_commit: law 1 must not hang on how somebody has set up the server.
    options = "-c timezone=UTC -c lock_timeout=10s -c idle_in_transaction_session_timeout=60s"
    options += " -c statement_timeout=60s -c synchronous_commit=on"
    if read_only:
        # What is read lies in memory: with the price of a turning disk PostgreSQL goes through whole tables where a
        # few keys are asked for.
        options += " -c random_page_cost=1.1"
        # One question sees one moment: a snapshot taken in several statements would not be one.
        options += " -c default_transaction_read_only=on -c default_transaction_isolation=repeatable\\ read"
    else:
        # Posting locks its channels and reads again what others have committed meanwhile.
        options += " -c default_transaction_isolation=read\\ committed"
        # What is written names its rows by key. A plan made while a table was young would read all of it, later too:
        # 3,500 messages a second were acknowledged half a second late.
        options += " -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off"
    engine = _engine(
        url,
        # A line that a router has forgotten answers nothing, not even that it is gone.
        connect_args={
            "options": options,
            "connect_timeout": 10,
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 3,
            "tcp_user_timeout": 15_000,
        },
        pool_size=size,
        max_overflow=more,
        pool_pre_ping=True,
    )
    event.listen(engine, "before_cursor_execute", _as_asked)
    return engine


def _as_asked(_connection: Any, cursor: Any, _statement: Any, _given: Any, context: Any, _many: Any) -> None:
    if context.execution_options.get("binary"):
        cursor.format = Format.BINARY


def looking_engine(url: URL) -> Engine:
    """For a command that only looks, beside a running server or without one; it makes no database."""
    if url.get_backend_name() != "sqlite":
        return _engine(url, poolclass=NullPool)
    path = quote(str(Path(str(url.database)).absolute()))
    return _engine(
        "sqlite+pysqlite://",
        creator=lambda: sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=BUSY_SECONDS),
        poolclass=NullPool,
    )


def throwaway_engine(url: URL) -> Engine:
    """An engine that keeps no connection open: for migrations and checks at start."""
    if url.get_backend_name() == "sqlite":
        return writing_engine(url)
    return _engine(url, poolclass=NullPool)
