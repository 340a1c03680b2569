"""The audit trail: who did what to whom, and what was refused. It holds no password, token or message."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy import insert

from server.auth.model import Actor
from server.auth.tables import audit
from server.data.transaction import Transaction

SECRET_NAMES = frozenset({"password", "password_hash", "token", "token_hash", "hash", "secret"})
TEXT_LIMIT = 300

# Controls, lone surrogates, and the marks that turn a line around or break it.
_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def record(tx: Transaction, actor: Actor, action: str, target: str = "", result: str = "ok", **detail: Any) -> None:
    """Write one line of the trail, in the transaction of what it tells."""
    record_each(tx, actor, action, [target], result, **detail)


def record_each(
    tx: Transaction, actor: Actor, action: str, targets: Iterable[str], result: str = "ok", **detail: Any
) -> None:
    """The same for each of these, at least one, in one statement."""
    forbidden = SECRET_NAMES.intersection(detail)
    if forbidden:
        raise ValueError(f"the audit holds no secrets: {sorted(forbidden)}")
    line = {
        "at": tx.now,
        "actor_id": actor.account_id,
        "actor": visible(actor.name),
        "action": action,
        "result": result,
        "detail": visible(json.dumps(detail, ensure_ascii=False, sort_keys=True), limit=10_000),
        "address": visible(actor.address),
        "request_id": visible(actor.request_id),
    }
    tx.connection.execute(insert(audit), [{**line, "target": visible(target)} for target in targets])


def visible(text: str, limit: int = TEXT_LIMIT) -> str:
    """The text with control characters as ``\\uXXXX``: nobody forges a line with a name."""
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text[:limit])
