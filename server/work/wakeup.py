"""Telling a sleeping worker that there is work, without asking the database each moment."""

from __future__ import annotations

import asyncio


class Wakeups:
    """One event a queue. A wake-up that nobody heard is no loss: workers look by themselves now and then."""

    def __init__(self) -> None:
        self._events: dict[str, asyncio.Event] = {}

    def wake(self, queue: str) -> None:
        self._event(queue).set()

    def wake_all(self) -> None:
        """The process is going: whoever sleeps looks what is to be done."""
        for event in self._events.values():
            event.set()

    async def sleep(self, queue: str, seconds: float) -> None:
        """Until somebody wakes the queue, at most so long."""
        event = self._event(queue)
        try:
            async with asyncio.timeout(seconds):
                await event.wait()
        except TimeoutError:
            return
        event.clear()

    def _event(self, queue: str) -> asyncio.Event:
        return self._events.setdefault(queue, asyncio.Event())
