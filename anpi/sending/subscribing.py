"""Browsers that want to be woken: kept with the session that has asked for it, and gone with it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, and_, delete, insert, select, update

from server.auth.tables import accounts, sessions
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.work.push import Subscription, decoded
from server.work.tables import push_subscriptions

EACH_LIMIT = 20
"""Browsers of one person; with one more the oldest is forgotten."""
TROUBLES_LIMIT = 20

_S = push_subscriptions.c


@dataclass(frozen=True, slots=True)
class Kept:
    """A subscription as it is kept."""

    id: int
    account: int
    to: Subscription


def subscribe(tx: Transaction, account: int, session: str, endpoint: str, p256dh: str, auth: str) -> None:
    """Wake this browser for whoever is signed in there now: it may have been another's."""
    key = sha256(endpoint.encode()).hexdigest()
    values = {"account_id": account, "session": session, "p256dh": p256dh, "auth": auth, "at": tx.now, "troubles": 0}
    known = update(push_subscriptions).where(_S.endpoint_key == key).values(values)
    if tx.connection.execute(known).rowcount == 0:
        tx.connection.execute(insert(push_subscriptions), values | {"endpoint": endpoint, "endpoint_key": key})
    newest = select(_S.id).where(_S.account_id == account).order_by(_S.at.desc(), _S.id.desc()).limit(EACH_LIMIT)
    tx.connection.execute(delete(push_subscriptions).where(_S.account_id == account, _S.id.not_in(newest)))


def unsubscribe(tx: Transaction, account: int, endpoint: str) -> None:
    """No more for this browser; one that is unknown, or another's, is none."""
    key = sha256(endpoint.encode()).hexdigest()
    tx.connection.execute(delete(push_subscriptions).where(_S.account_id == account, _S.endpoint_key == key))


def is_subscribed(connection: Connection, session: str) -> bool:
    """Whether the browser of this session is to be woken."""
    return connection.execute(select(_S.id).where(_S.session == session).limit(1)).first() is not None


def subscribed(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Those of the accounts with a browser that can be woken."""
    rows = connection.execute(_living(connection.dialect.name), {"keys": packed(ids)})
    return {row.account_id for row in rows}


def of_accounts(connection: Connection, ids: Iterable[int]) -> dict[int, list[Kept]]:
    """The browsers of each account, only those whose session still is one."""
    found: dict[int, list[Kept]] = defaultdict(list)
    for row in connection.execute(_living(connection.dialect.name), {"keys": packed(ids)}):
        to = Subscription(row.endpoint, decoded(row.p256dh), decoded(row.auth))
        found[row.account_id].append(Kept(row.id, row.account_id, to))
    return found


def settle(tx: Transaction, taken: Iterable[int], gone: Iterable[int], troubled: Iterable[int]) -> None:
    """Which browsers' servers have taken something, which browsers are gone for good, and where it did not work."""
    keys = select(key_rows(tx.dialect, int).c.k0)
    run = tx.connection.execute
    run(delete(push_subscriptions).where(_S.id.in_(keys)), {"keys": packed(gone)})
    sent = update(push_subscriptions).where(_S.id.in_(keys))
    run(sent.values(sent_at=tx.now, troubles=0), {"keys": packed(taken)})
    run(sent.values(troubles=_S.troubles + 1), {"keys": packed(troubled)})


def forget(tx: Transaction) -> None:
    """Browsers whose session has ended, and those that never work any more."""
    living = select(sessions.c.public_id).where(sessions.c.public_id == _S.session).exists()
    tx.connection.execute(delete(push_subscriptions).where(~living | (_S.troubles >= TROUBLES_LIMIT)))


@cache
def _living(dialect: str) -> Select[Any]:
    keys, a = key_rows(dialect, int), accounts.c
    signed_in = and_(sessions.c.public_id == _S.session, sessions.c.account_id == _S.account_id)
    joined = (
        keys.join(push_subscriptions, _S.account_id == keys.c.k0)
        .join(sessions, signed_in)
        .join(accounts, and_(a.id == _S.account_id, a.state == "enabled"))
    )
    return select(_S.id, _S.account_id, _S.endpoint, _S.p256dh, _S.auth).select_from(joined).order_by(_S.id)
