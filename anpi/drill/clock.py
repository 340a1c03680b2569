"""The time of a drill: it may go faster than the wall's, and it waits for whatever should have happened by now.

So a slow machine makes a drill longer, and its curve no flatter.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta

LOOK_SECONDS = (0.002, 0.1)
"""At least and at most between two looks: it may stand still."""


class DrillClock:
    """Begins at ``start``, as fast as the wall's. Threads may ask it."""

    def __init__(self, start: datetime, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._lock = threading.Lock()
        self._now, self._at = start, steady()
        self._rate = 1.0
        self._not_beyond: datetime | None = None

    def __call__(self) -> datetime:
        with self._lock:
            return self._moved()

    def run(self, rate: float) -> None:
        """Go so many times as fast as the wall's, from now on."""
        with self._lock:
            self._moved()
            self._rate = rate

    def hold(self, not_beyond: datetime | None) -> None:
        """Stand still at this moment, until another is named; None: go on freely. It never goes back."""
        with self._lock:
            self._moved()
            self._not_beyond = not_beyond

    async def until(self, moment: datetime) -> None:
        """Wait for this moment."""
        while (left := (moment - self()).total_seconds()) > 0:
            least, most = LOOK_SECONDS
            await asyncio.sleep(min(max(left / self._rate, least), most))

    def _moved(self) -> datetime:
        at = self._steady()
        now = self._now + timedelta(seconds=(at - self._at) * self._rate)
        if self._not_beyond is not None:
            now = max(min(now, self._not_beyond), self._now)
        self._now, self._at = now, at
        return now
