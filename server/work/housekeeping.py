"""What the ground itself does at its times: forgetting what has ended."""

from __future__ import annotations

from datetime import timedelta

from server.auth import revocation, session_actions, sessions
from server.data.batch import Steps
from server.module import Tick
from server.services import Services


async def forget(services: Services) -> None:
    """Ended sessions, old tries, revocations that everybody has read: one step each."""
    idle = timedelta(days=services.settings.session_idle_days)

    def steps() -> Steps:
        yield lambda tx: sessions.forget_ended(tx, idle)
        yield session_actions.forget_old_tries
        yield revocation.forget_old

    await services.writer.bulk(steps())


TICKS = (Tick("forget", timedelta(hours=1), forget),)
