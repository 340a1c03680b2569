"""How the sources are: when each was last asked, last heard, and what was wrong.

One row each; who feeds writes it, every process shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec
import structlog
from sqlalchemy import Connection, insert, select, update

from anpi.hazard.tables import sources
from server.data.transaction import Transaction

LISTENED_TO = ("jma", "p2p", "dmdata")
NAMES = (*LISTENED_TO, "inbound")
EARLY = frozenset({"p2p", "dmdata"})
"""Where early warnings come from."""
LOCK = "hazard sources"
"""Whoever writes their rows holds it."""
SILENT_AFTER = timedelta(minutes=5)
WRITE_AGAIN = timedelta(seconds=20)
"""What only grows older is not written more often."""

State = Literal["off", "waiting", "good", "silent"]

log = structlog.get_logger()


@dataclass
class Health:
    """One source, as the process that listens to it knows it. ``kept`` is what must outlive a restart."""

    name: str
    tried_at: datetime | None = None
    heard_at: datetime | None = None
    report_at: datetime | None = None
    error: str = ""
    troubles: int = 0
    kept: dict[str, Any] = field(default_factory=dict)
    written_at: datetime | None = None
    changed: bool = False

    def tried(self, now: datetime) -> None:
        self.tried_at = now

    def heard(self, now: datetime, *, report: bool = False, but: str = "") -> None:
        """The other side has answered as it should; with ``report``: with a telegram that we had not. ``but``: what
        was wrong all the same."""
        if self.error and not but:
            log.info("hazard.source_back", source=self.name, after=self.error)
        elif but and but != self.error:
            log.warning("hazard.source_trouble", source=self.name, reason=but)
        self.changed = self.changed or but != self.error or report or self.heard_at is None
        self.heard_at = now
        self.report_at = now if report else self.report_at
        self.error, self.troubles = but, 0

    def trouble(self, word: str) -> None:
        if word != self.error:
            log.warning("hazard.source_trouble", source=self.name, reason=word)
        self.changed = self.changed or word != self.error
        self.error, self.troubles = word, self.troubles + 1

    def is_due(self, now: datetime) -> bool:
        """Whether it should be written now."""
        return self.changed or self.written_at is None or now - self.written_at >= WRITE_AGAIN


class Healths:
    """All sources that a process listens to."""

    def __init__(self) -> None:
        self._by_name = {name: Health(name) for name in LISTENED_TO}

    def __getitem__(self, name: str) -> Health:
        return self._by_name[name]

    def take(self, known: Mapping[str, Health]) -> None:
        """Begin with what was written before: by another process, or before a restart."""
        for name, health in known.items():
            if name in self._by_name:
                self._by_name[name].__dict__.update(health.__dict__)

    def due(self, now: datetime) -> list[Health]:
        """Those to be written; they count as written from now on."""
        found = [each for each in self._by_name.values() if each.tried_at is not None and each.is_due(now)]
        for each in found:
            each.written_at, each.changed = now, False
        return found


def save(tx: Transaction, healths: list[Health]) -> None:
    """Write them down."""
    tx.lock(LOCK)
    known = set(tx.connection.execute(select(sources.c.name)).scalars())
    for each in healths:
        row = {
            "tried_at": each.tried_at,
            "heard_at": each.heard_at,
            "report_at": each.report_at,
            "error": each.error,
            "troubles": each.troubles,
            "kept": msgspec.json.encode(each.kept).decode(),
        }
        if each.name in known:
            tx.connection.execute(update(sources).where(sources.c.name == each.name).values(row))
        else:
            tx.connection.execute(insert(sources), {"name": each.name, **row})


def read(connection: Connection) -> dict[str, Health]:
    """What is written of each source."""
    rows = connection.execute(select(sources).order_by(sources.c.name))
    return {
        row.name: Health(
            row.name,
            row.tried_at,
            row.heard_at,
            row.report_at,
            row.error,
            row.troubles,
            msgspec.json.decode(row.kept),
        )
        for row in rows
    }


def heard_from_outside(tx: Transaction, name: str) -> None:
    """A source that comes to us has come, in whichever process."""
    tx.lock(LOCK)
    known = tx.connection.execute(select(sources.c.name).where(sources.c.name == name)).scalar()
    row = {"tried_at": tx.now, "heard_at": tx.now, "report_at": tx.now, "error": "", "troubles": 0}
    if known is None:
        tx.connection.execute(insert(sources), {"name": name, **row})
    else:
        tx.connection.execute(update(sources).where(sources.c.name == name).values(row))


def state_of(name: str, health: Health | None, on: bool, now: datetime) -> State:
    """What is shown. Who posts to us says nothing while nothing happens: he is never silent."""
    if not on:
        return "off"
    if health is None or health.heard_at is None:
        return "silent" if health is not None and health.error else "waiting"
    if name == "inbound" or now - health.heard_at <= SILENT_AFTER:
        return "good"
    return "silent"
