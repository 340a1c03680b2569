"""What happens on the loop after a commit, in this process and in the others.

Sockets whose right has gone close first, then events go out. The own hub is told at once, the others by the bus.
"""

from __future__ import annotations

from collections.abc import Callable

from server.data.group import Outcome
from server.data.transaction import Event
from server.live.bus import Bus, Parcel, Seen
from server.live.hub import Hub
from server.live.notices import Notices
from server.work.wakeup import Wakeups


class Announcer:
    """Between the writer, the bus, and everybody in this process who wants to know."""

    def __init__(self, hub: Hub, bus: Bus, wakeups: Wakeups, notices: Notices) -> None:
        self._hub = hub
        self._bus = bus
        self._wakeups = wakeups
        self._notices = notices
        self.on_seen: Callable[[str, Seen], None] | None = None
        self.on_lost: Callable[[], None] | None = None

    def announce(self, outcome: Outcome) -> None:
        """A group has been committed here."""
        if not (outcome.events or outcome.revoked or outcome.woken or outcome.notes):
            return
        parcel = Parcel(
            sender=self._bus.name,
            events=outcome.events,
            revoked=outcome.revoked,
            woken=sorted(outcome.woken),
            notes=outcome.notes,
        )
        self.receive(parcel)
        self._bus.publish(parcel)

    def hint(self, event: Event) -> None:
        """Something fleeting, that no transaction holds, to whoever looks, everywhere."""
        parcel = Parcel(sender=self._bus.name, events=[event])
        self.receive(parcel)
        self._bus.publish(parcel)

    def receive(self, parcel: Parcel) -> None:
        """Something was committed, here or elsewhere."""
        for revoked in parcel.revoked:
            self._hub.revoke(revoked)
        if parcel.events:
            self._hub.publish(parcel.events)
        self._notices.tell(parcel.notes)
        for queue in parcel.woken:
            self._wakeups.wake(queue)
        if parcel.seen is not None and self.on_seen is not None:
            self.on_seen(parcel.sender, parcel.seen)
        if parcel.lost and self.on_lost is not None:
            self.on_lost()
