"""Between processes: what one has committed, the others hear of. The rows are the truth, this is the shortcut.

A bus may lose, repeat and reorder: order is made where events are received (``server/live/hub.py``), and what was
lost is found by the heads that every process reads (``server/live/upkeep.py``). ``MemoryBus`` joins the hubs of one
process: one in production, several in tests; ``RedisBus`` joins processes by the same contract.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct

from server.data.transaction import Event, Note, Revoked


class Seen(Struct, array_like=True):
    """Who is at a device of one process: changes, or with ``whole`` everybody there is.

    ``asks``: the process has just come and wants the others' whole lists.
    """

    here: list[int] = []
    idle: list[int] = []
    gone: list[int] = []
    whole: bool = False
    asks: bool = False


class Parcel(Struct, frozen=True, kw_only=True):
    """What one process tells all others. ``lost``: before this, something could not be told; look for yourselves."""

    sender: str
    events: Sequence[Event] = ()
    revoked: Sequence[Revoked] = ()
    woken: Sequence[str] = ()
    notes: Sequence[Note] = ()
    seen: Seen | None = None
    lost: bool = False


Receiver = Callable[[Parcel], None]


class Bus(Protocol):
    """One process' door to the others."""

    name: str
    """This process, as the others know it."""

    @property
    def healthy(self) -> bool:
        """Whether it does what it is there for, as far as it can tell (``/readyz``)."""

    @property
    def reaches_all(self) -> bool:
        """Whether every other process is reached. If not, the database is asked for what they committed."""

    async def start(self, receiver: Receiver) -> None:
        """From now on give ``receiver`` what others publish."""

    def publish(self, parcel: Parcel) -> None:
        """Tell the others. Never waits; what cannot be told is lost, and that it was is told later."""

    async def stop(self) -> None:
        """No longer."""


def process_name() -> str:
    """A name that no other process has had."""
    return secrets.token_hex(8)


class Exchange:
    """Where the ``MemoryBus`` of several hubs in one process meet."""

    def __init__(self) -> None:
        self.receivers: dict[str, Receiver] = {}


class MemoryBus:
    """The bus of one process. ``alone``: there is no other on this database, so nobody is left out."""

    healthy = True

    def __init__(self, exchange: Exchange | None = None, *, alone: bool = True) -> None:
        self.name = process_name()
        self.reaches_all = alone
        self._exchange = exchange or Exchange()

    async def start(self, receiver: Receiver) -> None:
        self._exchange.receivers[self.name] = receiver

    def publish(self, parcel: Parcel) -> None:
        for name, receiver in list(self._exchange.receivers.items()):
            if name != self.name:
                receiver(parcel)

    async def stop(self) -> None:
        self._exchange.receivers.pop(self.name, None)
