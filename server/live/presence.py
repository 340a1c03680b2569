"""Who can be reached: what people have chosen, and whether one of their devices is seen, here or at another process.

Who is seen lives in the processes alone: each tells the others its own by the bus, and forgets what one told that
has fallen silent. It is told only to those who have the person on their screen, as differences, at most once a
second; and not in the first seconds after a start, when everybody comes back at once.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog

from server.clock import to_millis
from server.live import choosing
from server.live.bus import Parcel, Seen
from server.live.choosing import NOTHING, Choice
from server.live.connection import Connection
from server.live.frames import Presence, PresenceList, PresenceState
from server.live.seeing import GONE, HERE, IDLE, Others, seen_of, state_of
from server.live.wire import ready

if TYPE_CHECKING:
    from server.services import Services

TICK_SECONDS = 1.0
QUIET_SECONDS = 10.0
"""After a start nothing is told for so long, and who goes is believed gone after so long: pages are reloaded."""
WHOLE_SECONDS = 30.0
READ_AGAIN_SECONDS = 60.0
"""How often choices are read anew: a note of one may have been lost."""

log = structlog.get_logger()


class Presences:
    """This process' view, and who looks at it."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._others = Others()
        self._task: asyncio.Task[None] | None = None
        self._quiet_until = 0.0
        # Here: accounts whose devices moved since the last tick, and what the others were told of them.
        self._moved: set[int] = set()
        self._announced: dict[int, str] = {}
        self._whole_at = float("-inf")
        self._asks = True
        # Who looks at whom, what they have chosen, and what was told last.
        self._looking: dict[Connection, frozenset[int]] = {}
        self._watchers: defaultdict[int, set[Connection]] = defaultdict(set)
        self._choices: dict[int, Choice] = {}
        self._told: dict[int, Presence] = {}
        self._dirty: set[int] = set()
        self._stale: set[int] = set()
        self._off_since: dict[int, float] = {}
        self._missed: set[Connection] = set()
        self._read_at = 0.0

    # ------------------------------------------------------------ the life of it

    def start(self) -> None:
        now = self._time()
        self._quiet_until, self._read_at = now + QUIET_SECONDS, now
        self._services.hub.moved = self.moved
        self._services.notices.on(choosing.NOTE, lambda account: self._stale.add(account))
        self._task = asyncio.create_task(self._run(), name="presence")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._publish(Seen(whole=True))

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            try:
                await self.tick()
            except Exception as problem:
                log.error("presence.failed", error=repr(problem))

    async def tick(self) -> None:
        """What has changed since the last one: told to the other processes, and to who looks."""
        now = self._time()
        self._tell_others(now)
        self._dirty |= self._others.forget_silent(now)
        await self._read_choices(now)
        if now >= self._quiet_until:
            self._tell_watchers(now)

    # ------------------------------------------------------------ what happens

    def moved(self, connection: Connection) -> None:
        """A device came, went, fell idle or was touched."""
        self._moved.add(connection.account)
        if connection not in self._services.hub.devices(connection.account):
            self._look(connection, frozenset())

    def heard(self, process: str, seen: Seen) -> None:
        """Another process tells whom it sees."""
        if seen.asks or not self._others.knows(process):
            self._whole_at = float("-inf")
        self._dirty |= self._others.take(process, seen, self._time())

    async def watch(self, connection: Connection, people: Iterable[int]) -> list[Presence]:
        """How these can be reached now; from now on the connection is told when it changes."""
        if connection.closed:
            return []
        wanted = frozenset(people)
        self._look(connection, wanted)
        unknown = [id for id in wanted if id not in self._choices]
        if unknown:
            read = await self._services.readers.ask(choosing.choices, unknown)
            # What was read meanwhile by others is not older.
            self._choices = {id: read[id] for id in read.keys() & self._watchers.keys()} | self._choices
        found = [self._told.get(id) or self._state(id) for id in sorted(wanted) if id in self._choices]
        for each in found:
            self._told.setdefault(each.id, each)
        return found

    # ------------------------------------------------------------ to the other processes

    def _tell_others(self, now: float) -> None:
        moved, self._moved = self._moved, set()
        self._dirty |= moved
        if now - self._whole_at >= WHOLE_SECONDS:
            self._whole_at = now
            self._announced = {id: self._device_here(id) for id in self._services.hub.accounts()}
            asks, self._asks = self._asks, False
            return self._publish(seen_of(self._announced, whole=True, asks=asks))
        changed = {id: self._device_here(id) for id in moved}
        changed = {id: device for id, device in changed.items() if self._announced.get(id, GONE) != device}
        if changed:
            self._announced |= changed
            self._publish(seen_of(changed))
        return None

    def _publish(self, seen: Seen) -> None:
        self._services.bus.publish(Parcel(sender=self._services.bus.name, seen=seen))

    def _device_here(self, account: int) -> str:
        idle = {device.idle for device in self._services.hub.devices(account)}
        return HERE if False in idle else IDLE if idle else GONE

    # ------------------------------------------------------------ to those who look

    def _look(self, connection: Connection, wanted: frozenset[int]) -> None:
        before = self._looking.pop(connection, frozenset())
        self._missed.discard(connection)
        for account in before - wanted:
            self._watchers[account].discard(connection)
            if not self._watchers[account]:
                del self._watchers[account]
                for known in (self._choices, self._told, self._off_since):
                    known.pop(account, None)
        for account in wanted - before:
            self._watchers[account].add(connection)
        if wanted:
            self._looking[connection] = wanted

    async def _read_choices(self, now: float) -> None:
        """Of those who are looked at: who has chosen since, whose time is over, and all of them now and then."""
        if now - self._read_at >= READ_AGAIN_SECONDS:
            self._read_at = now
            self._stale |= self._watchers.keys()
        stale, self._stale = self._stale & self._watchers.keys(), set()
        if stale:
            self._choices |= await self._read(stale)
        over = [id for id, choice in self._choices.items() if choice.over(self._now())]
        self._choices.update(dict.fromkeys(over, NOTHING))
        self._dirty.update(stale, over)

    async def _read(self, stale: set[int]) -> dict[int, Choice]:
        """Of those that are known: who does not exist stays unknown, who is disabled has chosen nothing."""
        try:
            found = await self._services.readers.ask(choosing.choices, sorted(stale))
        except BaseException:
            self._stale |= stale
            raise
        return {id: found.get(id, NOTHING) for id in stale & self._watchers.keys() & self._choices.keys()}

    def _tell_watchers(self, now: float) -> None:
        if self._services.hub.muted:
            return
        dirty, self._dirty = self._dirty & self._choices.keys(), set()
        news = [each for id in sorted(dirty) if (each := self._news(id, now)) is not None]
        self._dirty |= self._off_since.keys()
        per_connection: defaultdict[Connection, list[Presence]] = defaultdict(list)
        for each in news:
            for connection in self._watchers[each.id]:
                per_connection[connection].append(each)
        for connection in self._missed:
            per_connection[connection] = [self._told[id] for id in self._looking[connection] if id in self._told]
        self._missed.clear()
        self._send(per_connection)

    def _send(self, per_connection: dict[Connection, list[Presence]]) -> None:
        frames: dict[tuple[int, ...], bytes] = {}
        for connection, people in per_connection.items():
            key = tuple(each.id for each in people)
            data = frames.get(key) or frames.setdefault(key, ready(PresenceList(people=people)))
            if not connection.whisper(data):
                # A slow line is told all of it, as it is then, when it is free again.
                self._missed.add(connection)

    def _news(self, account: int, now: float) -> Presence | None:
        """The new state, if it is to be told now. Who was seen is believed gone a little later."""
        state, told = self._state(account), self._told.get(account)
        gone = state.state is PresenceState.OFF and told is not None and told.state is not PresenceState.OFF
        if gone and now - self._off_since.setdefault(account, now) < QUIET_SECONDS:
            return None
        self._off_since.pop(account, None)
        if state == told:
            return None
        self._told[account] = state
        return state

    def _state(self, account: int) -> Presence:
        devices = {self._device_here(account), self._others.device(account)}
        device = HERE if HERE in devices else IDLE if IDLE in devices else GONE
        return state_of(account, self._choices.get(account, NOTHING), device, self._now())

    def _now(self) -> int:
        return to_millis(self._services.clock())

    def _time(self) -> float:
        return asyncio.get_running_loop().time()
