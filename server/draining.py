"""The way out of a process: nobody new, good-byes in waves, work under way finished, all within a known time.

A second signal hurries: no pauses between waves, no waiting for what takes long.
"""

from __future__ import annotations

import asyncio
import math
import random
from contextlib import suppress
from typing import Any

import structlog

from server.live.connection import Connection
from server.live.frames import CloseCode
from server.services import Services

WAVE = 250
WAVES = 80
"""At most: with more connections a wave is bigger, so that the last one goes within 20 seconds."""
WAVE_SECONDS = 0.25
RESTART_SECONDS = 3.0
"""What a start takes: whoever knocks earlier finds nobody, and waits longer the next time."""
RETURN_MS = 7
"""What one that comes back costs at the start, on a slow machine; all are spread over so much a connection. Who comes
when there is no time for him is sent away once more (``entrance.py``)."""
SPREAD_MS = (2_000, 40_000)
FINISH_SECONDS = 10.0
"""For a job under way; afterwards another process takes it up."""

log = structlog.get_logger()


async def say_goodbye(connections: list[Connection], hurry: asyncio.Event) -> None:
    """Close all sockets in waves, each told to come back at a moment of its own, after the last wave and a start."""
    wave = max(WAVE, math.ceil(len(connections) / WAVES))
    spread = min(max(SPREAD_MS[0], len(connections) * RETURN_MS), SPREAD_MS[1])
    for start in range(0, len(connections), wave):
        waves_left = (len(connections) - start - 1) // wave
        away = int((waves_left * WAVE_SECONDS + RESTART_SECONDS) * 1000)
        for connection in connections[start : start + wave]:
            connection.close(CloseCode.RESTART, retry_ms=away + random.randrange(spread))
        if waves_left:
            with suppress(TimeoutError):
                await asyncio.wait_for(hurry.wait(), WAVE_SECONDS)


async def finish(services: Services, work: list[asyncio.Task[None]], hurry: asyncio.Event) -> None:
    """Let the loops end that take nothing new while the process drains; one that takes too long is cancelled."""
    services.draining = True
    services.wakeups.wake_all()
    await unless(hurry, asyncio.gather(*work, return_exceptions=True), FINISH_SECONDS)
    for task in work:
        if task.done() and not task.cancelled() and task.exception() is not None:
            log.error("work.died", exc_info=task.exception())


async def unless(hurry: asyncio.Event, ending: asyncio.Future[Any], seconds: float) -> None:
    """Wait for ``ending``, so long at most, and not when somebody hurries; then it is cancelled."""
    hurried = asyncio.create_task(hurry.wait(), name="hurry")
    try:
        await asyncio.wait({ending, hurried}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in (hurried, ending):
            each.cancel()
        await asyncio.gather(hurried, ending, return_exceptions=True)
