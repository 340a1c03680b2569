"""Downloads of the talk log: wished for with a reason, written into the log itself, then fetched piece by piece.

A download ends with the line that was the last when it was wished for, however long it takes and whatever is written
meanwhile. What it holds follows from its row alone, so that it can be taken up again where it broke off.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from datetime import timedelta, tzinfo
from typing import Any, Literal, ParamSpec, TypeVar

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, insert, select

from chat import logbook
from chat.log import csv, files, heads, reading
from chat.log.filtering import (
    MEMBERSHIP,
    ROOMLESS,
    Filter,
    Head,
    Line,
    Membership,
    NamedFile,
    Standing,
    first_leavings,
    head_of,
    line_of,
    period,
    wanted,
)
from chat.log.line import hash_of, n_of
from chat.log.segments import EXPIRED, Segment
from chat.log.tables import log_downloads
from chat.log.wire import Form, LogWanted
from server.auth.audit import record
from server.auth.model import Actor
from server.clock import to_millis, zone
from server.data.transaction import Transaction
from server.errors import Busy, Invalid, NotFound
from server.services import Services
from server.text import one_line
from server.texts import Translate, translator

Args = ParamSpec("Args")
Answer = TypeVar("Answer")

LASTS = timedelta(hours=24)
"""How long a download can be fetched."""
SENDING = "chat.log.sending"
"""Under which a process keeps what it sends."""
SIZES_KEPT = 100
AT_ONCE = 4
"""So many a process sends at the same time; each takes a share of a core."""
LINES_A_STEP = 250
"""What is read and written in one go, in a thread: a few milliseconds."""
PAUSE_SECONDS = 0.05
"""After each step a download waits as long as it took, at most so long: who talks comes first."""


class TooMany(Busy):
    """Several are under way already."""

    code = "log_downloads_busy"

    def __init__(self) -> None:
        super().__init__(retry_ms=10_000)


class Plan(Struct, frozen=True):
    """What a download holds, once and for all."""

    form: Form
    what: Literal["segment", "latest", "filter"]
    name: str
    first_n: int
    last_n: int
    size: int
    """How many bytes, where that is known beforehand: of lines as they are stored."""
    zone: str
    language: str
    since: int = 0
    until: int = 1 << 53
    rooms: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    standings: tuple[Standing, ...] = ()
    """In which rooms these people are or were."""
    numbers: tuple[int, ...] = ()
    """The segments in which something may be wanted."""

    @property
    def filter(self) -> Filter:
        return Filter(self.since, self.until, frozenset(self.rooms), frozenset(self.people))

    @property
    def whole(self) -> bool:
        """Whether no line is left out."""
        return self.what != "filter"


class Download(Struct, frozen=True):
    """A row of ``log_downloads``."""

    id: int
    key: str
    account: int
    at: int
    until: int
    reason: str
    plan: Plan


def reason_of(text: str) -> str:
    """Why: one line, and not empty."""
    reason = one_line(text)
    if not reason:
        raise Invalid("required", field="reason")
    return reason


def wish(
    tx: Transaction, actor: Actor, wished: LogWanted, form: Form, reason: str, time_zone: str, language: str
) -> Download:
    """A download of one's own; it stands in the log, and in the audit, before a byte of it is sent."""
    reading.require_reader(tx.connection, actor)
    reason = reason_of(reason)
    plan = _planned(tx, wished, form, time_zone, language)
    row: dict[str, Any] = {
        "key": secrets.token_urlsafe(16),
        "account_id": actor.account_id or 0,
        "at": to_millis(tx.now),
        "until": to_millis(tx.now + LASTS),
        "reason": reason,
        "wanted": msgspec.json.encode(plan).decode(),
        "last_n": plan.last_n,
    }
    id = tx.connection.execute(insert(log_downloads).returning(log_downloads.c.id), row).scalar_one()
    told = _told(tx.connection, wished, plan)
    logbook.note(
        tx,
        "download",
        actor.account_id,
        name=actor.name,
        reason=reason,
        wanted=told,
        form=form,
        until_n=plan.last_n,
    )
    record(tx, actor, "talk.log_download", plan.name, reason=reason, wanted=told, until_n=plan.last_n)
    return Download(id, row["key"], row["account_id"], row["at"], row["until"], reason, plan)


