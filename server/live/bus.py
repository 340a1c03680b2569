"""Between processes: what one has committed, the others hear of. The rows are the truth, this is the shortcut.

``MemoryBus`` joins hubs of one process (one in production, several in tests of the order of events); a bus for
several processes keeps the same contract.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from server.data.transaction import Event

Receiver = Callable[[Sequence[Event]], None]


class Bus(Protocol):
    """Carries committed events to every other hub; it may lose, repeat or reorder them."""

    def publish(self, events: Sequence[Event], sender: Receiver) -> None:
        """Tell every receiver but the sender, who has them already."""

    def receive(self, receiver: Receiver) -> None:
        """From now on give ``receiver`` what others publish."""

    def leave(self, receiver: Receiver) -> None:
        """No longer."""


class MemoryBus:
    """The bus of one process."""

    def __init__(self) -> None:
        self._receivers: list[Receiver] = []

    def publish(self, events: Sequence[Event], sender: Receiver) -> None:
        for receiver in list(self._receivers):
            if receiver != sender:
                receiver(events)

    def receive(self, receiver: Receiver) -> None:
        self._receivers.append(receiver)

    def leave(self, receiver: Receiver) -> None:
        self._receivers.remove(receiver)
