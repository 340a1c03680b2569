"""What is seen of people: their devices at this process and at others, and what that makes of them."""

from __future__ import annotations

from collections.abc import Mapping

from server.live.bus import Seen
from server.live.choosing import Choice
from server.live.frames import Presence, PresenceState

HERE, IDLE, GONE = "here", "idle", "gone"
"""A device in use, one that nobody has touched for a while, none."""
SILENT_SECONDS = 75.0
"""A process that has told nothing for so long is gone, and its people with it."""


def state_of(account: int, choice: Choice, device: str, now: int) -> Presence:
    """The rule: what one has chosen goes first, then whether a device of his is in use, or at least open."""
    if choice.state != "auto" and not choice.over(now):
        return Presence(id=account, state=PresenceState(choice.state), until=choice.until)
    seen = {HERE: PresenceState.IN, IDLE: PresenceState.AWAY}.get(device, PresenceState.OFF)
    return Presence(id=account, state=seen)


class Others:
    """What other processes see, as they told it last."""

    def __init__(self) -> None:
        self._devices: dict[str, dict[int, str]] = {}
        self._heard_at: dict[str, float] = {}

    def knows(self, process: str) -> bool:
        return process in self._devices

    def take(self, process: str, seen: Seen, now: float) -> set[int]:
        """Whom it concerns."""
        known = self._devices.setdefault(process, {})
        self._heard_at[process] = now
        changed = {*seen.here, *seen.idle, *seen.gone}
        if seen.whole:
            changed |= known.keys()
            known.clear()
        known.update(dict.fromkeys(seen.here, HERE) | dict.fromkeys(seen.idle, IDLE))
        for account in seen.gone:
            known.pop(account, None)
        return changed

    def forget_silent(self, now: float) -> set[int]:
        """Whose processes have not been heard for long."""
        silent = [process for process, at in self._heard_at.items() if now - at > SILENT_SECONDS]
        for process in silent:
            del self._heard_at[process]
        return {account for process in silent for account in self._devices.pop(process)}

    def device(self, account: int) -> str:
        found = {devices.get(account, GONE) for devices in self._devices.values()}
        return HERE if HERE in found else IDLE if IDLE in found else GONE


def seen_of(devices: Mapping[int, str], *, whole: bool = False, asks: bool = False) -> Seen:
    """What one process tells of its people."""
    by_kind: dict[str, list[int]] = {HERE: [], IDLE: [], GONE: []}
    for account, device in devices.items():
        by_kind[device].append(account)
    return Seen(by_kind[HERE], by_kind[IDLE], by_kind[GONE], whole, asks)
