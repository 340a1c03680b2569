"""Once a day: does the log say what the database says?

Every channel's messages stand in the log with dense numbers, none in the database is missing there, and where a
message still is as the log told it last, its text is the same. What was found is kept in ``log_checks``, and looked
at again each day until the two agree. Old segments are compared whenever their file is verified.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
import structlog
from sqlalchemy import Connection, delete, func, insert, select

from chat.log import files, heads, rights
from chat.log.queries import segments_after
from chat.log.segments import EXPIRED, Segment
from chat.log.tables import log_checks, log_compared
from chat.tables import channels, log_entries, messages
from server.clock import to_millis
from server.data.batch import Steps
from server.data.sets import chunks, key_rows, packed
from server.data.store.model import Missing
from server.data.transaction import Transaction
from server.services import Services
from server.work import jobs

OK = "ok"
LAGS, GAP, UNLOGGED, UNSTORED, TEXT, LINES = "lag", "gap", "unlogged", "unstored", "text", "lines"
WAIT_SECONDS = 30.0
LINES_AT_ONCE = 500
TOLD_AT_MOST = 20
KEPT = 400
"""Checks: more than a year of them."""
_KINDS = frozenset({"sent", "edited", "deleted"})
"""What tells a message's newest state."""

log = structlog.get_logger()


class _Body(msgspec.Struct):
    text: str = ""


class _Told(msgspec.Struct):
    """What a line tells, as far as it is compared."""

    n: int
    kind: str
    channel: int
    rev: int
    seq: int | None
    body: msgspec.Raw

    @property
    def place(self) -> tuple[int, int]:
        return self.channel, self.seq or 0


@dataclass
class Comparison:
    """How far each channel has been compared, and what was found on the way. Pure."""

    n: int
    seqs: dict[int, int]
    moved: dict[int, int] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    count: int = 0
    """Of all faults; only the first are kept."""
    gap: bool = False
    """Lines have expired that were never compared."""
    seen: set[int] = field(default_factory=set)
    """The channels of which a line came since."""

    def line(self, told: _Told) -> None:
        """The next line of the log."""
        if told.n != self.n + 1:
            self.found(LINES, f"n {self.n + 1}")
        self.n = told.n
        if told.kind != "sent" or told.seq is None:
            return
        due = self.seqs.get(told.channel, 0) + 1
        if told.seq != due and not self.unsure(told.channel):
            self.found(GAP, f"channel {told.channel} seq {due}")
        self.seen.add(told.channel)
        self.seqs[told.channel] = self.moved[told.channel] = max(told.seq, due)

    def message(self, told: _Told, row: Any) -> None:
        """What the database has where the log tells of a message."""
        if fault := difference(told, row):
            self.found(fault, f"channel {told.channel} seq {told.seq}")

    def pass_over(self, last_n: int) -> None:
        """These lines have expired; how far each channel came in them nobody knows."""
        self.n, self.gap = last_n, True
        self.seen.clear()

    def unsure(self, channel: int) -> bool:
        return self.gap and channel not in self.seen

    def channel(self, id: int, seq: int) -> None:
        """Up to where the database had messages when this began."""
        if self.seqs.get(id, 0) < seq and not self.unsure(id):
            self.found(UNLOGGED, f"channel {id} seq {self.seqs.get(id, 0) + 1} to {seq}")

    def found(self, fault: str, where: str) -> None:
        self.count += 1
        if len(self.faults) < TOLD_AT_MOST:
            self.faults.append((fault, where))

    @property
    def result(self) -> tuple[str, str]:
        """In a word, and where."""
        if not self.faults:
            return OK, ""
        shown = "; ".join(f"{fault}: {where}" for fault, where in self.faults)
        return self.faults[0][0], f"{shown} ({self.count})"


def difference(told: _Told, row: Any) -> str:
    """In what the database contradicts the log's line of a message; blank if in nothing. Pure."""
    if row is None or row.rev < told.rev:
        return UNSTORED
    if row.rev > told.rev:
        # Changed since; a later line tells it.
        return ""
    gone = told.kind == "deleted"
    text = "" if gone else msgspec.json.decode(told.body, type=_Body).text
    return TEXT if row.text != text or (row.deleted_at is not None) != gone else ""


async def reconcile(services: Services) -> None:
    """The tick."""
    await services.writer.act(look_at_rights, spends=False)
    result, detail = await compare(services)
    if result != OK:
        log.error("talklog.unreconciled", result=result, detail=detail)
    await services.writer.act(_keep, result, detail, spends=False)


def look_at_rights(tx: Transaction) -> None:
    """Rights that came by another way than ours are told of now, without a name: nobody has said who did it."""
    jobs.add(tx, rights.JOB, {})


