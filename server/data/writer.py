"""The one writer of a process: everything that changes the database passes through here, in groups.

A group is up to 256 requests in the order of their arrival, one transaction, one commit, one fsync; then the
answers. Nothing is announced and nobody is answered before the commit has returned (laws 1 and 3). There are
two lanes: people (talk, answers, sign-in) and bulk, whose jobs are cut into steps of at most ~20 ms; between
two steps all that waits in the people's lane goes first.

Why a thread and synchronous Core: 2,400 commits/s one by one and 61,000 rows/s in groups of 64, against 423/s
with SQLAlchemy's asyncio and aiosqlite.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from server.clock import Clock
from server.data.batch import Batch, Steps
from server.data.checkpoint import Checkpointer
from server.data.failures import Failure, classify
from server.data.transaction import Event, Revoked, Transaction
from server.errors import AppError, Busy, Unavailable

GROUP_LIMIT = 256
WAITING_LIMIT = 20_000
ATTEMPTS = 3

log = structlog.get_logger()

Done = Callable[[Any], None]


@dataclass(slots=True)
class Waiting:
    """A request in the people's lane. ``done`` is called on the loop with the result or the exception."""

    kind: Batch | None
    work: Any
    origin: str | None
    done: Done


@dataclass(slots=True)
class Outcome:
    """What a group has come to: answers, and, when it was committed, what is to be announced."""

    answers: list[tuple[Done, Any]]
    events: list[Event] = field(default_factory=list)
    revoked: list[Revoked] = field(default_factory=list)
    woken: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _BulkJob:
    steps: Steps
    done: Done
    last: Any = None


_WAKE = object()
_STOP = object()


