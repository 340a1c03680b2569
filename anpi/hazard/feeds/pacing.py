"""How often, and how much, another's server is asked. Rules only."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

GIBIBYTE = 1024**3
DAY_BYTES = GIBIBYTE
"""JMA blocks who takes about ten of them."""
SHORTEST_SECONDS = 2.0
LONGEST_SECONDS = 60.0
USUAL_SECONDS = 30.0
"""Where the other side does not say how long its answer is good for."""
FIRST_PAUSE_SECONDS = 5.0

_MAX_AGE = re.compile(r"(?:^|[\s,])max-age\s*=\s*\"?(\d{1,9})")


def next_look(cache_control: str, age: str, jitter: float) -> float:
    """Seconds until the answer has grown old, and one more: the new one is there then. ``jitter`` keeps all
    installations from coming in the same second."""
    found = _MAX_AGE.search(cache_control.lower())
    if found is None:
        return USUAL_SECONDS + jitter
    left = int(found[1]) - (int(age) if age.isdecimal() and len(age) < 10 else 0)
    return min(LONGEST_SECONDS, max(SHORTEST_SECONDS, left + 1.0) + jitter)


def after_trouble(times: int, jitter: float) -> float:
    """Seconds to wait after so many failures in a row."""
    return min(LONGEST_SECONDS, FIRST_PAUSE_SECONDS * float(2 ** min(times - 1, 10))) + jitter


@dataclass
class Budget:
    """So many bytes a day, and not one request more when they are used up."""

    limit: int = DAY_BYTES
    day: str = ""
    used: int = 0

    def spend(self, size: int, today: date) -> None:
        self._turn(today)
        self.used += size

    def is_left(self, today: date) -> bool:
        self._turn(today)
        return self.used < self.limit

    def half_is_left(self, today: date) -> bool:
        """For what is not urgent."""
        self._turn(today)
        return self.used < self.limit // 2

    def _turn(self, today: date) -> None:
        if self.day != today.isoformat():
            self.day, self.used = today.isoformat(), 0
