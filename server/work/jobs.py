"""Work that outlives the request that asked for it: a row, taken by one worker at a time, done at least once.

The row is written in the transaction of its cause (``add``). A worker takes it under a lease: when the worker
dies, the lease ends and another takes it. A kind's worker therefore does nothing that cannot be repeated.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
import structlog
from sqlalchemy import delete, insert, or_, select, update

from server.data.transaction import Transaction
from server.services import Services
from server.work.tables import jobs

QUEUE = "jobs"
LEASE = timedelta(minutes=2)
LONGEST = timedelta(minutes=15)
"""A job that takes longer is taken to hang; long work is several jobs."""
IDLE_SECONDS = 5.0
TRIES_LIMIT = 10

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Job:
    id: int
    kind: str
    body: Any
    tries: int


def add(tx: Transaction, kind: str, body: Any, due: datetime | None = None) -> None:
    """Have this done after the commit, by whichever process works. ``body`` must be JSON."""
    add_all(tx, kind, [body], due)


def add_all(tx: Transaction, kind: str, bodies: Iterable[Any], due: datetime | None = None) -> None:
    """The same for several, in one statement."""
    shared = {"kind": kind, "due_at": due or tx.now}
    rows = [{**shared, "body": msgspec.json.encode(body).decode()} for body in bodies]
    if rows:
        tx.connection.execute(insert(jobs), rows)
        tx.wake(QUEUE)


def claim(tx: Transaction, worker: str, kinds: list[str]) -> Job | None:
    """Take a job that is due and that nobody holds. One that has killed its workers again and again is given up."""
    free = or_(jobs.c.leased_until.is_(None), jobs.c.leased_until <= tx.now)
    waiting = (jobs.c.due_at <= tx.now, free, jobs.c.kind.in_(kinds), jobs.c.failed == "")
    tx.connection.execute(update(jobs).where(*waiting, jobs.c.tries >= TRIES_LIMIT).values(failed="gave up"))
    first = select(jobs.c.id).where(*waiting).order_by(jobs.c.due_at, jobs.c.id).limit(1)
    id = tx.connection.execute(first.with_for_update(skip_locked=True)).scalar()
    if id is None:
        return None
    taken = {"leased_until": tx.now + LEASE, "leased_by": worker, "tries": jobs.c.tries + 1}
    held = update(jobs).where(jobs.c.id == id).values(taken)
    row = tx.connection.execute(held.returning(jobs.c.id, jobs.c.kind, jobs.c.body, jobs.c.tries)).one()
    return Job(row.id, row.kind, msgspec.json.decode(row.body), row.tries)


def renew(tx: Transaction, worker: str, job: Job) -> None:
    """The worker lives, and is still at it."""
    held = (jobs.c.id == job.id, jobs.c.leased_by == worker)
    tx.connection.execute(update(jobs).where(*held).values(leased_until=tx.now + LEASE))


def finish(tx: Transaction, worker: str, job: Job) -> None:
    """The job is done, unless another has taken it over meanwhile."""
    tx.connection.execute(delete(jobs).where(jobs.c.id == job.id, jobs.c.leased_by == worker))


def postpone(tx: Transaction, worker: str, job: Job, reason: str) -> None:
    """The job failed: again later, each time after a longer pause; given up after ten tries, and kept."""
    pause = timedelta(seconds=min(3600, 2**job.tries))
    given_up = reason if job.tries >= TRIES_LIMIT else ""
    held = (jobs.c.id == job.id, jobs.c.leased_by == worker)
    values = {"due_at": tx.now + pause, "leased_until": None, "failed": given_up}
    tx.connection.execute(update(jobs).where(*held).values(**values))


class Worker:
    """Does the jobs of every module, one after the other, until it is stopped."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._name = secrets.token_hex(8)
        self._workers = {kind: work for module in services.modules for kind, work in module.jobs.items()}

    async def run(self) -> None:
        """Until the process drains; a job that is under way then is done first. Cancelled in the midst of one, it
        leaves it to another, after the lease."""
        while not self._services.draining:
            try:
                worked = bool(self._workers) and await self.work_one()
            except Exception as problem:
                # The database may be away for a while; nobody else would take the jobs up again.
                log.warning("jobs.unavailable", error=repr(problem))
                worked = False
            if not worked:
                await self._services.wakeups.sleep(QUEUE, IDLE_SECONDS)

    async def work_one(self) -> bool:
        """Take one job and do it; whether there was one."""
        job = await self._services.writer.act(claim, self._name, list(self._workers), spends=False)
        if job is None:
            return False
        renewing = asyncio.create_task(self._renew(job), name="lease")
        try:
            await self._do(job)
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, return_exceptions=True)
        return True

    async def _do(self, job: Job) -> None:
        writer = self._services.writer
        try:
            async with asyncio.timeout(LONGEST.total_seconds()):
                await self._workers[job.kind](self._services, job.body)
        except Exception as problem:
            log.error("job.failed", job=job.id, kind=job.kind, tries=job.tries, exc_info=problem)
            await writer.act(postpone, self._name, job, repr(problem)[:500], spends=False)
        else:
            await writer.act(finish, self._name, job, spends=False)

    async def _renew(self, job: Job) -> None:
        while True:
            await asyncio.sleep(LEASE.total_seconds() / 3)
            try:
                await self._services.writer.act(renew, self._name, job, spends=False)
            except Exception as problem:
                log.warning("job.not_renewed", job=job.id, error=repr(problem))