class Writer:
    """Takes work on the loop, does it in its thread, answers on the loop.

    ``announce`` is called on the loop with each committed ``Outcome``, before its answers are given.
    """

    def __init__(self, engine: Engine, clock: Clock, announce: Callable[[Outcome], None]) -> None:
        self._engine = engine
        self._checkpointer = Checkpointer(engine.url)
        self._clock = clock
        self._announce = announce
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._backlog: deque[Waiting] = deque()
        self._bulk: deque[_BulkJob] = deque()
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._connection: Connection | None = None
        self._latest = datetime.min
        self._stopping = False
        self.waiting = 0

    # ------------------------------------------------------------ on the loop

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open the connection and begin; a database that cannot be opened raises here."""
        self._loop = loop
        self._connection = self._engine.connect()
        self._thread.start()

    async def stop(self) -> None:
        """Finish what waits in the people's lane, then end. Bulk jobs stop between two steps."""
        if not self._thread.is_alive():
            return
        self._stopping = True
        self._queue.put(_STOP)
        await asyncio.get_running_loop().run_in_executor(None, self._thread.join)
        self._engine.dispose()

    def submit(self, waiting: Waiting) -> None:
        """Queue a request without waiting for it. Raises ``Busy`` when too much waits already."""
        if self._stopping:
            raise Unavailable()
        if self.waiting >= WAITING_LIMIT:
            raise Busy(retry_ms=2000)
        self.waiting += 1
        self._queue.put(waiting)

    async def act(self, action: Callable[..., Any], *args: Any, origin: str | None = None, **kwargs: Any) -> Any:
        """Run ``action(tx, *args, **kwargs)`` and return its result once it is durable."""
        return await self._wait_for(None, partial(_call, action, args, kwargs), origin)

    async def ask(self, batch: Batch, request: Any, origin: str | None = None) -> Any:
        """Put one request into a batch and return its result once it is durable."""
        return await self._wait_for(batch, request, origin)

    async def bulk(self, steps: Steps) -> Any:
        """Run a bulk job to its end; returns what the generator returned."""
        if self._stopping:
            raise Unavailable()
        answer = self._future()
        self._bulk.append(_BulkJob(steps, partial(_resolve, answer)))
        self._queue.put(_WAKE)
        return await answer

    async def _wait_for(self, kind: Batch | None, work: Any, origin: str | None) -> Any:
        answer = self._future()
        self.submit(Waiting(kind, work, origin, partial(_resolve, answer)))
        return await answer

    def _future(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    def _deliver(self, outcome: Outcome) -> None:
        self.waiting -= len(outcome.answers)
        self._announce(outcome)
        for done, answer in outcome.answers:
            done(answer)

    def _deliver_bulk(self, done: Done, answer: Any) -> None:
        done(answer)

    # ------------------------------------------------------------ in the thread

    def _work(self) -> None:
        while True:
            first = self._next()
            if first is _STOP:
                break
            if first is not None:
                self._settle(self._group(first))
            elif self._bulk:
                self._step(self._bulk.popleft())
        self._leave()

    def _next(self) -> Any:
        """The next request; None when only a bulk step can be done."""
        if self._backlog:
            return self._backlog.popleft()
        while True:
            try:
                item = self._queue.get(block=not self._bulk)
            except queue.Empty:
                return None
            # A wake-up only unblocks: whoever stands behind it in the people's lane still goes first.
            if item is not _WAKE:
                return item

    def _group(self, first: Waiting) -> list[Waiting]:
        """The requests that share a transaction with ``first``, in the order of arrival.

        It ends before a request whose connection already has one of another kind in it: kinds are run one
        after the other, and nobody overtakes himself.
        """
        group = [first]
        kinds = {first.origin: first.kind} if first.origin is not None else {}
        while len(group) < GROUP_LIMIT:
            item = self._take()
            if item is None:
                break
            if item.origin is not None and kinds.setdefault(item.origin, item.kind) is not item.kind:
                self._backlog.appendleft(item)
                break
            group.append(item)
        return group

    def _take(self) -> Waiting | None:
        if self._backlog:
            return self._backlog.popleft()
        while True:
            try:
                item = self._queue.get_nowait()
            except queue.Empty:
                return None
            if item is _STOP:
                self._queue.put(_STOP)
                return None
            if isinstance(item, Waiting):
                return item

    def _settle(self, group: list[Waiting]) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._hand_over(self._commit(group))
            except Exception as problem:
                failure = classify(problem)
                self._recover(failure)
                if failure is Failure.BUG:
                    return self._isolate(group, problem)
                if failure is Failure.DISK or attempt == ATTEMPTS:
                    log.error("writer.unavailable", requests=len(group), error=str(_cause(problem)))
                    return self._hand_over(Outcome([(waiting.done, Unavailable()) for waiting in group]))
                log.warning("writer.retry", attempt=attempt, error=str(_cause(problem)))
        return None

    def _isolate(self, group: list[Waiting], problem: Exception) -> None:
        """Halve the group until the poisoned request fails alone: one by one would be 256 fsyncs."""
        if len(group) == 1:
            log.error("writer.bug", exc_info=problem)
            return self._hand_over(Outcome([(group[0].done, problem)]))
        middle = len(group) // 2
        self._settle(group[:middle])
        self._settle(group[middle:])

    def _commit(self, group: list[Waiting]) -> Outcome:
        assert self._connection is not None
        with self._connection.begin():
            tx = Transaction(self._connection, self._now())
            answers = _run(tx, group)
        self._checkpoint()
        return Outcome(answers, tx.events, tx.revoked, tx.woken)

    def _checkpoint(self) -> None:
        """Committed is committed: trouble here is the next group's, which will meet it."""
        assert self._connection is not None
        try:
            self._checkpointer.after_commit(self._connection)
        except sqlite3.Error as problem:
            log.error("writer.checkpoint_failed", error=str(problem))

    def _now(self) -> datetime:
        """The moment of a group: asked once, and never earlier than the group before."""
        now = self._clock()
        self._latest = max(now, self._latest) if self._latest is not datetime.min else now
        return self._latest

    def _step(self, job: _BulkJob) -> None:
        try:
            step = job.steps.send(job.last)
        except StopIteration as end:
            return self._call(self._deliver_bulk, job.done, end.value)
        except Exception as problem:
            log.error("writer.bulk_bug", exc_info=problem)
            return self._call(self._deliver_bulk, job.done, problem)
        self._settle([Waiting(None, step, None, partial(self._step_done, job))])

    def _step_done(self, job: _BulkJob, result: Any) -> None:
        """On the loop: a step has been committed, or the job ends with its failure."""
        # ``_deliver`` has just taken it from the people's count, where a step never stood.
        self.waiting += 1
        if isinstance(result, Exception):
            job.steps.close()
            return job.done(result)
        job.last = result
        if self._stopping:
            return job.done(Unavailable())
        self._bulk.append(job)
        self._queue.put(_WAKE)

    def _recover(self, failure: Failure) -> None:
        """After trouble with the disk or the line, the connection's state is unknown: open it anew."""
        if failure is Failure.BUG or failure is Failure.CONFLICT:
            return
        try:
            if self._connection is not None:
                self._connection.invalidate()
                self._connection.close()
            self._connection = self._engine.connect()
        except DBAPIError as problem:
            log.error("writer.reopen_failed", error=str(problem.orig))

    def _leave(self) -> None:
        for job in self._bulk:
            self._call(self._deliver_bulk, job.done, Unavailable())
        if self._connection is not None:
            self._connection.close()

    def _hand_over(self, outcome: Outcome) -> None:
        self._call(self._deliver, outcome)

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            log.warning("writer.loop_closed")


def _run(tx: Transaction, group: list[Waiting]) -> list[tuple[Done, Any]]:
    """Do the whole group's work, kind by kind in the order of first appearance."""
    by_kind: dict[Batch | None, list[Waiting]] = {}
    for waiting in group:
        by_kind.setdefault(waiting.kind, []).append(waiting)
    answers: list[tuple[Done, Any]] = []
    for kind, members in by_kind.items():
        if kind is None:
            answers += [(waiting.done, _run_action(tx, waiting.work)) for waiting in members]
        else:
            results = kind.run(tx, [waiting.work for waiting in members])
            answers += [(waiting.done, result) for waiting, result in zip(members, results, strict=True)]
    _write_afterwards(tx, [answer for _, answer in answers])
    return answers


def _run_action(tx: Transaction, action: Callable[[Transaction], Any]) -> Any:
    """The action's result or its refusal; a refusal has undone its writes and its announcements."""
    mark = tx.mark()
    savepoint = tx.connection.begin_nested()
    try:
        result = action(tx)
        savepoint.commit()
        return result
    except AppError as refusal:
        savepoint.rollback()
        tx.unsay(mark)
        return refusal


def _write_afterwards(tx: Transaction, answers: list[Any]) -> None:
    """What must outlive a refusal: an audit line, a sign-in throttle."""
    for answer in answers:
        if isinstance(answer, AppError):
            for write in answer.afterwards:
                write(tx)


def _call(action: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], tx: Transaction) -> Any:
    return action(tx, *args, **kwargs)


def _resolve(future: asyncio.Future[Any], answer: Any) -> None:
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _cause(problem: Exception) -> object:
    return getattr(problem, "orig", problem)
