"""Who listens to the sources: one process, the one with the lease. It also ends the waits of what is armed.

A source begins and ends as the settings say, without a restart. A bug in one ends neither the others nor itself: it
begins again after a pause.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from sqlalchemy import Connection

from anpi import settings as anpi_settings
from anpi.hazard import recording, starting, unobserved
from anpi.hazard.feeds import health
from anpi.hazard.feeds.dmdata import Dmdata
from anpi.hazard.feeds.health import Healths
from anpi.hazard.feeds.jma_pull import JmaPull
from anpi.hazard.feeds.p2p_socket import P2pSocket
from anpi.hazard.intake import Intake
from server.errors import AppError
from server.services import Services
from server.work.leases import Holder

LEASE = "hazard"
LOOK_SECONDS = 1.0
AFTER_BUG_SECONDS = 10.0

log = structlog.get_logger()


class Wanted(NamedTuple):
    """What the company has decided, as it is at the moment."""

    outside: bool
    weather: bool
    due: list[int]
    unobserved: list[int]


async def feed(services: Services) -> None:
    """Until the process drains."""
    await Feeding(services).run()


class Feeding:
    """Listens while it holds the lease."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._holder = Holder(services, LEASE)
        self._intake = Intake(services)
        self._healths = Healths()
        self._weather = False
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        keeping = asyncio.create_task(self._holder.keep(), name="hazard's lease")
        warming = asyncio.create_task(self._warm(), name="hazard's sandbox")
        try:
            while not self._services.draining:
                await self._safely_turn()
                await self._services.wakeups.sleep(starting.QUEUE, LOOK_SECONDS)
        finally:
            await self._match(frozenset())
            keeping.cancel()
            warming.cancel()
            await asyncio.gather(keeping, warming, return_exceptions=True)

    async def turn(self) -> None:
        """Listen to what should be listened to, end the waits that are over, and write how the sources are."""
        wanted = await self._services.readers.ask(_wanted, self._services.clock())
        self._weather = wanted.weather
        await self._match(sources_on(self._services, wanted.outside))
        for event in wanted.due:
            if (act := await self._did(recording.end_wait, event)) is not None:
                log.info("hazard.wait_over", about=event, act=act)
        for event in wanted.unobserved:
            await self._did(unobserved.mark, event)
        await self._write()

    async def _did(self, action: Callable[..., Any], event: int) -> Any:
        """What came of it; None: a bug, which must not keep the next event from being asked about."""
        try:
            return await self._services.writer.act(action, event)
        except AppError:
            raise
        except Exception as bug:
            log.error("hazard.feeding_failed", about=event, exc_info=bug)
            return None

    async def _warm(self) -> None:
        """The process that reads telegrams takes a second to start: not the first telegram's."""
        try:
            await self._intake.read_list(b"")
        except AppError:
            return

    async def _safely_turn(self) -> None:
        if self._holder.lease is None:
            await self._match(frozenset())
            return
        try:
            await self.turn()
        except AppError as problem:
            log.warning("hazard.feeding_unavailable", reason=problem.code)
        except Exception as bug:
            # Nobody else would listen: what comes next must be heard all the same.
            log.error("hazard.feeding_failed", exc_info=bug)

    async def _match(self, names: frozenset[str]) -> None:
        """Have exactly these sources listened to."""
        ended = [self._tasks.pop(name) for name in list(self._tasks) if name not in names]
        for task in ended:
            task.cancel()
        await asyncio.gather(*ended, return_exceptions=True)
        if names and not self._tasks:
            # Another may have listened meanwhile, and known more.
            self._healths.take(await self._services.readers.ask(health.read))
        for name in sorted(names - self._tasks.keys()):
            self._tasks[name] = asyncio.create_task(self._listen(self._source(name)), name=f"source {name}")

    def _source(self, name: str) -> Callable[[], Coroutine[Any, Any, None]]:
        mine, weather = self._healths[name], lambda: self._weather
        if name == "jma":
            return JmaPull(self._services, self._intake, mine, weather).run
        if name == "p2p":
            return P2pSocket(self._services, self._intake, mine).run
        return Dmdata(self._services, self._intake, mine, weather).run

    async def _listen(self, run: Callable[[], Coroutine[Any, Any, None]]) -> None:
        while True:
            try:
                await run()
            except Exception as bug:
                log.error("hazard.source_failed", exc_info=bug)
            await asyncio.sleep(AFTER_BUG_SECONDS)

    async def _write(self) -> None:
        if due := self._healths.due(self._services.clock()):
            await self._services.writer.act(health.save, due, spends=False)


def sources_on(services: Services, outside: bool) -> frozenset[str]:
    """Which sources are to be listened to: none while the operator, or the company, keeps to itself."""
    if not outside or not services.outbound.is_open:
        return frozenset()
    return frozenset({"jma", "p2p", *(["dmdata"] if services.settings.dmdata_key else [])})


def _wanted(connection: Connection, now: datetime) -> Wanted:
    rules = starting.read_rules(connection)
    weather = any(rule.enabled and rule.kind == "weather" for rule in rules)
    outside = anpi_settings.read(connection).outside
    return Wanted(outside, weather, recording.due(connection, now), unobserved.due(connection, now))
