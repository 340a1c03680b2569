"""Entries for the talk log, written in the transaction of what they record (law 6). Numbers come later."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import insert

from chat.tables import log_entries
from server.clock import to_millis
from server.data.transaction import Transaction

_encode = msgspec.json.Encoder().encode


def write(
    tx: Transaction, kind: str, channel: int, rev: int, actor: int | None, seq: int | None = None, /, **body: Any
) -> None:
    """One entry. ``body`` holds what an auditor reads: names as of now, text before and after."""
    tx.connection.execute(_INSERT, [_row(tx, kind, channel, rev, actor, seq, body)])


def write_many(
    tx: Transaction, kind: str, channel: int, actor: int | None, entries: list[tuple[int, dict[str, Any]]]
) -> None:
    """Several entries of one kind, each a ``rev`` and a body, in the order of ``rev``."""
    tx.connection.execute(_INSERT, [_row(tx, kind, channel, rev, actor, None, body) for rev, body in entries])


_INSERT = insert(log_entries).inline()


def _row(
    tx: Transaction, kind: str, channel: int, rev: int, actor: int | None, seq: int | None, body: dict[str, Any]
) -> dict[str, Any]:
    return {
        "at": to_millis(tx.now),
        "kind": kind,
        "channel_id": channel,
        "rev": rev,
        "seq": seq,
        "actor_id": actor,
        "body": _encode(body).decode(),
    }
