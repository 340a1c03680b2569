"""What keeps sockets honest while nothing happens: revocations that others wrote, sessions that ended by
themselves, and the heads of topics, so that a loss anywhere heals.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection

from server.auth import queries, revocation, sessions
from server.data.batch import Steps
from server.data.sets import chunks
from server.errors import Busy
from server.live.frames import CloseCode, Heads
from server.live.wire import ready
from server.module import Missing, TopicKind
from server.services import Services

REVOCATION_SECONDS = 0.5
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

    async def start(self) -> None:
        services = self._services
        self._newest = await services.readers.ask(revocation.newest)
        services.hub.mend_with(self.missing)
        for name, every, work in (
            ("revocations", REVOCATION_SECONDS, self._revoke_new),
            ("sessions", REVALIDATION_SECONDS, self._close_ended),
            ("keep alive", KEEP_ALIVE_SECONDS, self._keep_alive),
            ("heads", services.settings.heads_seconds, self._tell_heads),
        ):
            self._tasks.append(asyncio.create_task(_every(every, work), name=name))

    async def stop(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def missing(self, key: str, rev: int) -> Missing:
        """What a topic's watchers lack, read once for all of them."""
        kind = self._kind(key)
        if kind is None:
            return Missing(rev)
        return await self._services.readers.ask(kind.missing, key, rev)

    async def _revoke_new(self) -> None:
        services = self._services
        for id, revoked in await services.readers.ask(revocation.new_revocations, self._newest, services.clock()):
            if id not in self._done:
                self._done[id] = None
                services.hub.revoke(revoked)
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
        watched = self._services.hub.watched()
        found = await self._services.readers.ask(self._read_heads, list(watched))
        for key, rev in found.items():
            topic = self._services.hub.topic(key)
            if topic is not None and self._told.get(key) != rev:
                topic.write([ready(Heads(revs={key: rev}))])
        self._told = found

    def _read_heads(self, connection: Connection, keys: list[str]) -> dict[str, int]:
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


async def _every(seconds: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do the work again and again. Trouble is logged and the next turn tries anew: nobody else would."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await work()
        except Busy:
            continue
        except Exception as problem:
            log.error("upkeep.failed", work=work.__name__, exc_info=problem)
