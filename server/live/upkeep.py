"""What keeps sockets honest while nothing happens: revocations that others wrote, sessions that ended by
themselves, and the heads of topics, so that a loss anywhere heals.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection as DatabaseConnection

from server.auth import queries, revocation, sessions
from server.data import engine
from server.data.batch import Steps
from server.data.readers import Readers
from server.data.sets import chunks
from server.data.transaction import Revoked
from server.errors import Busy
from server.live.connection import Connection
from server.live.frames import CloseCode, Heads
from server.live.hub import Hub
from server.live.wire import ready
from server.module import Missing, TopicKind
from server.services import Services

REVOCATION_SECONDS = 0.5
BLIND_SECONDS = 2.0
"""Where others may take rights away: who has not been able to read for so long delivers nothing until he can."""
LOOK_SECONDS = 1.0
"""How often the heads are read while the bus does not reach all others."""
RESTORE_SECONDS = 5.0
"""How often, then, who is in which room."""
RESTORED_AT_ONCE = 50
REVALIDATION_SECONDS = 30.0
KEEP_ALIVE_SECONDS = 1800.0

log = structlog.get_logger()


class Upkeep:
    """A few small loops, owned by the process and cancelled at its end."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._kinds = [kind for module in services.modules for kind in module.topics]
        self._tasks: list[asyncio.Task[None]] = []
        self._done: dict[int, None] = {}
        self._newest = 0
        self._told: dict[str, int] = {}
        # Revocations wait behind nobody's questions.
        self._watch = Readers(engine.reading_engine(engine.parse(services.settings.database), 1), 1)
        self._read_at = 0.0
        self._look_now = asyncio.Event()
        self._restored_at = 0.0
        self._unsure = False
        self._doubted: set[int] = set()

    async def start(self) -> None:
        services = self._services
        self._newest = await self._watch.ask(revocation.newest)
        self._read_at = _time()
        services.hub.mend_with(self.missing)
        services.hub.doubts = self._doubt
        for name, every, work in (
            ("revocations", REVOCATION_SECONDS, self._revoke_new),
            ("sessions", REVALIDATION_SECONDS, self._close_ended),
            ("keep alive", KEEP_ALIVE_SECONDS, self._keep_alive),
            ("heads", services.settings.heads_seconds, self._tell_heads),
        ):
            self._tasks.append(asyncio.create_task(_every(every, work), name=name))
        self._tasks.append(asyncio.create_task(self._look_when_unsure(), name="look"))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._services.hub.stop()
        self._watch.close()

    def lost(self) -> None:
        """Something may not have come through the bus: look at once."""
        self._unsure = True
        self._look_now.set()

    def _doubt(self, accounts: set[int]) -> None:
        self._doubted |= accounts
        self._look_now.set()

    async def missing(self, key: str, rev: int) -> Missing:
        """What a topic's watchers lack, read once for all of them."""
        kind = self._kind(key)
        if kind is None:
            return Missing(rev)
        return await self._services.readers.ask(kind.missing, key, rev)

    async def _revoke_new(self) -> None:
        services, began = self._services, _time()
        asking = asyncio.create_task(self._watch.ask(revocation.new_revocations, self._newest, services.clock()))
        try:
            while not asking.done():
                await asyncio.wait({asking}, timeout=REVOCATION_SECONDS)
                self._mute_when_blind()
            self._close_revoked(asking.result())
        finally:
            asking.cancel()
        self._read_at = began
        if not self._is_blind() and services.hub.muted:
            log.warning("hub.heard_again")
            services.hub.unmute()

    def _mute_when_blind(self) -> None:
        if self._is_blind() and not self._services.hub.muted:
            log.error("hub.muted", seconds=BLIND_SECONDS)
            self._services.hub.mute()

    def _is_blind(self) -> bool:
        """Alone on the database, what takes rights away passes through this very process."""
        return not self._services.settings.embedded and _time() - self._read_at > BLIND_SECONDS

    def _close_revoked(self, found: list[tuple[int, Revoked]]) -> None:
        for id, revoked in found:
            if id not in self._done:
                self._done[id] = None
                self._services.hub.revoke(revoked)
            self._newest = max(self._newest, id)
        while len(self._done) > 10_000:
            self._done.pop(next(iter(self._done)))

    async def _close_ended(self) -> None:
        """One question for all sockets: a session may end by age, with nobody writing a row about it."""
        services = self._services
        open_sockets = list(services.hub.connections())
        if not open_sockets:
            return
        hashes = sorted({connection.session for connection in open_sockets})
        limit = timedelta(days=services.settings.session_idle_days)
        living = await services.readers.ask(queries.standing, hashes, services.clock(), limit)
        for connection in open_sockets:
            if connection.session not in living:
                services.hub.quit(connection)
                connection.close(CloseCode.SIGNED_OUT)

    async def _keep_alive(self) -> None:
        """An open socket is a session in use, though its browser asks for no page in weeks."""
        hashes = {connection.session for connection in self._services.hub.connections()}
        if hashes:
            await self._services.writer.bulk(_seen_steps(sorted(hashes)))

    async def _tell_heads(self) -> None:
        """Each topic that moved since the last time is told to all who watch it."""
        found = await self._look()
        if self._services.hub.muted:
            return
        for key, rev in found.items():
            topic = self._services.hub.topic(key)
            # In a gap somebody may be out of the room who is not known to be: told the next time.
            if topic is None or topic.mending or self._told.get(key) == rev:
                continue
            topic.write([ready(Heads(revs={key: rev}))])
            self._told[key] = rev
        self._told = {key: rev for key, rev in self._told.items() if key in found}

    async def _look(self) -> dict[str, int]:
        """The newest ``rev`` of all that is watched here; what has not been delivered is read and delivered."""
        watched = self._services.hub.watched()
        found = await self._services.readers.ask(self._read_heads, list(watched))
        self._services.hub.behind(found)
        return found

    async def _look_when_unsure(self) -> None:
        """While the bus does not reach all others, and once after it has been lost."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look_now.wait()
            self._look_now.clear()
            if not self._services.bus.reaches_all:
                self._unsure = True
            if self._unsure:
                await _guarded(self._look_around)
            if self._doubted:
                await _guarded(self._look_up)

    async def _look_around(self) -> None:
        await self._look()
        if _time() - self._restored_at < RESTORE_SECONDS:
            return
        # What is lost from here on is looked for again.
        self._unsure, self._restored_at = False, _time()
        try:
            await self._restore(self._services.hub.accounts())
        except BaseException:
            self._unsure = True
            raise

    async def _look_up(self) -> None:
        doubted, self._doubted = self._doubted, set()
        try:
            await self._restore(doubted)
        except BaseException:
            self._doubted |= doubted
            raise

    async def _restore(self, accounts: Iterable[int]) -> None:
        """Who is in which room, where a notice of it may be lost."""
        for kind in self._kinds:
            for piece in chunks(sorted(accounts), RESTORED_AT_ONCE):
                await self._restore_some(kind, list(piece))

    async def _restore_some(self, kind: TopicKind, accounts: list[int]) -> None:
        """Who moves while it is read is looked up once more."""
        if kind.standing is None or kind.gone is None:
            return
        hub = self._services.hub
        moves = {account: _moves(hub, account) for account in accounts}
        standing = await self._services.readers.ask(kind.standing, accounts)
        for account in accounts:
            if _moves(hub, account) == moves[account]:
                hub.restore(account, kind.prefix, standing.get(account, {}), kind.gone)
            else:
                self._doubted.add(account)

    def _read_heads(self, connection: DatabaseConnection, keys: list[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for kind in self._kinds:
            own = [key for key in keys if key.startswith(kind.prefix)]
            found |= kind.heads(connection, own) if own else {}
        return found

    def _kind(self, key: str) -> TopicKind | None:
        return next((kind for kind in self._kinds if key.startswith(kind.prefix)), None)


def _seen_steps(hashes: list[str]) -> Steps:
    for piece in chunks(hashes):
        yield partial(sessions.seen_all, hashes=list(piece))


def _moves(hub: Hub, account: int) -> dict[Connection, int]:
    return {connection: connection.moves for connection in hub.devices(account)}


def _time() -> float:
    return asyncio.get_running_loop().time()


async def _every(seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    while True:
        await asyncio.sleep(seconds)
        await _guarded(work)


async def _guarded(work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Trouble is logged and the next turn tries anew: nobody else would."""
    try:
        await work()
    except Busy:
        return
    except Exception as problem:
        log.error("upkeep.failed", work=work.__name__, error=repr(problem))
