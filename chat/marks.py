"""Read marks: one number for each member and channel, that only moves upward.

Marks come often and matter little: they are gathered for a second and written as one batch, so a crash may lose
a second of them. Who asked is answered after the write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Select, and_, bindparam, select, update

from chat import events
from chat.model import require_poster
from chat.queries import membership_of_row
from chat.tables import channels, members
from server.auth.tables import accounts
from server.data.batch import Batch
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.data.writer import Writer
from server.errors import AppError

FLUSH_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class ReadUpTo:
    """Somebody has read a channel up to ``seq``."""

    account: int
    channel: int
    seq: int


def mark_all(tx: Transaction, marks: Sequence[ReadUpTo]) -> list[int | AppError]:
    """Where each mark stands now. A mark beyond the newest message means that message."""
    keys = packed({(mark.channel, mark.account) for mark in marks})
    rows = tx.connection.execute(_standing_wanted(tx.dialect), {"keys": keys})
    standing = {(row.channel_id, row.account_id): row for row in rows}
    moved: dict[tuple[int, int], int] = {}
    answers: list[int | AppError] = []
    for mark in marks:
        key = (mark.channel, mark.account)
        row = standing.get(key)
        try:
            require_poster(None if row is None else membership_of_row(row))
        except AppError as refusal:
            answers.append(refusal)
            continue
        assert row is not None
        now = max(moved.get(key, row.read_seq), min(mark.seq, row.seq))
        if now > row.read_seq:
            moved[key] = now
        answers.append(now)
    _write(tx, moved)
    return answers


MARKING = Batch("mark", mark_all)


def _write(tx: Transaction, moved: dict[tuple[int, int], int]) -> None:
    if not moved:
        return
    rows = [{"c": channel, "a": account, "s": seq} for (channel, account), seq in sorted(moved.items())]
    tx.connection.execute(MOVE_MARK, rows)
    for (channel, account), seq in moved.items():
        tx.emit(events.marked(account, channel, seq))


MOVE_MARK = (
    update(members)
    .where(
        members.c.channel_id == bindparam("c"),
        members.c.account_id == bindparam("a"),
        members.c.read_seq < bindparam("s"),
    )
    .values(read_seq=bindparam("s"))
)
"""Moves a mark upward, and never down: channel ``c``, account ``a``, to ``s``."""


@cache
def _standing_wanted(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int, int)
    m, a = members.c, accounts.c
    mine = and_(m.channel_id == keys.c.k0, m.account_id == keys.c.k1)
    joined = keys.join(members, mine).join(channels, channels.c.id == m.channel_id)
    joined = joined.join(accounts, a.id == m.account_id)
    columns = (m.channel_id, m.account_id, m.active, m.owner, m.read_seq, channels.c.seq, a.name, a.state, a.talk)
    return select(*columns).select_from(joined)


class MarkBuffer:
    """Gathers marks for a second, the highest of each person and channel, and writes them as one."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._highest: dict[tuple[int, int], int] = {}
        self._flushing: asyncio.Task[dict[tuple[int, int], int | BaseException]] | None = None

    async def mark(self, mark: ReadUpTo) -> int:
        """Where the mark stands, once it is written."""
        key = (mark.channel, mark.account)
        self._highest[key] = max(mark.seq, self._highest.get(key, 0))
        if self._flushing is None:
            self._flushing = asyncio.create_task(self._flush_soon(), name="marks")
        answer = (await asyncio.shield(self._flushing))[key]
        if isinstance(answer, BaseException):
            raise answer
        return answer

    async def _flush_soon(self) -> dict[tuple[int, int], int | BaseException]:
        await asyncio.sleep(FLUSH_SECONDS)
        highest, self._highest, self._flushing = self._highest, {}, None
        marks = [ReadUpTo(account, channel, seq) for (channel, account), seq in highest.items()]
        answers = await asyncio.gather(*(self._writer.ask(MARKING, mark) for mark in marks), return_exceptions=True)
        return dict(zip(highest, answers, strict=True))
