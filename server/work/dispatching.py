"""Who takes the mails that wait, one after the other, and hands them to the route."""

from __future__ import annotations

import secrets

import structlog

from server.errors import AppError
from server.services import Services
from server.work import mail
from server.work.mail import Mail, State
from server.work.smtp import Route, route_for
from server.work.smtp_verdicts import Later, Refused, RouteTrouble, Unanswered

PAUSE = "mail route"
"""What is slept on when there is no way out: a new mail is no reason to knock again, the end of the process is."""
IDLE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0

log = structlog.get_logger()


class Dispatcher:
    """Sends until it is stopped. Two of them, in one process or in several, never send the same mail at once."""

    def __init__(self, services: Services, route: Route | None = None) -> None:
        self._services = services
        self._route = route or route_for(services.settings)
        self._name = secrets.token_hex(8)
        self._troubles = 0

    async def run(self) -> None:
        """Until the process drains; a mail under way when it is cancelled is taken up by another after its lease."""
        try:
            while not self._services.draining:
                await self._turn()
        finally:
            await self._route.rest()

    async def send_one(self) -> bool:
        """Take one mail and hand it over; whether there was one. Raises ``RouteTrouble`` when there is no way."""
        taken: Mail | None = await self._services.writer.act(mail.claim, self._name, spends=False)
        if taken is None:
            return False
        try:
            state = await self._route.deliver(taken)
        except Refused as refusal:
            log.warning("mail.refused", mail=taken.id, kind=taken.kind, tries=taken.tries)
            await self._services.writer.act(mail.finish, self._name, taken, State.FAILED, str(refusal), spends=False)
        except Unanswered as silence:
            log.warning(
                "mail.unanswered", mail=taken.id, kind=taken.kind, tries=taken.tries, again=not taken.doubtful
            )
            await self._services.writer.act(mail.doubt, self._name, taken, str(silence), spends=False)
            raise
        except (Later, RouteTrouble) as reason:
            log.warning("mail.postponed", mail=taken.id, kind=taken.kind, tries=taken.tries)
            await self._services.writer.act(mail.postpone, self._name, taken, str(reason), spends=False)
            if isinstance(reason, RouteTrouble):
                raise
        else:
            log.info("mail.sent", mail=taken.id, kind=taken.kind, state=state, tries=taken.tries)
            await self._services.writer.act(mail.finish, self._name, taken, state, spends=False)
        return True

    async def _turn(self) -> None:
        try:
            sent = await self.send_one()
        except Exception as problem:
            # The relay or the database may be away for a while; nobody else would take the mails up again.
            return await self._wait(problem)
        self._troubles = 0
        if not sent:
            await self._route.rest()
            await self._services.wakeups.sleep(mail.QUEUE, IDLE_SECONDS)
        return None

    async def _wait(self, problem: Exception) -> None:
        """A little longer each time: hundreds of mails must not each knock at a door that is closed."""
        if isinstance(problem, RouteTrouble):
            log.warning("mail.route_trouble", reason=str(problem))
        elif isinstance(problem, AppError):
            log.warning("mail.unavailable", reason=problem.code)
        else:
            log.error("mail.failed", exc_info=problem)
        self._troubles += 1
        pause = min(2.0 ** min(self._troubles - 1, 10), LONGEST_PAUSE_SECONDS)
        await self._services.wakeups.sleep(PAUSE, pause)
