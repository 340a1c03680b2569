"""What is counted while it happens: plain numbers, so that counting costs next to nothing. ``server/metrics.py``
reads them when somebody asks.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections import Counter
from collections.abc import Sequence

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Bounds for things that should take milliseconds."""
SIZES = (1, 2, 4, 8, 16, 32, 64, 128, 256)

LAG_EVERY = 0.25
LAG_WINDOW = 15.0


class Histogram:
    """How often a value was at most each bound, and the sum of all."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float] = SECONDS) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.sum = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.sum += value

    @property
    def count(self) -> int:
        return sum(self.counts)


class Meter:
    """The counters of one process that no other object keeps."""

    def __init__(self) -> None:
        self.sockets_opened = 0
        self.sockets_closed: Counter[int] = Counter()
        # By the command's type, and by its type and the refusal's code.
        self.commands_done: Counter[type] = Counter()
        self.commands_refused: Counter[tuple[type, str]] = Counter()
        # Files by what became of them, their bytes by the way they went, and the uploads that are under way.
        self.files: Counter[str] = Counter()
        self.file_bytes: Counter[str] = Counter()
        self.uploads_open = 0
        # By the route's template, and by it and the status' first digit.
        self.requests: dict[str, Histogram] = {}
        self.answers: Counter[tuple[str, int]] = Counter()

    def request(self, route: str, status: int, seconds: float) -> None:
        """A request has been answered."""
        taken = self.requests.get(route)
        if taken is None:
            taken = self.requests[route] = Histogram()
        taken.observe(seconds)
        self.answers[route, status // 100] += 1


class LoopLag:
    """How late the loop comes to what is due: the worst of the last 15 to 30 seconds."""

    def __init__(self) -> None:
        self._before = self._now = 0.0

    @property
    def worst(self) -> float:
        return max(self._before, self._now)

    async def run(self) -> None:
        """For ever; cancel it to end it."""
        loop = asyncio.get_running_loop()
        while True:
            ends = loop.time() + LAG_WINDOW
            while (asked := loop.time()) < ends:
                await asyncio.sleep(LAG_EVERY)
                self._now = max(self._now, loop.time() - asked - LAG_EVERY)
            self._before, self._now = self._now, 0.0
