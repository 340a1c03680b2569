"""The one that numbers the log: whoever holds the lease, woken when entries are written.

Each step is a transaction of the bulk lane: the rows get their numbers and hashes there, and the lines are appended
to the file afterwards. What costs time, reading and hashing, happens outside of it. Storing closed segments and
sending heads goes on beside it: a store that does not answer does not stop the numbering.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from contextlib import suppress
from datetime import timedelta

import structlog

from chat.log import archiving, closing, heads, leftovers, queries, recovery, state, writing
from chat.log.files import OpenFile
from chat.log.segments import OPEN, Segment
from chat.logbook import QUEUE
from server.clock import to_millis
from server.errors import AppError
from server.services import Services
from server.work.leases import Holder, Lease, LeaseLost

LEASE = "talk log"
ENTRIES_A_STEP = 500
"""The update of so many rows takes about 5 ms of the writer's time."""
LOOK_SECONDS = 0.5
PAUSE_SECONDS = 0.1
"""Between two steps while little comes: a commit for every message would be one for nobody."""
AFTER_TROUBLE_SECONDS = 2.0
STORE_SECONDS = 30.0
VERIFIED_AFTER = timedelta(days=30)

log = structlog.get_logger()


async def follow(services: Services) -> None:
    """Until the process drains."""
    await Follower(services).run()


class Follower:
    """Numbers while it holds the lease. What it remembers of the log is what it has written itself."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._state = state.of(services)
        self._holder = Holder(services, LEASE)
        self._lease: Lease | None = None
        self._segment: Segment | None = None
        self._file: OpenFile | None = None
        self._stored = asyncio.Event()

    async def run(self) -> None:
        beside = [
            asyncio.create_task(self._holder.keep(), name="talk log's lease"),
            asyncio.create_task(self._store(), name="talk log's store"),
        ]
        try:
            while not self._services.draining:
                if not await self._safely_turn():
                    await self._services.wakeups.sleep(QUEUE, LOOK_SECONDS)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            self._let_go()

    async def turn(self, lease: Lease) -> bool:
        """One step; whether there is more to do at once."""
        if self._lease is None or lease.number != self._lease.number:
            await self._take_over(lease)
        segment = self._segment
        step = await self._services.readers.ask(queries.next_step, segment, self._state.rotation, ENTRIES_A_STEP)
        if step is None:
            return await self._close_if_over(lease)
        if step.rows:
            await self._services.writer.alone(writing.give_numbers, lease, segment, step)
            self._segment = step.segment
            self._state.numbered += len(step.rows)
            await self._append(step.segment, step.lines, fresh=step.fresh)
        if step.full:
            await self._close(lease)
        return step.full or len(step.rows) == ENTRIES_A_STEP

    async def _safely_turn(self) -> bool:
        lease = self._holder.lease
        self._state.follows = lease is not None
        if lease is None:
            self._let_go()
            await asyncio.sleep(PAUSE_SECONDS)
            return True
        try:
            more = await self.turn(lease)
            self._state.problem = ""
            if not more:
                await asyncio.sleep(PAUSE_SECONDS)
            return more
        except LeaseLost:
            self._let_go()
        except Exception as problem:
            # The log must go on when the database, the disk or a bug lets it: nobody else would.
            self._state.problem = type(problem).__name__
            unexpected = not isinstance(problem, AppError | OSError)
            log.error("talklog.stopped", error=str(problem), exc_info=problem if unexpected else None)
            self._let_go()
            await asyncio.sleep(AFTER_TROUBLE_SECONDS)
        return False

    async def _take_over(self, lease: Lease) -> None:
        self._let_go()
        self._segment = await self._services.readers.ask(queries.last_segment)
        if self._segment is not None and self._segment.state == OPEN:
            self._file = await recovery.recovered(self._services, self._segment)
        self._lease = lease
        self._stored.set()

    def _let_go(self) -> None:
        file, self._file, self._lease, self._segment = self._file, None, None, None
        if file is not None:
            with suppress(OSError):
                file.close()

    async def _append(self, segment: Segment, lines: list[bytes], *, fresh: bool) -> None:
        if fresh or self._file is None:
            self._file = await recovery.recovered(self._services, segment)
        else:
            await asyncio.to_thread(self._file.append, lines)

    async def _close_if_over(self, lease: Lease) -> bool:
        segment, now = self._segment, to_millis(self._services.clock())
        if segment is None or segment.state != OPEN or not self._state.rotation.is_over(segment, now):
            return False
        await self._close(lease)
        return True

    async def _close(self, lease: Lease) -> None:
        assert self._segment is not None
        file, self._file = self._file, None
        if file is None:
            file = await recovery.recovered(self._services, self._segment)
        await closing.close(self._services, lease, self._segment, file)
        self._segment = await self._services.readers.ask(queries.last_segment)
        self._stored.set()

    def _verified_before(self) -> int:
        return to_millis(self._services.clock() - VERIFIED_AFTER)

    async def _store(self) -> None:
        """Beside the numbering: closed segments into the store, heads on their way, old copies looked at again."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(STORE_SECONDS):
                    await self._stored.wait()
            self._stored.clear()
            await _safely(leftovers.tidy(self._services))
            lease = self._holder.lease
            if lease is None:
                continue
            # Each by itself, and heads first: they are wanted most while the store does not answer.
            await _safely(heads.send_waiting(self._services))
            await _safely(archiving.publish_keys(self._services))
            await _safely(archiving.archive_all(self._services, lease))
            await _safely(archiving.verify_oldest(self._services, lease, self._verified_before()))


async def _safely(work: Awaitable[object]) -> None:
    try:
        await work
    except (AppError, OSError) as problem:
        log.warning("talklog.not_stored", error=repr(problem))
    except Exception as problem:
        log.error("talklog.not_stored", error=repr(problem), exc_info=problem)
