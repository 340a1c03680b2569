"""Which push services are left alone for a while: whoever does not answer a few times in a row rests, so that people
with another one do not wait for it. Pure: time is given.
"""

from __future__ import annotations

MISSES = 3
REST_SECONDS = 60.0


class Rests:
    """What each host has let us wait for."""

    def __init__(self) -> None:
        self._missed: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def resting(self, host: str, now: float) -> bool:
        """Whether nobody is to be asked there now."""
        return now < self._until.get(host, now)

    def answered(self, host: str) -> None:
        """It has said something, if only no."""
        self._missed.pop(host, None)
        self._until.pop(host, None)

    def missed(self, host: str, now: float) -> None:
        """It could not be reached, or did not answer in time. After a rest one more miss is enough."""
        self._missed[host] = self._missed.get(host, 0) + 1
        if self._missed[host] >= MISSES:
            self._until[host] = now + REST_SECONDS
