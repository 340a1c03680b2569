"""The data folder has one owner: whoever holds ``var/lock``.

SQLite is written by one process alone; a second one would not wait but spoil. With PostgreSQL nobody needs
it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class FolderInUse(Exception):
    """Another process owns this folder."""


@contextmanager
def owned(var: Path) -> Iterator[None]:
    """Own the folder; it is made when it is missing. Raises ``FolderInUse`` at once instead of waiting.

    The lock is the kernel's: it ends with the process, however that ends.
    """
    var.mkdir(mode=0o700, parents=True, exist_ok=True)
    lock = os.open(var / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise FolderInUse(f"{var} is in use by another process of Renraku.") from None
        yield
    finally:
        os.close(lock)
