"""Being signed in: a random token in a cookie, of which the database knows only the hash."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, select, update

from server.auth import queries
from server.auth.model import SignedIn
from server.auth.revocation import heard
from server.auth.tables import sessions
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction

SEEN_EVERY = timedelta(hours=1)
"""How exactly we know when a session was last used: a write for each request would be far too many."""

AGENT_LIMIT = 300


def new_token() -> str:
    """What a browser keeps: 256 random bits."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What we keep: a stolen backup signs nobody in."""
    return hashlib.sha256(token.encode()).hexdigest()


def find(connection: Connection, token_hash: str, now: datetime, idle: timedelta) -> SignedIn | None:
    """Whom this session speaks for, if it still does. ``idle`` is how long it may lie unused."""
    found = queries.signed_in(connection, token_hash, now, idle)
    return found and replace(found, heard=heard(connection, found.account.id, now))


def seen(tx: Transaction, token_hash: str) -> None:
    """The session was used now."""
    recently = tx.now - SEEN_EVERY
    touched = update(sessions).where(sessions.c.token_hash == token_hash, sessions.c.seen_at <= recently)
    tx.connection.execute(touched.values(seen_at=tx.now))


def seen_all(tx: Transaction, hashes: list[str]) -> None:
    """All these sessions are in use now: their sockets are open."""
    keys = key_rows(tx.dialect, str)
    touched = update(sessions).where(
        sessions.c.token_hash.in_(select(keys.c.k0)), sessions.c.seen_at <= tx.now - SEEN_EVERY
    )
    tx.connection.execute(touched.values(seen_at=tx.now), {"keys": packed(hashes)})


def forget_ended(tx: Transaction, idle: timedelta) -> None:
    """Remove the rows of sessions that ended by themselves."""
    ended = (sessions.c.seen_at <= tx.now - idle) | (sessions.c.ends_at <= tx.now)
    tx.connection.execute(delete(sessions).where(ended))
