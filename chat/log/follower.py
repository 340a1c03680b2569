"""The one that numbers the log: whoever holds the lease, woken when entries are written.

Each step is a transaction of the bulk lane: the rows get their numbers and hashes there, and the lines are appended
to the file afterwards, while the next step is read. What costs time, reading and hashing, happens outside of it.
Storing closed segments and sending heads goes on beside it: a store that does not answer does not stop the numbering,
and while entries wait, closed segments wait for them.
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
ENTRIES_A_STEP = 2000
ENTRIES_A_SHARED_STEP = 1000
"""On SQLite and on PostgreSQL: so many rows take about 10 ms of the writer's time."""
LOOK_SECONDS = 0.5
PAUSE_SECONDS = 0.1
"""Between two steps while little comes: a commit for every message would be one for nobody."""
AFTER_TROUBLE_SECONDS = 2.0
STORE_SECONDS = 30.0
BEHIND_SECONDS = 15.0
"""So long closed segments wait for the numbering: to be stored, a segment's lines are hashed three times."""
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
        self._entries = ENTRIES_A_STEP if services.settings.embedded else ENTRIES_A_SHARED_STEP
        self._holder = Holder(services, LEASE)
        self._lease: Lease | None = None
        self._segment: Segment | None = None
        self._file: OpenFile | None = None
        self._appending: asyncio.Future[None] | None = None
        self._closing: asyncio.Future[None] | None = None
        self._stored = asyncio.Event()
        self._caught_up = asyncio.Event()

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
        """One step; whether there is more to do at once. If not, the file has all lines."""
        if self._lease is None or lease.number != self._lease.number:
            await self._take_over(lease)
        segment = self._segment
        step = await self._services.readers.ask(queries.next_step, segment, self._state.rotation, self._entries)
        if step is None:
            await self._appended()
            return await self._close_if_over(lease)
        if step.rows:
            await self._services.writer.alone(writing.give_numbers, lease, segment, step)
            self._segment = step.segment
            self._state.numbered += len(step.rows)
            await self._append(step.segment, step.lines, fresh=step.fresh)
        if step.full:
            await self._close(lease)
        if step.full or len(step.rows) == self._entries:
            return True
        await self._appended()
        return False

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
            if more:
                self._caught_up.clear()
            else:
                self._caught_up.set()
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
        if self._closing is not None:
            # It is opened anew when nobody writes into it any more.
            await self._closing
        self._segment = await self._services.readers.ask(queries.last_segment)
        if self._segment is not None and self._segment.state == OPEN:
            self._file = await recovery.recovered(self._services, self._segment)
        self._lease = lease
        self._stored.set()

    def _let_go(self) -> None:
        file, self._file, self._lease, self._segment = self._file, None, None, None
        appending, self._appending = self._appending, None
        if appending is not None:
            # What has become of it is seen in the file by whoever takes over.
            appending.add_done_callback(_not_asked)
        if file is not None:
            # Behind what is still being appended: a disk that does not answer must not hold up the loop.
            self._closing = asyncio.get_running_loop().run_in_executor(None, _quietly_closed, file)

    async def _append(self, segment: Segment, lines: list[bytes], *, fresh: bool) -> None:
        """Begin to append the lines, when those before them are on the disk."""
        await self._appended()
        if fresh or self._file is None:
            self._file = await recovery.recovered(self._services, segment)
        else:
            self._appending = asyncio.ensure_future(asyncio.to_thread(self._file.append, lines))

    async def _appended(self) -> None:
        """All lines that were numbered are in the file, and on the disk."""
        appending, self._appending = self._appending, None
        if appending is not None:
            await appending

    async def _close_if_over(self, lease: Lease) -> bool:
        segment, now = self._segment, to_millis(self._services.clock())
        if segment is None or segment.state != OPEN or not self._state.rotation.is_over(segment, now):
            return False
        await self._close(lease)
        return True

    async def _close(self, lease: Lease) -> None:
        assert self._segment is not None
        await self._appended()
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
            with suppress(TimeoutError):
                async with asyncio.timeout(BEHIND_SECONDS):
                    await self._caught_up.wait()
            await _safely(archiving.archive_all(self._services, lease))
            await _safely(archiving.verify_oldest(self._services, lease, self._verified_before()))


def _quietly_closed(file: OpenFile) -> None:
    with suppress(OSError):
        file.close()


def _not_asked(appending: asyncio.Future[None]) -> None:
    if not appending.cancelled():
        appending.exception()


async def _safely(work: Awaitable[object]) -> None:
    try:
        await work
    except (AppError, OSError) as problem:
        log.warning("talklog.not_stored", error=repr(problem))
    except Exception as problem:
        log.error("talklog.not_stored", error=repr(problem), exc_info=problem)
