"""What an action holds while it changes something: the connection, the moment, and what it will announce."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from sqlalchemy import Connection, text


class Event(msgspec.Struct, frozen=True, gc=False):
    """Something durable that a topic's watchers are told, after the commit and in the order of ``rev``.

    ``rev`` is None for a latest-value notice that nobody resumes from. ``joins`` and ``leaves`` are account
    ids whose connections begin or cease to watch the topic with this very event: a leaver hears neither it nor
    anything after it. A ``silent`` event moves watchers and ``rev`` but sends nothing. A ``fleeting`` one is
    for those who have the topic open on their screen, and is not kept for a slow line.
    """

    topic: str
    rev: int | None
    frame: msgspec.Struct | msgspec.Raw
    joins: tuple[int, ...] = ()
    leaves: tuple[int, ...] = ()
    silent: bool = False
    fleeting: bool = False


@dataclass(slots=True, frozen=True)
class Revoked:
    """Sockets that must close: all of an account, or those of one session. ``final``: not to come back.

    ``id`` is the number of its row: a socket that was let in with that row in view need not close for it.
    """

    account: int
    session: str | None = None
    final: bool = True
    id: int = 0


class Note(msgspec.Struct, frozen=True, array_like=True):
    """Something that processes keep in mind has changed: ``what`` names the kind, ``about`` whom or which."""

    what: str
    about: int = 0


@dataclass(slots=True)
class Transaction:
    """One transaction of the writer. Everything done through it is committed together or not at all."""

    connection: Connection
    now: datetime
    events: list[Event] = field(default_factory=list)
    revoked: list[Revoked] = field(default_factory=list)
    woken: set[str] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)

    @property
    def dialect(self) -> str:
        return self.connection.dialect.name

    def emit(self, event: Event) -> None:
        """Announce this after the commit, and only then."""
        self.events.append(event)

    def revoke(self, revoked: Revoked) -> None:
        """Close these sockets after the commit (the row that tells other processes is the caller's)."""
        self.revoked.append(revoked)

    def note(self, what: str, about: int = 0) -> None:
        """After the commit, tell every process that what it keeps in mind of this is old (``Notices``)."""
        self.notes.append(Note(what, about))

    def wake(self, queue: str) -> None:
        """After the commit, tell the workers of ``queue`` that there is work."""
        self.woken.add(queue)

    def lock(self, name: str) -> None:
        """Hold the rule called ``name`` until the end of the transaction.

        On SQLite there is one writer and nothing to do; on PostgreSQL an advisory transaction lock. Taken
        before the reading that the rule needs.
        """
        if self.dialect == "postgresql":
            key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big", signed=True)
            self.connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": key})

    def mark(self) -> tuple[int, int, int]:
        """Where the announcements stand now, for ``unsay``."""
        return len(self.events), len(self.revoked), len(self.notes)

    def unsay(self, mark: tuple[int, int, int]) -> None:
        """Forget what was announced since ``mark``: it has been undone."""
        del self.events[mark[0] :]
        del self.revoked[mark[1] :]
        del self.notes[mark[2] :]
