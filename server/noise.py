"""Random bytes in stock.

Whenever the system is asked for some, Python's lock is given away; beside a thread that writes, the loop waits up to
a switch interval to get it back. Asked once for many, it hardly ever does.
"""

from __future__ import annotations

import os

STOCK = 4096


class Noise:
    """As good as ``os.urandom``, for one thread."""

    __slots__ = ("_at", "_stock")

    def __init__(self) -> None:
        self._stock = b""
        self._at = 0

    def take(self, count: int) -> bytes:
        """So many bytes that nobody has been given before; at most ``STOCK``."""
        if self._at + count > len(self._stock):
            self._stock, self._at = os.urandom(STOCK), 0
        self._at += count
        return self._stock[self._at - count : self._at]
