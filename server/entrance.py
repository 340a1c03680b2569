"""How many sockets come in at once: who is too many is told at once when there will be time for him.

After a cut everybody returns in one moment. Greeting one takes the process a few milliseconds; without a bound the
last of thousands would wait longer than any client does, give up, and come again, so that most of the work were
done for nobody. So a process begins no more greetings than it ends within a second or two. Everybody else gets a
time of his own, one after the other as fast as greetings are being ended, and costs almost nothing until then.

Whether a cookie is worth anything is known only behind the door, and one that is not costs no greeting. So what is
promised moves on only by the share of known people among those who were let in: made-up cookies push nobody away.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from server.errors import SignedOut

AT_ONCE = 200
"""Handshakes and hellos under way, above which nobody new is let in."""
GREETED_AT_ONCE = 2 * AT_ONCE
"""The same for who has been let in already and says hello: he has waited longest."""
CROWDED = 16
"""With so many under way, the time from one end to the next is what one costs."""
FIRST_GUESS = 0.005
GREETED_AT_ONCE_EACH = 4
"""Of these, how many may be one person's: nobody keeps the others out alone."""
COST = (0.001, 0.05)
"""Seconds; what is measured outside of these is something else."""
LEAST_KNOWN = 1 / 32
"""Less of those who knock are never taken for known: after a flood of strangers a crowd is spread all the same."""
LONGEST_WAIT = 60.0
JITTER_MS = 500


class TooMany(Exception):
    """Not now: come back after ``retry_ms``."""

    def __init__(self, retry_ms: int) -> None:
        self.retry_ms = retry_ms
        super().__init__(retry_ms)


class Entrance:
    """The greetings under way in one process, and the times promised to those who shall come later."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.under_way = 0
        self.turned_away = 0
        self._greeted: Counter[int] = Counter()
        self._cost = FIRST_GUESS
        # The share of known people among those who have been let in.
        self._known = 1.0
        self._ended = 0.0
        # When the next one that is turned away shall be back.
        self._free = 0.0

    @contextmanager
    def step(self) -> Iterator[None]:
        """The part of somebody's coming in before he is known. Raises ``TooMany`` when that many are at it."""
        with self._under_way(AT_ONCE, self._known):
            try:
                yield
            except SignedOut:
                self._learn(known=False)
                raise
        self._learn(known=True)

    @contextmanager
    def greeting(self, account: int) -> Iterator[None]:
        """The answer to somebody's hello; he has been let in already."""
        if self._greeted[account] >= GREETED_AT_ONCE_EACH:
            # The others' times are none of his.
            raise TooMany(self._promise(0))
        with self._under_way(GREETED_AT_ONCE, 1):
            self._greeted[account] += 1
            try:
                yield
            finally:
                self._greeted[account] -= 1
                if not self._greeted[account]:
                    del self._greeted[account]
        self._measure()

    @contextmanager
    def _under_way(self, at_most: int, weight: float) -> Iterator[None]:
        if self.under_way >= at_most:
            raise TooMany(self._promise(weight))
        self.under_way += 1
        try:
            yield
        finally:
            self.under_way -= 1

    def _learn(self, *, known: bool) -> None:
        self._known = max(self._known + (known - self._known) / 32, LEAST_KNOWN)

    def _measure(self) -> None:
        """Somebody is in: how fast does that go?"""
        before, self._ended = self._ended, self._clock()
        if self.under_way >= CROWDED:
            least, most = COST
            self._cost += (min(max(self._ended - before, least), most) - self._cost) / 32

    def _promise(self, weight: float) -> int:
        """In how many milliseconds this one shall come: after those who are under way and those promised before.

        ``weight``: how much of a greeting's time is kept free for him.
        """
        self.turned_away += 1
        now = self._clock()
        free = max(self._free, now + self.under_way * self._cost)
        if free - now > LONGEST_WAIT:
            return int(random.uniform(LONGEST_WAIT / 2, LONGEST_WAIT) * 1000)
        self._free = free + self._cost * weight
        return int((free - now) * 1000) + random.randrange(JITTER_MS)
