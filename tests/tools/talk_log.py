"""The talk log in a test: its follower while a block runs, entries made by hand, and what is there at rest."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, func, select

from chat.log import files, queries
from chat.log.follower import Follower
from chat.log.line import GENESIS, Entry
from chat.log.manifests import Summary
from chat.log.segments import CLOSED, EXPIRED, OPEN, Segment
from chat.log.tables import log_segments
from chat.tables import log_entries
from server.clock import system_clock, to_millis
from server.services import Services


def entry(at: datetime, id: int = 1, text: str = "こんにちは", channel: int = 3, **more: Any) -> Entry:
    """Something that was sent at that moment."""
    body = msgspec.json.encode({"name": "佐藤", "text": text, **more}).decode()
    return Entry(id, to_millis(at), "sent", channel, id, id, 2, body)


class Moved:
    """The time as it is, and what a test has added to it."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.by

    def to(self, moment: datetime) -> None:
        """It is this moment now."""
        self.by = moment - system_clock()


@contextlib.asynccontextmanager
async def following(*processes: Services) -> AsyncIterator[None]:
    """The log is followed in each of these processes while the block runs."""
    tasks = [asyncio.create_task(Follower(services).run(), name="follower") for services in processes]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def numbered(services: Services, *, wait_for_file: bool = True) -> None:
    """Until every entry has its number and its line is in the file; the test's own limit ends it."""
    while await services.readers.ask(queries.lag):
        await asyncio.sleep(0.01)
    while wait_for_file and (segment := await services.readers.ask(queries.open_segment)) is not None:
        path = files.path_of(services, segment)
        if path.exists() and path.stat().st_size == segment.bytes:
            return
        await asyncio.sleep(0.01)


async def in_state(services: Services, state: str, number: int) -> None:
    """Until this segment has come so far."""
    while (found := await services.readers.ask(queries.segment, number)) is None or found.state != state:
        await asyncio.sleep(0.01)


async def rows_gone(services: Services) -> None:
    """Until no row is left whose line is in the store."""
    while await services.readers.ask(queries.rows_to_go):
        await asyncio.sleep(0.01)


async def at_rest(services: Services) -> None:
    """Until everything has its number, every closed segment is stored, and their rows are gone."""
    await numbered(services)
    while any(segment.state == CLOSED for segment in await all_segments(services)):
        await asyncio.sleep(0.01)
    await rows_gone(services)


async def all_segments(services: Services) -> list[Segment]:
    return await services.readers.ask(_all_segments)


def _all_segments(connection: Connection) -> list[Segment]:
    numbers = connection.execute(select(log_segments.c.number).order_by(log_segments.c.number)).scalars()
    return [found for number in numbers if (found := queries.segment(connection, number)) is not None]


async def whole_log(services: Services) -> list[bytes]:
    """Every line of the log, from wherever it lies, with the chain checked from the first to the last."""
    lines: list[bytes] = []
    chain = Summary(GENESIS, 1)
    for segment in await all_segments(services):
        assert (chain.last_hash, chain.last_n + 1) == (segment.prev_hash, segment.first_n)
        if segment.state == EXPIRED:
            chain = Summary(segment.last_hash, segment.last_n + 1)
            continue
        async for some in files.whole_lines(files.stream(services, segment)):
            chain.check(some)
            lines += some
    return lines


async def told(services: Services) -> list[dict[str, Any]]:
    """Every line of the log, read."""
    return [msgspec.json.decode(line) for line in await whole_log(services)]


def is_at_rest(connection: Connection) -> bool:
    """One open segment at most, and it is the last; numbers without a gap."""
    states = list(connection.execute(select(log_segments.c.state).order_by(log_segments.c.number)).scalars())
    first, last, count = connection.execute(
        select(func.min(log_entries.c.n), func.max(log_entries.c.n), func.count(log_entries.c.n))
    ).one()
    return OPEN not in states[:-1] and (count == 0 or last - first + 1 == count)
