"""What the ground itself does at its times: forgetting what has ended."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete

from server import setup_code
from server.auth import codes, revocation, session_actions, sessions
from server.data.batch import Steps
from server.data.transaction import Transaction
from server.module import Tick
from server.services import Services
from server.work import mail
from server.work.tables import processes

PROCESSES_KEPT = timedelta(days=1)


async def forget(services: Services) -> None:
    """Ended sessions, old tries, revocations that everybody has read, processes that have gone,
    mails whose fate was decided: one step each."""
    idle = timedelta(days=services.settings.session_idle_days)

    def steps() -> Steps:
        yield lambda tx: sessions.forget_ended(tx, idle)
        yield session_actions.forget_old_tries
        yield codes.forget_old
        yield revocation.forget_old
        yield forget_processes
        yield mail.forget_old

    await services.writer.bulk(steps())


def forget_processes(tx: Transaction) -> None:
    """Whoever has not been seen for a day does not come back under this name."""
    tx.connection.execute(delete(processes).where(processes.c.seen_at < tx.now - PROCESSES_KEPT))


TICKS = (Tick("forget", timedelta(hours=1), forget), setup_code.TICK)
