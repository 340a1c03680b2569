"""What has changed, told together: at once where nothing was told lately, else once a second."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from server.services import Services

TOLD_EVERY_SECONDS = 1.0
SOON_SECONDS = 0.02
"""What is committed at nearly the same moment is told together."""

log = structlog.get_logger()

Tell = Callable[[set[int]], Awaitable[None]]


class Gathering:
    """Incidents that have moved since they were last told. ``tell`` gets their numbers; while it fails, they wait."""

    def __init__(self, services: Services, name: str, tell: Tell) -> None:
        self._services = services
        self._name = name
        self._tell = tell
        self._moved: set[int] = set()
        self._task: asyncio.Task[None] | None = None
        self._told_at = float("-inf")

    def add(self, incident: int) -> None:
        """This one has moved."""
        self._moved.add(incident)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Nobody is told any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._moved:
            await asyncio.sleep(max(SOON_SECONDS, self._told_at + TOLD_EVERY_SECONDS - loop.time()))
            self._told_at = loop.time()
            if self._services.hub.muted:
                # Whether everybody may still hear is not known now.
                continue
            moved, self._moved = self._moved, set()
            try:
                await self._tell(moved)
            except Exception as problem:
                log.warning("anpi.told_later", what=self._name, error=repr(problem))
                self._moved |= moved
