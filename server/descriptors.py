"""How many files and sockets this process may still open, known at each request without asking the kernel.

The kernel is asked every few seconds by the probe; in between the server's own connections are counted, which are
what comes and goes.
"""

from __future__ import annotations

import os
import resource
from collections.abc import Sized
from contextlib import suppress

from server.errors import AppError

LEFT = 200
"""Kept for what goes on: the database, commands, the operator's questions."""

SCARCE = 50
"""So few that lines on which nobody has asked anything yet are cut."""


class Crowded(AppError):
    """So many are here that nobody new is let in; ``retry_ms`` says when to knock again."""

    status = 503
    code = "crowded"


class Descriptors:
    """The open files of this process."""

    def __init__(self) -> None:
        self.limit = 0
        self._connections: Sized = ()
        self._others = 0

    def count(self, connections: Sized) -> None:
        """Where the server keeps its open connections."""
        self._connections = connections

    def look(self) -> None:
        """Ask the kernel for the limit, and for what is open besides connections."""
        self.limit = max(0, resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        self._others = max(0, _open_now() - len(self._connections))

    @property
    def used(self) -> int:
        return self._others + len(self._connections)

    @property
    def crowded(self) -> bool:
        """Whether too few are left for anybody new: 200, or a fifth of a small limit."""
        return self.limit > 0 and self.limit - self.used < min(LEFT, self.limit // 5)

    @property
    def scarce(self) -> bool:
        """Whether hardly any are left: 50, or a sixth of a small limit."""
        return self.limit > 0 and self.limit - self.used < min(SCARCE, self.limit // 6)


def _open_now() -> int:
    with suppress(OSError):
        # Linux since 6.2 counts them by itself.
        return os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd"))
    with suppress(OSError):
        return len(os.listdir("/dev/fd"))
    return 0
