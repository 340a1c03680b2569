"""What all channels but the mail have in common: taking a few dozen, dealing with them, writing down what came of
it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable

import structlog

from anpi.sending import leasing
from anpi.sending.deliveries import State
from anpi.sending.leasing import Load, Result, Taken
from server.errors import AppError
from server.services import Services

IDLE_SECONDS = 5.0
TROUBLE_SECONDS = 2.0

log = structlog.get_logger()

Deal = Callable[[Load], Awaitable[list[Result]]]


class Sender:
    """Sends by one channel until the process drains; ``deal`` says what has become of each that was taken.

    What is taken at once has to be dealt with within a lease (``leasing.LEASE``).
    """

    def __init__(self, services: Services, channel: str, at_once: int, deal: Deal) -> None:
        self._services = services
        self._channel = channel
        self._shares = {channel: at_once}
        self._deal = deal
        self._name = secrets.token_hex(8)

    async def run(self) -> None:
        """Until the process drains."""
        released = not self._services.settings.embedded
        while not self._services.draining:
            try:
                if not released:
                    await self._services.writer.act(leasing.release, (self._channel,), spends=False)
                    released = True
                sent = await self.send_some()
            except AppError as problem:
                log.warning("anpi.channel_unavailable", channel=self._channel, reason=problem.code)
                await asyncio.sleep(TROUBLE_SECONDS)
            except Exception as problem:
                # Nobody else would go on; what was taken is free again after its lease.
                log.error("anpi.channel_failed", channel=self._channel, exc_info=problem)
                await asyncio.sleep(TROUBLE_SECONDS)
            else:
                if not sent:
                    await self._services.wakeups.sleep(f"anpi {self._channel}", IDLE_SECONDS)

    async def send_some(self) -> bool:
        """Take some and deal with them; whether there may be more."""
        alone = self._services.writer.alone
        load: Load = await alone(leasing.step, self._name, (), (), self._shares, first=True)
        if not load.taken:
            # Those that were taken may all have been over.
            return bool(load.full)
        results = await self._deal(load)
        await alone(leasing.step, self._name, results, first=True)
        return True


def result(taken: Taken, state: State, error: str = "", *, again: bool = False) -> Result:
    """What has become of one that was taken."""
    return Result(taken.id, taken.incident, taken.account, state, error, again, tries=taken.tries)
