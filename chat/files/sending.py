"""Files as part of a message: each is sent once, by who brought it, if today's policy still lets it through.

The policy is asked again from what was found out when the bytes came: it may have changed since.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, update

from chat.files import queries, space
from chat.files.facts import decode as decode_facts
from chat.files.frames import File
from chat.files.queries import COLUMNS, DELETED, READY, SENT, FileRow, file_of_row
from chat.files.scanning import UNSCANNED
from chat.files.settings import current_policy
from chat.files.tables import files
from chat.files.uploads import recorded
from chat.model import Stored
from chat.policy import Policy, judge, refusal
from server.auth.model import Actor
from server.clock import to_millis
from server.data.transaction import Transaction
from server.errors import Invalid

UNSENT = timedelta(hours=24)
"""How long a file waits to be sent."""

_json = msgspec.json.Encoder()


class UnknownFile(Invalid):
    """Not there, not one's own, not ready, sent already, or too old: the same answer."""

    code = "file_unknown"


class Parcel:
    """The files that a group of messages wants to carry, held until its end. Without any nothing is asked."""

    def __init__(self, connection: Connection, keys: Sequence[str]) -> None:
        self._rows = queries.locked(connection, keys) if keys else {}
        self._policy = current_policy(connection) if keys else Policy()

    def take(self, account: int, name: str, keys: Sequence[str], at: int) -> list[FileRow]:
        """The files of one message, which no other message gets; or a refusal, and then none is taken."""
        if not keys:
            return []
        rows = [self._ready(account, key, at) for key in keys]
        if len({row.key for row in rows}) < len(rows):
            raise UnknownFile()
        judged = [self._judge(row, account, name) for row in rows]
        for row in rows:
            del self._rows[row.key]
        return judged

    def _ready(self, account: int, key: str, at: int) -> FileRow:
        row = self._rows.get(key)
        too_old = at - UNSENT.total_seconds() * 1000
        if row is None or row.account_id != account or row.state != READY or row.moved_at < too_old:
            raise UnknownFile()
        return row

    def _judge(self, row: FileRow, account: int, name: str) -> FileRow:
        """As today's policy lets it through: with the mark of today."""
        verdict = judge(self._policy, row.name, decode_facts(row.facts))
        if not verdict.ok:
            actor = Actor(account, name)
            why = refusal(verdict)
            # Whoever sends ten of them learns which one it is.
            why.details.update(field=f"files.{row.key}", label="files")
            raise recorded(why, actor, row.name, verdict, row.size, row.sha256)
        return row._replace(uninspected=verdict.uninspected or row.scan == UNSCANNED)


def mark_sent(connection: Connection, carried: Iterable[tuple[FileRow, int, int]], at: int) -> None:
    """Each of these files belongs to the message at (channel, seq)."""
    rows = [{"f": row.id, "c": channel, "s": seq, "u": row.uninspected} for row, channel, seq in carried]
    names = {"channel_id": "c", "seq": "s", "uninspected": "u"}
    values: dict[str, Any] = {column: bindparam(name) for column, name in names.items()}
    sent = update(files).where(files.c.id == bindparam("f")).values(state=SENT, moved_at=at, **values)
    connection.execute(sent, rows)


def stored(rows: Sequence[FileRow]) -> str | None:
    """What stands in the message's row; None without files."""
    return _json.encode([queries.shown(row) for row in rows]).decode() if rows else None


def shown(rows: Sequence[FileRow]) -> tuple[File, ...]:
    return tuple([queries.shown(row) for row in rows])


def take_away(tx: Transaction, old: Stored) -> dict[str, list[dict[str, object]]]:
    """The files of a message that is deleted: gone for members with the commit. As the talk log's entry names them.

    Their bytes stay as long as the log names them, and are no longer their sender's.
    """
    if not old.files:
        return {}
    tx.lock(space.RULE)
    f, at = files.c, to_millis(tx.now)
    here = (f.channel_id == old.channel, f.seq == old.seq, f.state == SENT)
    gone = update(files).where(*here).values(state=DELETED, deleted_at=at, moved_at=at)
    rows = sorted(file_of_row(row) for row in tx.connection.execute(gone.returning(*COLUMNS)))
    space.release_person(tx, old.sender, sum(row.stored_size for row in rows))
    return {"files": [queries.logged(row) for row in rows]}
