"""What many people are found by is read anew in steps, after the change that asked for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from directory import changes, events
from directory.search import indexing, waiting
from server.data.transaction import Transaction
from server.module import Tick
from server.services import Services
from server.work import jobs
from server.work.tables import jobs as job_rows

REINDEX = "directory.reindex"
PEOPLE_PART: tuple[events.Part, ...] = ("people",)


def soon(tx: Transaction) -> None:
    """What has been marked is done after the commit, by whoever works."""
    jobs.add(tx, REINDEX, {})


async def reindex(services: Services, body: Any) -> None:
    """Again is harmless: what has been done is not marked any more. Open results are asked for anew afterwards."""
    if await services.writer.bulk(indexing.steps()):
        await services.writer.act(_tell, spends=False)


def _tell(tx: Transaction) -> None:
    changes.reload(tx, changes.next_rev(tx), None, PEOPLE_PART)


def take_up(tx: Transaction) -> None:
    """Whoever waits although no job is to read him: one that was given up, or a change in the midst of the last."""
    waits = waiting.is_anybody_waiting(tx.connection) or waiting.held(tx.connection)
    planned = select(job_rows.c.id).where(job_rows.c.kind == REINDEX, job_rows.c.failed == "").limit(1)
    if waits and tx.connection.execute(planned).first() is None:
        soon(tx)


async def _upkeep(services: Services) -> None:
    await services.writer.alone(take_up)


TICKS = (Tick("directory.reindex", timedelta(minutes=10), _upkeep),)
JOBS: Mapping[str, Callable[[Services, Any], Awaitable[None]]] = {REINDEX: reindex}
