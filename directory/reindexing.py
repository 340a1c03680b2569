"""What many people are found by is read anew in steps, after the change that asked for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from directory.search import indexing
from server.data.transaction import Transaction
from server.services import Services
from server.work import jobs

REINDEX = "directory.reindex"


def soon(tx: Transaction) -> None:
    """What has been marked is done after the commit, by whoever works."""
    jobs.add(tx, REINDEX, {})


async def reindex(services: Services, body: Any) -> None:
    """Again is harmless: what has been done is not marked any more."""
    await services.writer.bulk(indexing.steps())


JOBS: Mapping[str, Callable[[Services, Any], Awaitable[None]]] = {REINDEX: reindex}