def _planned(tx: Transaction, wished: LogWanted, form: Form, time_zone: str, language: str) -> Plan:
    connection, local = tx.connection, tx.now.astimezone(zone(time_zone))
    filtered = wished.since or wished.until or wished.rooms or wished.people
    if (wished.segment is not None) + wished.latest + bool(filtered) > 1:
        raise Invalid()
    common: dict[str, Any] = {"form": form, "zone": time_zone, "language": language}
    head = heads.current(connection)
    if wished.segment is not None or wished.latest:
        segment = (
            reading.open_segment(connection) if wished.latest else reading.segment(connection, wished.segment or 0)
        )
        what: Literal["latest", "segment"] = "latest" if wished.latest else "segment"
        if segment is None:
            return Plan(what=what, name=f"talk_latest.{form}", first_n=head.n + 1, last_n=head.n, size=0, **common)
        name = f"{segment.name}{'_latest' if wished.latest else ''}.{form}"
        ends: dict[str, Any] = {"first_n": segment.first_n, "last_n": segment.last_n, "size": segment.bytes}
        return Plan(what=what, name=name, **ends, **common)
    if wished.since and wished.until and wished.since > wished.until:
        raise Invalid("log_period", field="from")
    since, until = period(wished.since, wished.until, zone(time_zone))
    standings = [Standing(*row) for row in reading.standings(connection, wished.people)] if wished.people else []
    rooms = {*wished.rooms, *(row.channel for row in standings), *([ROOMLESS] * bool(wished.people))}
    return Plan(
        what="filter",
        name=f"talk_log_{local:%Y%m%d_%H%M%S}.{form}",
        first_n=reading.first_of(connection, since) if since else 1,
        last_n=head.n,
        size=0,
        since=since,
        until=until,
        rooms=tuple(sorted(set(wished.rooms))),
        people=tuple(sorted(set(wished.people))),
        standings=tuple(standings),
        numbers=tuple(sorted(reading.speaking_of(connection, rooms))) if rooms else (),
        **common,
    )


def _told(connection: Connection, wished: LogWanted, plan: Plan) -> dict[str, Any]:
    """What was wished for, with names as of now: the log is read without the database."""
    if plan.whole:
        return {"file": plan.name}
    people = [{"id": each.id, "name": each.name} for each in reading.people_called(connection, plan.people)]
    rooms = [{"id": each.id, "name": each.name} for each in reading.rooms_called(connection, plan.rooms)]
    days = {"from": str(wished.since or ""), "to": str(wished.until or "")}
    return {"file": plan.name, **{name: day for name, day in days.items() if day}, "people": people, "rooms": rooms}


def find(connection: Connection, actor: Actor, key: str, now: int) -> Download:
    """One's own download, until its end. Raises ``NotFound``."""
    reading.require_reader(connection, actor)
    d = log_downloads.c
    row = connection.execute(select(log_downloads).where(d.key == key)).first()
    if row is None or row.account_id != actor.account_id or row.until <= now:
        raise NotFound()
    plan = msgspec.json.decode(row.wanted, type=Plan)
    return Download(row.id, row.key, row.account_id, row.at, row.until, row.reason, plan)


def require_whole(connection: Connection, download: Download) -> None:
    """What has expired since it was wished for would be missing without a word. Raises ``NotFound``."""
    plan = download.plan
    gone = reading.expired_since(connection, plan.first_n, plan.last_n, download.at)
    if gone & frozenset(plan.numbers) or (gone and not plan.numbers):
        raise NotFound("log_segment_gone")


def note_carried(tx: Transaction, download: Download, by: str, files: Sequence[NamedFile]) -> None:
    """The bytes of these files are in a ZIP that is being sent: each of them is read."""
    told = [{"id": each.id, "name": each.name, "sha256": each.sha256} for each in files]
    more = {"download": download.key, "reason": download.reason, "carried": told}
    logbook.note(tx, "file_read", download.account or None, name=by, **more)


# ---------------------------------------------------------------- what it holds


class Sending:
    """The downloads that a process sends now, and the sizes that it has found out."""

    def __init__(self) -> None:
        self._under_way = 0
        self._sizes: dict[str, int] = {}
        self._counting: dict[str, asyncio.Lock] = {}

    def begin(self) -> None:
        if self._under_way >= AT_ONCE:
            raise TooMany()
        self._under_way += 1

    def end(self) -> None:
        self._under_way -= 1

    async def size(self, download: Download, count: Callable[[], Awaitable[int]]) -> int:
        """How many bytes it has in all; of what is made on the way, they are counted once, by one at a time."""
        plan = download.plan
        if plan.whole and plan.form == "jsonl":
            return plan.size
        async with self._counting.setdefault(download.key, asyncio.Lock()):
            if download.key not in self._sizes:
                if len(self._sizes) >= SIZES_KEPT:
                    self._sizes.clear()
                    self._counting.clear()
                self._sizes[download.key] = await count()
            return self._sizes[download.key]


async def content(services: Services, plan: Plan, start: int = 0) -> AsyncGenerator[bytes, None]:
    """The download's bytes from ``start`` on: JSONL or CSV. The same each time."""
    skip = start
    async with aclosing(_csv(services, plan) if plan.form == "csv" else _jsonl(services, plan)) as pieces:
        async for piece in pieces:
            # Also where it is empty: whoever sends asks meanwhile whether he still may.
            yield piece[skip:] if skip else piece
            skip = max(0, skip - len(piece))


async def _jsonl(services: Services, plan: Plan) -> AsyncGenerator[bytes, None]:
    """Lines as they are stored; of a line that is left out, its number and its hash."""
    chosen = await choosing(services, plan)
    n = plan.first_n - 1
    async for segment, lines in segments(services, plan, chosen):
        if plan.whole:
            yield b"".join(lines)
            continue
        if n_of(lines[0]) > n + 1:
            yield run(n + 1, segment.first_n - 1, segment.prev_hash)
        yield await beside(chosen.carried, lines)
        n = n_of(lines[-1])


