"""How little room is too little, and for what: uploads stop first, then talk, answers last.

Pure: bytes come in, a verdict goes out. ``server/data/reserve.py`` looks at the disk.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from server.errors import AppError

MEBIBYTE = 1024 * 1024


class Use(IntEnum):
    """What room is used for, in the order in which it stops."""

    NOTHING = 0
    UPLOADS = 1
    TALK = 2
    ANSWERS = 3


class DiskFull(AppError):
    """Too little room for this; what matters more goes on."""

    status = 507
    code = "disk_full"


@dataclass(frozen=True)
class Limits:
    """Bytes: ``reserve`` is what uploads never touch, ``ballast`` a file that can be given up."""

    reserve: int
    ballast: int

    def room(self, free: int, held: int) -> int:
        """The free bytes without the ballast: it counts as used, whether it lies there or has been given up.

        What it gave back would else be taken by talk, and be gone when an answer needs it.
        """
        return max(0, free - (self.ballast - held))

    def stopped(self, room: int) -> Use:
        """The last use that stops with so much room; all before it stop too. Answers never do."""
        if room < self.reserve // 4:
            return Use.TALK
        return Use.UPLOADS if room < self.reserve else Use.NOTHING

    def has_plenty(self, room: int) -> bool:
        """Whether the ballast may be made: well above where talk stops, so that it does not come and go.

        Without a reserve so much besides it: else it would come back out of what it has just given.
        """
        return room >= max(self.reserve // 2, self.ballast, 1)
