"""Which addresses take mails: sent back for good in three incidents in a row, and an address counts as bad.

One alone says little: carriers answer "unknown user" also when somebody writes too fast, and a mail server may refuse
everything for an afternoon. A bad address is shown to its owner and to administrators, and left out while the person
has another; a mail that is taken makes it good, and so does confirming or changing it. It is tried again
after a month.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from anpi.sending.tables import addresses, deliveries
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction

HARD_LIMIT = 3
LOOKED_AT = 3
"""Incidents: their reminders say nothing that the first mail has not said."""
TRIED_AGAIN_AFTER = timedelta(days=30)
DEAD = frozenset({"bounced", "failed"})
TAKEN = frozenset({"sent", *DEAD})


def bad(connection: Connection, keys: Iterable[str], since: datetime | None = None) -> set[str]:
    """Those of the keys whose addresses are bad; with ``since``, only those that were sent back after it."""
    rows = connection.execute(_bad(connection.dialect.name), {"keys": packed(set(keys))})
    return {row.address_key for row in rows if since is None or row.bad_at > since}


def left_out(tx: Transaction, keys: Iterable[str]) -> set[str]:
    """Those that are not to be tried while the person has another."""
    return bad(tx.connection, keys, tx.now - TRIED_AGAIN_AFTER)


def reached(tx: Transaction, ids: Iterable[int]) -> None:
    """These deliveries were taken: what was held against the addresses of mails is forgotten."""
    keys, d = key_rows(tx.dialect, int), deliveries.c
    joined = keys.join(deliveries, (d.id == keys.c.k0) & (d.channel == "mail"))
    wanted = select(d.address_key).select_from(joined)
    tx.connection.execute(delete(addresses).where(addresses.c.address_key.in_(wanted)), {"keys": packed(ids)})


def good(tx: Transaction, key: str) -> None:
    """The address has shown that it is read: what was held against it is forgotten."""
    tx.connection.execute(delete(addresses).where(addresses.c.address_key == key))


def hard(tx: Transaction, refused: Mapping[int, str]) -> set[str]:
    """These deliveries have just been sent back, for these reasons: look at the newest mails to their addresses.

    Returns the keys that are bad now. A reason is for people who look at one address; never an address.
    """
    newest, reasons = _newest(tx.connection, refused)
    rows = []
    for key, states in newest.items():
        in_a_row = next((n for n, state in enumerate(states) if state not in DEAD), len(states))
        if in_a_row:
            is_bad = in_a_row >= HARD_LIMIT
            rows.append((key, in_a_row, is_bad))
    if rows:
        values = [
            {
                "address_key": key,
                "hard": number,
                "bad_at": tx.now if is_bad else None,
                "reason": reasons[key][:200],
            }
            for key, number, is_bad in sorted(rows)
        ]
        tx.connection.execute(_kept(tx.connection.dialect.name), values)
    return {key for key, _, is_bad in rows if is_bad}


def _newest(connection: Connection, refused: Mapping[int, str]) -> tuple[dict[str, list[str]], dict[str, str]]:
    """What became of the mails of the newest incidents to each of these addresses, the newest first, and why."""
    by_incident: dict[str, dict[int, str]] = defaultdict(dict)
    reasons: dict[str, str] = {}
    rows = connection.execute(_mails(connection.dialect.name), {"keys": packed(sorted(refused))})
    for row in rows:
        reasons[row.address_key] = refused[row.refused]
        # One that was not tried says nothing; one that was taken says more than those that were not.
        if row.state in TAKEN and row.tries:
            known = by_incident[row.address_key]
            known[row.incident_id] = row.state if row.state not in DEAD else known.get(row.incident_id, row.state)
    return {key: list(found.values())[:LOOKED_AT] for key, found in by_incident.items()}, reasons


@cache
def _bad(dialect: str) -> Select[Any]:
    keys, a = key_rows(dialect, str), addresses.c
    joined = keys.join(addresses, (a.address_key == keys.c.k0) & a.bad_at.is_not(None))
    return select(a.address_key, a.bad_at).select_from(joined)


@cache
def _mails(dialect: str) -> Select[Any]:
    keys, d, back = key_rows(dialect, int), deliveries.c, deliveries.alias("back")
    same = (d.account_id == back.c.account_id) & (d.address_key == back.c.address_key) & (d.channel == "mail")
    joined = keys.join(back, back.c.id == keys.c.k0).join(deliveries, same)
    wanted = select(back.c.id.label("refused"), d.address_key, d.incident_id, d.state, d.tries)
    return wanted.select_from(joined).order_by(d.id.desc())


@cache
def _kept(dialect: str) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    new = insert(addresses)
    changed = {name: new.excluded[name] for name in ("hard", "bad_at", "reason")}
    return new.on_conflict_do_update(index_elements=["address_key"], set_=changed)