async def _csv(services: Services, plan: Plan) -> AsyncGenerator[bytes, None]:
    t, local = translator(plan.language), zone(plan.zone)
    yield csv.head(t).encode()
    chosen = await choosing(services, plan)
    async for _, lines in segments(services, plan, chosen):
        yield await beside(_rows, chosen, lines, t, local)


def _rows(chosen: Choice, lines: list[bytes], t: Translate, local: tzinfo) -> bytes:
    return csv.rows(chosen.kept(lines), t, local).encode()


class Choice:
    """Which lines are wanted; asked of all of them in their order."""

    def __init__(self, chosen: Filter, membership: Membership, numbers: frozenset[int] | None) -> None:
        self.filter, self.membership = chosen, membership
        self.numbers = numbers
        """The segments in which something may be wanted; None: any."""

    def takes(self, head: Head) -> bool:
        return wanted(head, self.filter, self.membership)

    def kept(self, lines: list[bytes]) -> list[Line]:
        """Those that are wanted, read."""
        return [line_of(head) for head in map(head_of, lines) if self.takes(head)]

    def carried(self, lines: list[bytes]) -> bytes:
        """All of them, those that are not wanted by number and hash alone."""
        return b"".join([line if self.takes(head_of(line)) else stub(line) for line in lines])


def stub(line: bytes) -> bytes:
    """What stands for a line that is left out."""
    return b'{"n":%d,"hash":"%b"}\n' % (n_of(line), hash_of(line).encode())


def run(first_n: int, last_n: int, hash: str) -> bytes:
    """What stands for a run of lines that are left out, ``hash`` being that of the last."""
    return b'{"n":%d,"to":%d,"hash":"%b"}\n' % (first_n, last_n, hash.encode())


async def beside(work: Callable[Args, Answer], *args: Args.args, **kwargs: Args.kwargs) -> Answer:
    """Compute this in a thread, and take a share of the core that leaves room for others."""
    began = time.monotonic()
    done = await asyncio.to_thread(work, *args, **kwargs)
    await asyncio.sleep(min(time.monotonic() - began, PAUSE_SECONDS))
    return done


async def choosing(services: Services, plan: Plan) -> Choice:
    """The filter, with what it needs to know of the past."""
    chosen = plan.filter
    if chosen.everything:
        return Choice(chosen, Membership(), None)
    standing: dict[int, list[Standing]] = {}
    for row in plan.standings:
        standing.setdefault(row.channel, []).append(row)
    membership, numbers = Membership(standing, since=plan.since), frozenset(plan.numbers)
    unsure = set(membership.unsure())
    left: set[tuple[int, int]] = set()
    if unsure:
        looking = Choice(chosen, membership, numbers)
        async with aclosing(segments(services, _from(plan), looking)) as passing:
            async for _, lines in passing:
                left |= await beside(_leavings, lines, unsure, plan.since)
                if not unsure:
                    break
    return Choice(chosen, Membership(standing, frozenset(left), plan.since), numbers)


def _from(plan: Plan) -> Plan:
    """Everything from its beginning on: who leaves after the period has been there in it."""
    return msgspec.structs.replace(plan, until=1 << 53)


def _leavings(lines: list[bytes], unsure: set[tuple[int, int]], since: int) -> set[tuple[int, int]]:
    found = (head_of(line) for line in lines if any(_KIND[kind] in line[:64] for kind in MEMBERSHIP))
    return first_leavings((head for head in found if head.at >= since), unsure)


_KIND = {kind: f'"kind":"{kind}"'.encode() for kind in MEMBERSHIP}


async def segments(
    services: Services, plan: Plan, chosen: Choice
) -> AsyncGenerator[tuple[Segment, list[bytes]], None]:
    """The lines between the plan's numbers, a few hundred at a time, each portion with its segment.

    Of a filter, those segments are passed over in which nothing can be wanted.
    """
    found = await services.readers.ask(reading.segments_between, plan.first_n, plan.last_n)
    for segment in found:
        if segment.state == EXPIRED or (chosen.numbers is not None and segment.number not in chosen.numbers):
            continue
        if not plan.whole and segment.first_at >= plan.until + reading.DISORDER_MS:
            return
        async with aclosing(files.whole_lines(files.stream(services, segment))) as passing:  # type: ignore[type-var]
            async for lines in passing:
                for few in _portions(_cut(lines, plan.last_n)):
                    yield segment, few


def _cut(lines: list[bytes], last_n: int) -> list[bytes]:
    """Those up to this number: a segment may have grown since."""
    over = n_of(lines[-1]) - last_n
    return lines if over <= 0 else lines[: max(0, len(lines) - over)]


def _portions(lines: list[bytes]) -> list[list[bytes]]:
    return [lines[start : start + LINES_A_STEP] for start in range(0, len(lines), LINES_A_STEP)]


def when(download: Download) -> str:
    """The moment at which it was wished for, as it is shown."""
    return csv.moment(download.at, zone(download.plan.zone))
