"""The writing connection: one transaction at a time, opened anew after trouble, and never a commit in doubt."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlalchemy import Connection, Engine, RootTransaction, text
from sqlalchemy.exc import SQLAlchemyError

from server.clock import Clock
from server.data.checkpoint import Checkpointer
from server.data.failures import Failure, InDoubt, classify
from server.data.transaction import Transaction

log = structlog.get_logger()

Result = TypeVar("Result")

ASK_AGAIN_SECONDS = (0.0, 0.1, 0.5, 1.0, 2.0, 4.0)
"""When the fate of a commit is asked whose answer was lost: the server may be starting anew."""
BACKWARDS = timedelta(seconds=5)
"""A clock that is set back by less than this stands still for us; by more, it was wrong before."""


class Committer:
    """Owns the connection. Only the writer's thread may use it."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._checkpointer = Checkpointer(engine.url)
        self._connection: Connection | None = None
        self._latest: datetime | None = None

    def open(self) -> Connection:
        """The connection, opened if it is not; raises what the driver says."""
        if self._connection is None or self._connection.closed or self._connection.invalidated:
            self.close()
            self._connection = self._engine.connect()
        return self._connection

    def close(self) -> None:
        """Let go of the connection, whatever state it is in."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):
                connection.close()

    def discard(self) -> None:
        """After trouble with the disk or the line the connection's state is unknown: it is never used again."""
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
        self.close()

    def commit(self, work: Callable[[Transaction], Result]) -> tuple[Result, Transaction]:
        """Do the work in a transaction of its own; when this returns, it is durable.

        Anything that is raised has committed nothing, but for ``InDoubt``, which does not know.
        """
        connection = self.open()
        began = connection.begin()
        try:
            tx = Transaction(connection, self._now())
            result = work(tx)
            ticket = _ticket(connection)
        except BaseException:
            # What went wrong first is what counts.
            with suppress(SQLAlchemyError):
                began.rollback()
            raise
        self._finish(began, ticket)
        return result, tx

    def tidy(self) -> None:
        """What the database wants done between two transactions.

        Committed is committed: trouble here is the next group's, which will meet it."""
        if self._connection is None or self._connection.closed:
            return
        try:
            self._checkpointer.between(self._connection)
        except Exception as problem:
            log.error("writer.checkpoint_failed", error=str(problem))

    def _finish(self, began: RootTransaction, ticket: str | None) -> None:
        try:
            began.commit()
        except Exception as problem:
            # SQLAlchemy keeps a transaction whose COMMIT failed: this connection is not used again.
            self._discard_in(began)
            if ticket is None or classify(problem) is not Failure.LINE:
                raise
            log.warning("writer.commit_unanswered", ticket=ticket)
            if not self._was_committed(ticket):
                raise

    def _discard_in(self, began: RootTransaction) -> None:
        with suppress(SQLAlchemyError):
            began.rollback()
        self.discard()

    def _was_committed(self, ticket: str) -> bool:
        """PostgreSQL knows the fate of a transaction whose COMMIT was sent and not answered."""
        for pause in ASK_AGAIN_SECONDS:
            time.sleep(pause)
            with suppress(SQLAlchemyError), self._engine.connect() as connection:
                fate = connection.execute(text("SELECT pg_xact_status(CAST(:t AS xid8))"), {"t": ticket}).scalar()
                if fate != "in progress":
                    return bool(fate == "committed")
        raise InDoubt()

    def _now(self) -> datetime:
        """The moment of a group: asked once, and not earlier than the group before."""
        now = self._clock()
        if self._latest is not None and now < self._latest:
            if self._latest - now < BACKWARDS:
                return self._latest
            log.warning("writer.clock_set_back", seconds=(self._latest - now).total_seconds())
        self._latest = now
        return now


def _ticket(connection: Connection) -> str | None:
    """The name under which PostgreSQL remembers this transaction's fate; None for one that wrote nothing."""
    if connection.dialect.name != "postgresql":
        return None
    found = connection.execute(text("SELECT CAST(pg_current_xact_id_if_assigned() AS text)")).scalar()
    return None if found is None else str(found)
