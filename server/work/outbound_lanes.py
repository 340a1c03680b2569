"""So many at once for each host: who waits for a slow one holds up nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Lanes:
    """A lane a name, ``width`` broad. One that nobody is in or waits for is forgotten."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._lanes: dict[str, _Lane] = {}

    @property
    def names(self) -> tuple[str, ...]:
        """Whose lanes are in use."""
        return tuple(self._lanes)

    async def enter(self, name: str) -> None:
        """Wait for room, in the order of arrival; how long is the caller's to say. ``leave`` once afterwards."""
        lane = self._lanes.setdefault(name, _Lane(self._width))
        lane.users += 1
        try:
            await lane.room.acquire()
        except BaseException:
            self._forget(name)
            raise

    def leave(self, name: str) -> None:
        self._lanes[name].room.release()
        self._forget(name)

    @asynccontextmanager
    async def turn(self, name: str) -> AsyncIterator[None]:
        await self.enter(name)
        try:
            yield
        finally:
            self.leave(name)

    def _forget(self, name: str) -> None:
        lane = self._lanes[name]
        lane.users -= 1
        if not lane.users:
            del self._lanes[name]


class _Lane:
    def __init__(self, width: int) -> None:
        self.room = asyncio.Semaphore(width)
        self.users = 0
        """Who is in it, and who waits."""
