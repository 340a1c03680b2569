"""What many ask for at once, kept by the ``rev`` as of which it was read: after a great change every open directory
asks for the same departments and the same first page.

Kept are the rows themselves, with everything in them: what somebody may see of them is decided at each answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import TypeVar

KEPT_AT_MOST = 64

Read = TypeVar("Read")


class Pages:
    """One process' memory of the newest ``rev``. Readers' threads share it."""

    def __init__(self) -> None:
        self._rev = -1
        self._kept: OrderedDict[Hashable, object] = OrderedDict()
        self._lock = Lock()
        self.hits = 0

    def get(self, rev: int, key: Hashable, read: Callable[[], Read]) -> Read:
        """What ``key`` was at ``rev``: as kept, or as ``read`` finds it in the transaction that saw this ``rev``."""
        with self._lock:
            if rev > self._rev:
                self._rev = rev
                self._kept.clear()
            if rev == self._rev and key in self._kept:
                self._kept.move_to_end(key)
                self.hits += 1
                return self._kept[key]  # type: ignore[return-value]
        found = read()
        self._keep(rev, key, found)
        return found

    def _keep(self, rev: int, key: Hashable, found: object) -> None:
        with self._lock:
            if rev == self._rev:
                self._kept[key] = found
                while len(self._kept) > KEPT_AT_MOST:
                    self._kept.popitem(last=False)
