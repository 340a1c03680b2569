"""What happens at its time. One process does it, the one that holds the lease: the row of a tick is taken, under that
lease, before its work is begun.

A tick that was missed while nothing ran happens once at start if it is younger than its own limit; else it is
recorded as missed, so that an operator can see it.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from sqlalchemy import insert, select, update

from server.data.transaction import Transaction
from server.errors import AppError
from server.module import Tick
from server.services import Services
from server.work.leases import Holder, Lease, LeaseLost, require
from server.work.tables import ticks

QUEUE = "ticks"
LOOK_SECONDS = 1.0
LONGEST_SECONDS = 900.0
"""One that hangs must not stop the others for ever."""

log = structlog.get_logger()


def due(last: datetime, now: datetime, every: timedelta) -> int:
    """How many times a tick should have happened since ``last``."""
    return max(0, int((now - last) / every))


def take(tx: Transaction, tick: Tick) -> bool:
    """Whether this process is to do the tick now; then it counts as done, also if we die in it."""
    tx.lock(f"tick:{tick.name}")
    last = tx.connection.execute(select(ticks.c.last_at).where(ticks.c.name == tick.name)).scalar()
    if last is None:
        tx.connection.execute(insert(ticks), {"name": tick.name, "last_at": tx.now})
        return False
    if last > tx.now + tick.every:
        # The clock was wrong when it happened last: it would stay silent until then.
        tx.connection.execute(update(ticks).where(ticks.c.name == tick.name).values(last_at=tx.now))
        return False
    times = due(last, tx.now, tick.every)
    if times == 0:
        return False
    newest = last + tick.every * times
    too_late = tick.late is not None and tx.now - newest > tick.late
    missed = times if too_late else times - 1
    row = {"last_at": newest, "missed": ticks.c.missed + missed}
    tx.connection.execute(update(ticks).where(ticks.c.name == tick.name).values(row))
    return not too_late


def take_as(tx: Transaction, lease: Lease, tick: Tick) -> bool:
    """The same, for the holder of the lease alone; raises ``LeaseLost``."""
    require(tx, lease)
    return take(tx, tick)


class Ticker:
    """Asks each tick, once a second, whether it is time; in the one process that holds the lease."""

    def __init__(self, services: Services, own: tuple[Tick, ...] = ()) -> None:
        self._services = services
        self._ticks = (*own, *(tick for module in services.modules for tick in module.ticks))
        self._next: dict[str, float] = {}
        self._holder = Holder(services, "ticks")

    async def run(self) -> None:
        """Until the process drains, or for ever; cancel it to end it."""
        keeping = asyncio.create_task(self._holder.keep(), name="ticks' lease")
        try:
            while not self._services.draining:
                for tick in self._ticks:
                    if (lease := self._holder.lease) is not None:
                        await self._ask(tick, lease)
                await self._services.wakeups.sleep(QUEUE, LOOK_SECONDS)
        finally:
            keeping.cancel()
            await asyncio.gather(keeping, return_exceptions=True)

    async def _ask(self, tick: Tick, lease: Lease) -> None:
        # Not every second a write: between two times the row cannot say yes.
        now = asyncio.get_running_loop().time()
        if now < self._next.get(tick.name, now):
            return
        self._next[tick.name] = now + min(tick.every / 4, timedelta(seconds=30)).total_seconds()
        try:
            if await self._services.writer.alone(take_as, lease, tick):
                async with asyncio.timeout(LONGEST_SECONDS):
                    await tick.run(self._services)
        except LeaseLost:
            # Asleep for too long: another goes on.
            return
        except AppError as problem:
            log.warning("tick.unavailable", tick=tick.name, reason=problem.code)
        except Exception as problem:
            log.error("tick.failed", tick=tick.name, exc_info=problem)
