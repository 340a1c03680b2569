"""What a process keeps in mind and others may change: whoever keeps it hears that it is old, and reads it anew.

A note is said in the transaction of the change (``tx.note``) and heard in every process after the commit. One that
is lost on its way is found late or never: whoever keeps something also reads it anew now and then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

from server.data.transaction import Note

Heard = Callable[[int], None]


class Notices:
    """Who in this process wants to hear what."""

    def __init__(self) -> None:
        self._heard: defaultdict[str, list[Heard]] = defaultdict(list)

    def on(self, what: str, heard: Heard) -> None:
        """From now on call ``heard(about)`` on the loop for each such note."""
        self._heard[what].append(heard)

    def tell(self, notes: Iterable[Note]) -> None:
        for note in notes:
            for heard in self._heard.get(note.what, ()):
                heard(note.about)
