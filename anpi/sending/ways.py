"""Which of the relays carries the mails now: three failures in a row, or half a minute without a success, and the
other one does. Pure: time is given.
"""

from __future__ import annotations

FAILURES = 3
SILENCE_SECONDS = 30.0


class Ways:
    """``count`` relays, one of which is the current one. What is heard of another is not counted."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._failures = 0
        self._quiet_since: float | None = None
        self.current = 0
        self.changes = 0

    @property
    def troubled(self) -> bool:
        """Whether the last that was heard of the current one is a failure."""
        return self._failures > 0

    def succeeded(self, way: int, now: float) -> None:
        """It has taken a mail."""
        if way == self.current:
            self._failures, self._quiet_since = 0, now

    def answered(self, way: int) -> None:
        """It has said something about a mail, if only no: it can be reached."""
        if way == self.current:
            self._failures = 0

    def failed(self, way: int, now: float) -> None:
        """It could not be reached, or broke off."""
        if way == self.current:
            self._failures += 1
            self._look(now)

    def busy(self, now: float) -> None:
        """Mails are under way at this moment; said now and then while it is so."""
        if self._quiet_since is None:
            self._quiet_since = now
        self._look(now)

    def idle(self) -> None:
        """Nothing is under way: silence means nothing."""
        self._quiet_since = None

    def _look(self, now: float) -> None:
        silent = self._quiet_since is not None and now - self._quiet_since >= SILENCE_SECONDS
        if self._count > 1 and (self._failures >= FAILURES or silent):
            self.current = (self.current + 1) % self._count
            self.changes += 1
            self._failures, self._quiet_since = 0, now
