"""Whether this process is there (``/healthz``), can serve people (``/servez``), and lacks nothing (``/readyz``).

The last two are found out by a probe inside the process, every five seconds: a write that is committed, the bus to
the other processes, the disk. Each look ends, or counts as failed, within four seconds, so a failure shows within
ten.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Literal

import structlog
from msgspec import Struct
from sqlalchemy import insert, update
from starlette.requests import Request
from starlette.responses import JSONResponse

from server.data.transaction import Transaction
from server.work.tables import processes

if TYPE_CHECKING:
    from server.services import Services

EVERY_SECONDS = 5.0
CHECK_SECONDS = 4.0
STALE_SECONDS = 12.0
"""After so long without an end of a look, nothing is known."""
SERVES_WITHOUT = frozenset({"bus", "disk"})
"""Trouble for somebody to see to, with which people are still served."""

log = structlog.get_logger()


class Alive(Struct):
    """The process answers."""

    status: Literal["ok"]


class Failing(Struct):
    """What keeps this process from doing its work now, by name."""

    status: Literal["failing"]
    failing: list[str]


async def healthz(request: Request) -> JSONResponse:
    """Alive, and answering."""
    return JSONResponse({"status": "ok"})


class Readiness:
    """Answers ``/readyz`` and ``/servez``: 200, or 503 with what fails."""

    def __init__(self, services: Services) -> None:
        self._services = services

    async def readyz(self, request: Request) -> JSONResponse:
        """All is well, for whoever wakes somebody."""
        return _told(self._services.probe.failing())

    async def servez(self, request: Request) -> JSONResponse:
        """People can be sent here, for load balancers: what all processes lack at once must not empty them."""
        return _told([name for name in self._services.probe.failing() if name not in SERVES_WITHOUT])


def _told(failing: list[str]) -> JSONResponse:
    if failing:
        return JSONResponse({"status": "failing", "failing": failing}, 503)
    return JSONResponse({"status": "ok"})


class Probe:
    """Looks after this process, and tells the database that it lives. ``role``: ``web`` or ``worker``."""

    def __init__(self, services: Services, clock: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._clock = clock
        self._found: list[str] = []
        self._looked_at: float | None = None
        self.role = "web"
        self.failures: Counter[str] = Counter()
        self._checks = (
            _Check("database", self._writes),
            _Check("bus", self._reaches_others),
            _Check("disk", self._has_room),
        )

    async def run(self, role: str) -> None:
        """For ever; cancel it to end it."""
        self.role = role
        try:
            while True:
                began = self._clock()
                await self.look()
                await asyncio.sleep(max(0.0, began + EVERY_SECONDS - self._clock()))
        finally:
            await asyncio.gather(*(check.stop() for check in self._checks))

    async def look(self) -> None:
        """Look at everything once."""
        passed = await asyncio.gather(*(check.passes() for check in self._checks))
        found = [check.name for check, good in zip(self._checks, passed, strict=True) if not good]
        self.failures.update(found)
        if found and found != self._found:
            log.warning("probe.failing", failing=found)
        elif self._found and not found:
            log.info("probe.well_again", failed=self._found)
        self._found, self._looked_at = found, self._clock()

    def failing(self) -> list[str]:
        """What keeps this process from doing its work now; nothing when it can."""
        leaving = ["draining"] if self._services.draining else []
        if self._looked_at is None:
            return [*leaving, "starting"]
        stale = self._clock() - self._looked_at > STALE_SECONDS
        return [*leaving, *self._found, *(["probe"] if stale else [])]

    async def _writes(self) -> bool:
        await self._services.writer.act(sign, self._services.bus.name, self.role, spends=False)
        return True

    async def _reaches_others(self) -> bool:
        return self._services.bus.healthy

    async def _has_room(self) -> bool:
        """In a thread: a disk may be slow to answer, and making the ballast takes its time."""
        await asyncio.to_thread(self._services.space.look)
        await asyncio.to_thread(self._services.descriptors.look)
        return not self._services.space.low


class _Check:
    """One look. While one has no end it is waited for, and none is begun beside it."""

    def __init__(self, name: str, look: Callable[[], Awaitable[bool]]) -> None:
        self.name = name
        self._look = look
        self._task: asyncio.Task[bool] | None = None

    async def passes(self) -> bool:
        task = self._task = self._task or asyncio.create_task(self._ask(), name=f"probe {self.name}")
        await asyncio.wait({task}, timeout=CHECK_SECONDS)
        if not task.done():
            return False
        self._task = None
        return task.result()

    async def stop(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _ask(self) -> bool:
        try:
            return await self._look()
        except Exception as problem:
            log.warning("probe.failed", check=self.name, reason=repr(problem))
            return False


def sign(tx: Transaction, name: str, role: str) -> None:
    """Write that the process lives. Its first time is its start."""
    own = update(processes).where(processes.c.name == name).values(seen_at=tx.now)
    if tx.connection.execute(own).rowcount == 0:
        row = {"name": name, "role": role, "started_at": tx.now, "seen_at": tx.now}
        tx.connection.execute(insert(processes), row)
