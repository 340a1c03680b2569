"""Read marks: one number for each member and channel, that only moves upward.

Marks come often and matter little: they are gathered for a second and written as one batch, so a crash may lose
a second of them. Who asked is answered after the write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from typing import Any

from sqlalchemy import Dialect, Select, and_, select, update
from sqlalchemy.sql import ClauseElement

from chat import events
from chat.model import MARKS_TOLD_LIMIT, require_poster
from chat.queries import in_order_of_members, membership_of_row
from chat.signs import NewMark
from chat.tables import channels, members
from server.auth.tables import accounts
from server.data.batch import Batch
from server.data.group import Done, Waiting
from server.data.prepared import PreparedMany, Value
from server.data.sets import chunks, key_rows, packed
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
    told: set[int] = set()
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
            if row.members <= MARKS_TOLD_LIMIT:
                told.add(mark.channel)
        answers.append(now)
    _write(tx, moved)
    for channel, news in sorted(_by_channel(moved, told).items()):
        tx.emit(events.read(channel, news))
    return answers


def _by_channel(moved: dict[tuple[int, int], int], told: set[int]) -> dict[int, list[NewMark]]:
    found: dict[int, list[NewMark]] = {}
    for (channel, account), seq in sorted(moved.items()):
        if channel in told:
            found.setdefault(channel, []).append(NewMark(account, seq))
    return found


def mark_lists(tx: Transaction, lists: Sequence[Sequence[ReadUpTo]]) -> list[Any]:
    """The same for several gathered lists, each answered by a list."""
    answers = iter(mark_all(tx, [mark for each in lists for mark in each]))
    return [list(islice(answers, len(each))) for each in lists]


MARKING = Batch("mark", mark_lists)


def _write(tx: Transaction, moved: dict[tuple[int, int], int]) -> None:
    if not moved:
        return
    rows = [{"c": channel, "a": account, "s": seq} for (channel, account), seq in sorted(moved.items())]
    marks_moved(tx.connection.dialect).run(tx.connection, rows)
    for (channel, account), seq in moved.items():
        tx.emit(events.marked(account, channel, seq))


@cache
def marks_moved(dialect: Dialect) -> PreparedMany:
    """Moves marks upward, and never down: each row is a channel ``c``, an account ``a``, a place ``s``."""
    return PreparedMany(dialect, {"c": int, "a": int, "s": int}, _moved)


def _moved(value: Value) -> ClauseElement:
    m = members.c
    mine = (m.channel_id == value("c"), m.account_id == value("a"), m.read_seq < value("s"))
    return update(members).where(*mine).values(read_seq=value("s"))


@cache
def _standing_wanted(dialect: str) -> Select[Any]:
    """On PostgreSQL the rows are locked here, in the order of their key: two writers must not wait in a circle."""
    keys = key_rows(dialect, int, int)
    m, a, c = members.c, accounts.c, channels.c
    mine = and_(m.channel_id == keys.c.k0, m.account_id == keys.c.k1)
    joined = keys.join(members, mine).join(channels, c.id == m.channel_id).join(accounts, a.id == m.account_id)
    mark = (m.channel_id, m.account_id, m.active, m.owner, m.read_seq, c.seq, c.members)
    wanted = select(*mark, a.name, a.state, a.talk).select_from(joined)
    return in_order_of_members(wanted) if dialect == "postgresql" else wanted


class MarkBuffer:
    """Gathers marks for a second, the highest of each person and channel, and writes them as one."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._waiting: dict[tuple[int, int], _Gathered] = {}
        self._timer: asyncio.TimerHandle | None = None

    def mark(self, mark: ReadUpTo, done: Done) -> None:
        """Write it soon; ``done`` is called on the loop with where the mark stands then, or with the refusal."""
        gathered = self._waiting.setdefault((mark.channel, mark.account), _Gathered())
        gathered.seq = max(gathered.seq, mark.seq)
        gathered.done.append(done)
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self._flush)

    def _flush(self) -> None:
        waiting, self._waiting, self._timer = self._waiting, {}, None
        # By channel, so that one list holds, and one frame tells, a channel's marks.
        for keys in chunks(sorted(waiting)):
            marks = [ReadUpTo(account, channel, waiting[channel, account].seq) for channel, account in keys]
            tell = partial(_tell, [waiting[key] for key in keys])
            try:
                self._writer.submit(Waiting(MARKING, marks, None, tell, spends=False))
            except AppError as refusal:
                tell(refusal)


class _Gathered:
    """One person's mark in one channel, and who waits to hear that it stands."""

    __slots__ = ("done", "seq")

    def __init__(self) -> None:
        self.seq = 0
        self.done: list[Done] = []


def _tell(gathered: list[_Gathered], answer: list[int | AppError] | Exception) -> None:
    answers = [answer] * len(gathered) if isinstance(answer, Exception) else answer
    for each, result in zip(gathered, answers, strict=True):
        for done in each.done:
            done(result)
