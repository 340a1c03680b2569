"""A token bucket: so many a second, and so many at once."""

from __future__ import annotations


class Bucket:
    """Pure: the moment is an argument, in seconds of a clock that no one sets."""

    __slots__ = ("burst", "level", "rate", "since")

    def __init__(self, rate: float, burst: float) -> None:
        self.rate = rate
        self.burst = burst
        self.level = burst
        self.since = 0.0

    def take(self, now: float) -> float:
        """Take one. 0.0 when there was one, else the seconds until there will be."""
        self.level = min(self.burst, self.level + (now - self.since) * self.rate)
        self.since = now
        if self.level < 1:
            return (1 - self.level) / self.rate
        self.level -= 1
        return 0.0
