"""How fast one writes to whom: so many a second to each carrier, others as fast as they take it. Pure: time is
given."""

from __future__ import annotations

from collections.abc import Collection, Iterable

PROBE = 4


class Paces:
    """What may go out in each lane at a moment. A lane without a pace has no limit."""

    def __init__(self, paces: dict[str, float], others: Iterable[str]) -> None:
        self._paces = {lane: pace for lane, pace in paces.items() if pace > 0}
        self._others = [*others, *(lane for lane, pace in paces.items() if pace <= 0)]
        self._left = dict(self._paces)
        self._at: float | None = None

    def shares(self, free: int, now: float, waiting: Collection[str] = ()) -> dict[str, int]:
        """How ``free`` places are given to the lanes: to the paced ones what their pace allows, an equal part at
        most, so that none of them keeps the others waiting; to those without a pace all that is left. A paced lane in
        which nothing was ``waiting`` when last looked gets a few places, to find out."""
        self._fill(now)
        part = max(1, free // (len(self._paces) + 1))
        shares: dict[str, int] = {}
        for lane in sorted(self._paces):
            shares[lane] = min(int(self._left[lane]), part if lane in waiting else PROBE, free)
            free -= shares[lane]
        for n, lane in enumerate(self._others):
            shares[lane] = free // (len(self._others) - n)
            free -= shares[lane]
        return shares

    def spent(self, lane: str, number: int) -> None:
        """So many of the lane have been taken."""
        if lane in self._left:
            self._left[lane] -= number

    def _fill(self, now: float) -> None:
        """A second's worth at most is saved up."""
        passed = 0.0 if self._at is None else max(0.0, now - self._at)
        self._at = now
        for lane, pace in self._paces.items():
            self._left[lane] = min(max(pace, 1.0), self._left[lane] + pace * passed)
