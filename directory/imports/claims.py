"""Who works on an import, and how far it is: a row that every process can read.

Whoever works gives a word once a second while it hashes. While it writes it cannot, because its transaction holds the
line; but that has an end. Who says nothing for longer than that is dead, and then the import has changed nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, select, update

from directory.tables import imports
from server.data.transaction import Transaction
from server.errors import Busy, Conflict

SILENT_AT_MOST: Mapping[str, timedelta] = {"hashing": timedelta(minutes=1), "applying": timedelta(minutes=15)}
WORD_SECONDS = 1.0
Working = Literal["hashing", "applying"]

RETRY_MS = 5000

_ROW = (imports.c.state, imports.c.seen_at, imports.c.done, imports.c.seconds_left, imports.c.code)


class Interrupted(Conflict):
    """Nobody works on it any more."""

    code = "import_interrupted"


class Standing(Struct, frozen=True):
    """An import as its row tells."""

    state: str
    seen_at: datetime | None = None
    done: int = 0
    seconds_left: int = 0
    code: str = ""

    def at(self, now: datetime, *, alone: bool = False) -> Standing:
        """What that means now. ``alone``: there is no other process, and this one does not work on it."""
        silence = SILENT_AT_MOST.get(self.state)
        if silence is None:
            return self
        if alone or self.seen_at is None or now - self.seen_at > silence:
            return Standing("failed", self.seen_at, self.done, code=Interrupted.code)
        return self


def standing(connection: Connection, import_id: int) -> Standing:
    """Raises nothing for an import that is not there: it is a preview that nobody works on."""
    row = connection.execute(select(*_ROW).where(imports.c.id == import_id)).first()
    return Standing(*row) if row else Standing("previewed")


def begin(tx: Transaction, import_id: int, alone: bool) -> None:
    """Take it, for this process. Refused while another works on it, and when it is done."""
    tx.lock(f"import:{import_id}")
    found = standing(tx.connection, import_id).at(tx.now, alone=alone)
    if found.state in SILENT_AT_MOST:
        raise Busy(retry_ms=RETRY_MS)
    if found.state not in ("previewed", "failed"):
        raise Conflict("import_stale")
    _write(tx, import_id, state="hashing", seen_at=tx.now, done=0, seconds_left=0, code="")


def say(tx: Transaction, import_id: int, state: Working, done: int, seconds_left: int) -> None:
    """How far it is. One that has failed meanwhile stays so."""
    _write(tx, import_id, working=True, state=state, seen_at=tx.now, done=done, seconds_left=seconds_left)


def fail(tx: Transaction, import_id: int, code: str) -> None:
    """It was refused; what was done stays done."""
    _write(tx, import_id, working=True, state="failed", seen_at=tx.now, seconds_left=0, code=code)


def bury(tx: Transaction, import_id: int) -> None:
    """Write down that whoever worked on it is dead."""
    tx.lock(f"import:{import_id}")
    if standing(tx.connection, import_id).at(tx.now).code == Interrupted.code:
        fail(tx, import_id, Interrupted.code)


def _write(tx: Transaction, import_id: int, *, working: bool = False, **values: object) -> None:
    change = update(imports).where(imports.c.id == import_id)
    if working:
        change = change.where(imports.c.state.in_(SILENT_AT_MOST))
    tx.connection.execute(change.values(values))
