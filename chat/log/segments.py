"""When a segment ends and the next begins. Pure: moments and sizes come in, segments go out.

A segment holds one day at most, in the company's time zone, and so many bytes at most. The day never goes back: what
was written before midnight and comes after it stands in the segment of the new day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import tzinfo
from functools import lru_cache

from chat.log.line import GENESIS
from server.clock import from_millis

OPEN, CLOSED, STORED, EXPIRED = "open", "closed", "stored", "expired"
FOLDER = "talklog"
GRACE_MS = 5_000
"""So long after midnight a segment stays open if nobody speaks: what was said just before may still be committed."""
_QUARTER = 15 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of lines: its place, and where the chain stands before its first and after its last line."""

    number: int
    day: str
    part: int
    state: str
    first_n: int
    last_n: int
    first_at: int
    last_at: int
    bytes: int
    prev_hash: str
    last_hash: str

    @property
    def lines(self) -> int:
        return self.last_n - self.first_n + 1

    @property
    def name(self) -> str:
        return name(self.day, self.part)


@dataclass(frozen=True, slots=True)
class Rotation:
    """The rule: one day in this time zone, ``limit`` bytes."""

    zone: tzinfo
    limit: int

    def takes(self, day: str, held: int, at: int, size: int) -> bool:
        """Whether a line of so many bytes, written at that moment, belongs to a segment of this day that holds so
        many already."""
        return self.day(at) <= day and (held == 0 or held + size <= self.limit)

    def after(self, last: Segment | None, at: int) -> Segment:
        """The next segment, still without lines, for a line that is written at that moment."""
        day = self.day(at)
        if last is None:
            return Segment(1, day, 1, OPEN, 1, 0, at, at, 0, GENESIS, GENESIS)
        day = max(day, last.day)
        part = last.part + 1 if day == last.day else 1
        n = last.last_n
        return Segment(last.number + 1, day, part, OPEN, n + 1, n, at, at, 0, last.last_hash, last.last_hash)

    def is_over(self, segment: Segment, now: int) -> bool:
        """Whether its day has passed, also if nobody speaks."""
        return self.day(now - GRACE_MS) > segment.day

    def day(self, at: int) -> str:
        """The day of a moment, as 2027-04-01: compared as text, it is in the order of time."""
        return _day(self.zone, at // _QUARTER)


def name(day: str, part: int) -> str:
    """What a segment's files are called, without their ending."""
    return f"talk_{day.replace('-', '')}_{part:02d}"


def place(day: str, part: int) -> str:
    """Where they lie in the store, without their ending."""
    return f"{FOLDER}/{day[:7]}/{name(day, part)}"


# All zones change at a quarter of an hour.
@lru_cache(maxsize=4096)
def _day(zone: tzinfo, quarter: int) -> str:
    return from_millis(quarter * _QUARTER).astimezone(zone).date().isoformat()
