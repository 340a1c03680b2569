"""Closing a gap: what a topic's watchers lack is read once for all of them, and then it goes on in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import structlog

from server.live.topic import Topic
from server.module import Missing

if TYPE_CHECKING:
    from server.live.hub import Hub

log = structlog.get_logger()

GAP_PATIENCE = 0.05
"""Seconds that a later event may wait for an earlier one from another process."""
MEND_AGAIN_SECONDS = 1.0
AT_ONCE = 4
"""Gaps that are read at the same time: after a long silence there may be thousands, beside people's questions."""

Mend = Callable[[str, int], Awaitable[Missing]]


class Mender:
    """One task for each topic that has a gap, however often it tries."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._mend: Mend | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._reading = asyncio.Semaphore(AT_ONCE)

    def mend_with(self, mend: Mend) -> None:
        """How the rows are read that a topic's watchers lack."""
        self._mend = mend

    def soon(self, topic: Topic) -> None:
        """Something is missing here: after a moment's patience, read it."""
        if topic.mending or self._mend is None:
            return
        topic.mending = True
        task = asyncio.get_running_loop().create_task(self._close_gap(topic), name="gap")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _close_gap(self, topic: Topic) -> None:
        """``mending`` stays set all the while, so that there is one such task for a topic."""
        await asyncio.sleep(GAP_PATIENCE)
        try:
            while self._hub.topic(topic.key) is topic:
                self._publish_late(topic)
                if not topic.lacks():
                    return
                before = topic.rev
                await self._fill(topic)
                if topic.rev == before:
                    # Nothing gained: the database is away, or behind.
                    await asyncio.sleep(MEND_AGAIN_SECONDS)
            # Its last watcher went in the gap; somebody may come in again in what waited.
            self._publish_late(topic)
        finally:
            topic.mending = False

    def _publish_late(self, topic: Topic) -> None:
        late, topic.late = sorted(topic.late, key=lambda event: event.rev or 0), []
        self._hub.publish(late)

    async def _fill(self, topic: Topic) -> None:
        assert self._mend is not None
        try:
            async with self._reading:
                missing = await self._mend(topic.key, topic.rev or 0)
            # While nothing may be delivered it is read again later: who may hear it can change meanwhile.
            if not self._hub.muted:
                self._hub.catch_up(topic, missing)
        except Exception as problem:
            log.warning("hub.gap_stays", topic=topic.key, error=repr(problem))
