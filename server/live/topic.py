"""One live topic in one process: who watches it, and how far its events have been delivered."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from server.data.transaction import Event

if TYPE_CHECKING:
    from server.live.connection import Connection


class Topic:
    """``watchers`` maps each connection to the function that takes its bytes: fan-out is one loop over them."""

    __slots__ = ("born", "head", "kept", "key", "late", "mending", "rev", "viewers", "watchers")

    def __init__(self, key: str, kept: bool = False) -> None:
        self.key = key
        # Its events have no rev, so nobody could fetch one that was not given to him.
        self.kept = kept
        self.rev: int | None = None
        # The rev that the first watcher, or the first event, brought:
        # what was announced later, and is older, has moved nobody here yet.
        self.born = -1
        self.watchers: dict[Connection, Callable[[bytes], None]] = {}
        # The watchers who have it open on their screen.
        self.viewers: set[Connection] = set()
        self.late: list[Event] = []
        # The newest rev that the database was seen to have.
        self.head = 0
        self.mending = False

    def takes(self, rev: int) -> bool:
        """Whether an event with this ``rev`` is the next one; then it counts as delivered.

        Before the first event any is: watchers read the head after they began to watch.
        """
        if self.rev is None:
            # What comes later and is older has moved nobody here either.
            self.born = rev - 1
        elif rev != self.rev + 1:
            return False
        self.rev = rev
        return True

    def lacks(self) -> bool:
        """Whether something is known to be there that has not been delivered."""
        return bool(self.late) or (self.rev is not None and self.rev < self.head)

    def write(self, frames: list[bytes]) -> None:
        """Give the frames to every watcher, joined: one write each."""
        data = frames[0] if len(frames) == 1 else b"".join(frames)
        # A copy only where somebody may leave while we write: a write never does.
        for write in self.watchers.values():
            write(data)
