"""The state that somebody has chosen for himself: 離席中, or 不在 until a time. It outlives every process."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal

from msgspec import Struct
from sqlalchemy import Connection, delete, insert, select

from server.auth.tables import accounts
from server.clock import from_millis, to_millis
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import Invalid
from server.live.tables import presence

NOTE = "presence"
"""What processes are told when somebody has chosen."""
LONGEST = timedelta(days=366)


class Choice(Struct, frozen=True):
    """``until`` in milliseconds, 0 when it is open."""

    state: Literal["auto", "away", "out"] = "auto"
    until: int = 0

    def over(self, now: int) -> bool:
        """Whether its time has passed: then nothing is chosen any more."""
        return 0 < self.until <= now


NOTHING = Choice()


def choose(tx: Transaction, actor: int, state: str, until: int) -> None:
    """From now on one is this, everywhere. A time that has passed, or lies over a year ahead, is refused."""
    returns = _moment(tx.now, state, until)
    tx.lock(f"presence:{actor}")
    tx.connection.execute(delete(presence).where(presence.c.account_id == actor))
    if state != "auto":
        row = {"account_id": actor, "state": state, "until": returns, "at": tx.now}
        tx.connection.execute(insert(presence), row)
    tx.note(NOTE, actor)


def _moment(now: datetime, state: str, until: int) -> datetime | None:
    if until == 0:
        return None
    if state != "out" or not to_millis(now) < until <= to_millis(now + LONGEST):
        raise Invalid("bad_time")
    return from_millis(until)


def choices(connection: Connection, people: list[int]) -> dict[int, Choice]:
    """What these have chosen; enabled people without a choice too, and nobody else."""
    keys, p, a = key_rows(connection.dialect.name, int), presence.c, accounts.c
    joined = keys.join(accounts, a.id == keys.c.k0).outerjoin(presence, p.account_id == a.id)
    wanted = select(a.id, p.state, p.until).select_from(joined).where(a.state == "enabled")
    rows = connection.execute(wanted, {"keys": packed(people)})
    return {
        row.id: Choice(row.state, to_millis(row.until) if row.until else 0) if row.state else NOTHING for row in rows
    }


def choice_of(connection: Connection, account: int, now: datetime) -> Choice:
    """What one has chosen and still is."""
    found = choices(connection, [account]).get(account, NOTHING)
    return NOTHING if found.over(to_millis(now)) else found
