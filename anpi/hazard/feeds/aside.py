"""What could not be written when it came: nobody says it again, so it is tried until it starts nothing any more."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Generic, TypeVar

from server.clock import Clock

AGAIN_SECONDS = 5.0
OLDEST = timedelta(minutes=30)
LIMIT = 100
Said = TypeVar("Said")


class Aside(Generic[Said]):
    """Messages of a source that wait for the database; the oldest go when there are too many."""

    def __init__(self, clock: Clock, take: Callable[[Said], Awaitable[bool]]) -> None:
        self._clock = clock
        self._take = take
        self._kept: deque[tuple[Said, float]] = deque(maxlen=LIMIT)

    async def take(self, said: Said) -> None:
        """Take it in, or keep it for later."""
        await self._try(said, self._clock().timestamp())

    async def keep_trying(self, pause: Callable[[float], Awaitable[None]]) -> None:
        """Until it is cancelled."""
        while True:
            await pause(AGAIN_SECONDS)
            await self.again()

    async def again(self) -> None:
        """Each that waits once more, as long as it is worth it."""
        for _ in range(len(self._kept)):
            said, since = self._kept.popleft()
            if self._clock().timestamp() - since <= OLDEST.total_seconds():
                await self._try(said, since)

    async def _try(self, said: Said, since: float) -> None:
        if not await self._take(said):
            self._kept.append((said, since))