async def compare(services: Services) -> tuple[str, str]:
    """Log and database, from where the last comparison ended; the result in a word, and where."""
    newest, standing, seqs = await services.readers.ask(_before)
    if not await _numbered(services, newest):
        return LAGS, f"entries up to {newest} have no number"
    done = Comparison(seqs.pop(0, 0), seqs)
    head = await services.readers.ask(heads.current)
    for segment in await services.readers.ask(segments_after, done.n):
        if segment.state == EXPIRED:
            done.pass_over(segment.last_n)
            continue
        try:
            async for lines in files.whole_lines(files.stream(services, segment)):
                await _compare_some(services, done, lines, head.n)
        except Missing:
            done.found(LINES, f"segment {segment.number}")
            done.n = segment.last_n
    for channel, seq in standing:
        done.channel(channel, seq)
    if not done.faults:
        # Else all of it is compared again the next time: a difference is one until it is mended.
        await services.writer.bulk(_remember(done))
    return done.result


async def contradicted(services: Services, segment: Segment) -> str:
    """In what the database contradicts this segment, and the number of the line; blank if in nothing."""
    async for lines in files.whole_lines(files.stream(services, segment)):
        for some in chunks(lines, LINES_AT_ONCE):
            about = [each for each in await asyncio.to_thread(_decoded, list(some)) if _is_about_message(each)]
            rows = await services.readers.ask(_messages, [each.place for each in about])
            for each in about:
                if fault := difference(each, rows.get(each.place)):
                    return f"{fault} {each.n}"
    return ""


def _is_about_message(told: _Told) -> bool:
    return told.kind in _KINDS and told.seq is not None


async def _compare_some(services: Services, done: Comparison, lines: list[bytes], last_n: int) -> None:
    for some in chunks(lines, LINES_AT_ONCE):
        told = await asyncio.to_thread(_decoded, list(some))
        fresh = [each for each in told if done.n < each.n <= last_n]
        about = [each for each in fresh if _is_about_message(each)]
        rows = await services.readers.ask(_messages, [each.place for each in about])
        for each in fresh:
            done.line(each)
        for each in about:
            done.message(each, rows.get(each.place))


def _decoded(lines: list[bytes]) -> list[_Told]:
    return [_decode(line) for line in lines]


_decode = msgspec.json.Decoder(_Told).decode


def _before(connection: Connection) -> tuple[int, list[tuple[int, int]], dict[int, int]]:
    """In one moment: the newest entry, every channel's last message, and how far was compared."""
    newest = connection.execute(select(func.max(log_entries.c.id))).scalar() or 0
    c, k = channels.c, log_compared.c
    standing = [(row.id, row.seq) for row in connection.execute(select(c.id, c.seq).where(c.seq > 0).order_by(c.id))]
    seqs = {row.channel_id: row.seq for row in connection.execute(select(k.channel_id, k.seq))}
    return newest, standing, seqs


async def _numbered(services: Services, newest: int) -> bool:
    """Wait a little until everything up to this entry has its number."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WAIT_SECONDS
    while await services.readers.ask(_unnumbered, newest):
        if loop.time() > until:
            return False
        await asyncio.sleep(0.1)
    return True


def _unnumbered(connection: Connection, newest: int) -> bool:
    e = log_entries.c
    waiting = select(e.id).where(e.n.is_(None), e.id <= newest).limit(1)
    return connection.execute(waiting).first() is not None


def _messages(connection: Connection, places: list[tuple[int, int]]) -> dict[tuple[int, int], Any]:
    keys, m = key_rows(connection.dialect.name, int, int), messages.c
    same = (m.channel_id == keys.c.k0) & (m.seq == keys.c.k1)
    wanted = select(m.channel_id, m.seq, m.rev, m.text, m.deleted_at).select_from(keys.join(messages, same))
    rows = connection.execute(wanted, {"keys": packed(places)})
    return {(row.channel_id, row.seq): row for row in rows}


def _remember(done: Comparison) -> Steps:
    for some in chunks(sorted({**done.moved, 0: done.n}.items())):
        yield partial(_move, list(some))


def _move(some: list[tuple[int, int]], tx: Transaction) -> None:
    keys, k = key_rows(tx.dialect, int), log_compared.c
    gone = delete(log_compared).where(k.channel_id.in_(select(keys.c.k0)))
    tx.connection.execute(gone, {"keys": packed(channel for channel, _ in some)})
    tx.connection.execute(insert(log_compared), [{"channel_id": channel, "seq": seq} for channel, seq in some])


def _keep(tx: Transaction, result: str, detail: str) -> None:
    row = {"at": to_millis(tx.now), "result": result, "detail": detail[:2000]}
    tx.connection.execute(insert(log_checks), row)
    k = log_checks.c
    newest = tx.connection.execute(select(func.max(k.id))).scalar() or 0
    tx.connection.execute(delete(log_checks).where(k.id <= newest - KEPT))
