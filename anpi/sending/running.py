"""Which processes send, and by which channels: the one that owns an embedded database, else those that work."""

from __future__ import annotations

import structlog

from anpi.sending import lmtp
from anpi.sending.channels import IDLE_SECONDS, TROUBLE_SECONDS, Sender
from anpi.sending.dispatching import Dispatcher
from anpi.sending.pushing import AT_ONCE as PUSHES
from anpi.sending.pushing import Pusher
from anpi.sending.talking import talker
from anpi.sending.texting import AT_ONCE as TEXTS
from anpi.sending.texting import Texter
from server.errors import AppError
from server.services import Services

log = structlog.get_logger()


async def send_mails(services: Services) -> None:
    """Until the process drains."""
    if sends(services):
        await Dispatcher(services).run()


async def wake_browsers(services: Services) -> None:
    """Until the process drains; not at all where nothing may go out."""
    if sends(services) and services.outbound.is_open:
        await Sender(services, "push", PUSHES, Pusher(services).deal).run()


async def send_texts(services: Services) -> None:
    """Until the process drains; not at all where no service is named."""
    if sends(services) and services.settings.anpi_sms_url:
        await Sender(services, "sms", TEXTS, Texter(services).deal).run()


async def say_in_talk(services: Services) -> None:
    """Until the process drains; not at all where nobody talks."""
    who = talker(services) if sends(services) else None
    while who is not None and not services.draining:
        seconds = IDLE_SECONDS
        try:
            await who.say_waiting()
        except AppError as problem:
            log.warning("anpi.channel_unavailable", channel="talk", reason=problem.code)
            seconds = TROUBLE_SECONDS
        except Exception as problem:
            log.error("anpi.channel_failed", channel="talk", exc_info=problem)
            seconds = TROUBLE_SECONDS
        await services.wakeups.sleep("anpi talk", seconds)


async def take_in_returns(services: Services) -> None:
    """Until the process drains; not at all where no address to listen on is set."""
    if sends(services) and services.settings.anpi_lmtp and services.settings.anpi_return_address:
        await lmtp.listen(services)


def sends(services: Services) -> bool:
    """Whether this process does what waits."""
    return services.settings.embedded or services.probe.role == "worker"
