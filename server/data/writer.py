"""The one writer of a process: everything that changes the database passes through here, in groups.

A group is up to 256 requests in the order of their arrival, one transaction, one commit, one fsync; then the
answers. Nothing is announced and nobody is answered before the commit has returned (laws 1 and 3). There are
two lanes: people (talk, answers, sign-in) and bulk, whose jobs are cut into steps of at most ~20 ms, those of the
safety check first; between two steps all that waits in the people's lane goes first, but the bulk lane never stands
still: where people keep the writer busy without an end, a fifth of its time is bulk's.

Why a thread and synchronous Core: 2,400 commits/s one by one and 61,000 rows/s in groups of 64, against 423/s
with SQLAlchemy's asyncio and aiosqlite.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from sqlalchemy import Engine

from server.clock import Clock
from server.data.batch import Batch, Steps
from server.data.bulk_lane import BulkLane
from server.data.committing import Committer
from server.data.failures import Failure, classify, is_full
from server.data.group import Done, Outcome, Waiting, run_group
from server.data.transaction import Transaction
from server.errors import Busy, Unavailable
from server.meter import SECONDS, SIZES, Histogram

GROUP_LIMIT = 256
WAITING_LIMIT = 20_000
PEOPLE_FIRST_SECONDS, PEOPLE_FIRST_TIMES = 0.02, 4
"""For so long, and for so many times as long as its last step took, bulk waits for people, and then no longer.
Without an end to it the talk log was not numbered at all at 5,000 messages/s."""
PAUSES = (0.05, 0.5, 0.0)
"""Seconds after each try that PostgreSQL undid or lost; after the last, everybody hears ``unavailable``."""

log = structlog.get_logger()


@dataclass(slots=True)
class _BulkJob:
    steps: Steps
    done: Done
    first: bool
    last: Any = None


_WAKE = object()
_STOP = object()


class Writer:
    """Takes work on the loop, does it in its thread, answers on the loop.

    ``announce`` is called on the loop with each committed ``Outcome``, before its answers are given.
    ``disk_failed`` is called in the thread when the disk did not take a group, with whether it was full and somebody
    in the group may spend the ballast; it says whether room has been made, so that trying again makes sense.
    """

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        announce: Callable[[Outcome], None],
        disk_failed: Callable[[bool], bool] = lambda spend: False,
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._committer = Committer(engine, clock)
        self._announce = announce
        self._disk_failed = disk_failed
        self._loop: asyncio.AbstractEventLoop | None = None
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._backlog: deque[Waiting] = deque()
        self._bulk: BulkLane[_BulkJob] = BulkLane()
        self._bulk_waits_since: float | None = None
        self._people_first = PEOPLE_FIRST_SECONDS
        self._thread = threading.Thread(target=self._work, name="writer", daemon=True)
        self._apart: set[threading.Thread] = set()
        self._stopping = False
        self._line_gone = False
        self.waiting = 0
        # What it has done, for whoever asks; counted in the thread, once a group.
        self.commit_seconds = Histogram(SECONDS)
        self.group_sizes = Histogram(SIZES)
        self.events: Counter[type] = Counter()

    # ------------------------------------------------------------ on the loop

    def start(self, loop: asyncio.AbstractEventLoop) -> None:
        """Open the connection and begin; a database that cannot be opened raises here."""
        self._loop = loop
        self._committer.open()
        self._thread.start()

    async def stop(self) -> None:
        """Finish what waits in the people's lane, then end. Bulk jobs stop between two steps.

        Without a line to the database the end is not waited for: all that waits hears ``unavailable``.
        """
        if not self._thread.is_alive():
            return
        self._stopping = True
        self._queue.put(_STOP)
        for thread in (self._thread, *self._apart):
            await asyncio.get_running_loop().run_in_executor(None, thread.join)
        self._engine.dispose()

    def submit(self, waiting: Waiting) -> None:
        """Queue a request without waiting for it. Raises ``Busy`` when too much waits already."""
        if self._stopping:
            raise Unavailable()
        if self.waiting >= WAITING_LIMIT:
            raise Busy(retry_ms=2000)
        self.waiting += 1
        self._queue.put(waiting)

    async def act(
        self, action: Callable[..., Any], *args: Any, origin: str | None = None, spends: bool = True, **kwargs: Any
    ) -> Any:
        """Run ``action(tx, *args, **kwargs)`` and return its result once it is durable.

        ``spends``: whether the ballast may be given up for it; not for what the server does by itself.
        """
        return await self._wait_for(None, partial(_call, action, args, kwargs), origin, spends)

    async def ask(self, batch: Batch, request: Any, origin: str | None = None, spends: bool = True) -> Any:
        """Put one request into a batch and return its result once it is durable."""
        return await self._wait_for(batch, request, origin, spends)

    async def bulk(self, steps: Steps, *, first: bool = False) -> Any:
        """Run a bulk job to its end; returns what the generator returned. ``first``: before the steps of others."""
        if self._stopping:
            raise Unavailable()
        answer = self._future()
        self._bulk.append(_BulkJob(steps, partial(resolve, answer), first))
        self._queue.put(_WAKE)
        return await answer

    async def alone(self, action: Callable[..., Any], *args: Any, first: bool = False) -> Any:
        """Run ``action(tx, *args)`` in a transaction of its own, in the bulk lane."""

        def steps() -> Steps:
            return (yield partial(_call, action, args, {}))

        return await self.bulk(steps(), first=first)

    async def apart(self, action: Callable[..., Any], *args: Any) -> Any:
        """The same for one that may take seconds: where the database has several writers, beside all the others.

        What it announces may come behind what others have announced since, as if another process had done it.
        """
        if self._engine.dialect.name == "sqlite":
            return await self.alone(action, *args)
        if self._stopping:
            raise Unavailable()
        answer = self._future()
        self.waiting += 1
        waiting = Waiting(None, partial(_call, action, args, {}), None, partial(resolve, answer), spends=False)
        thread = threading.Thread(target=self._beside, args=(waiting,), name="writer-apart", daemon=True)
        # Whoever waits for it may be gone before it is done; its thread is waited for all the same.
        self._apart = {each for each in self._apart if each.is_alive()} | {thread}
        thread.start()
        return await answer

    async def _wait_for(self, kind: Batch | None, work: Any, origin: str | None, spends: bool = True) -> Any:
        answer = self._future()
        self.submit(Waiting(kind, work, origin, partial(resolve, answer), spends))
        return await answer

    def _future(self) -> asyncio.Future[Any]:
        return asyncio.get_running_loop().create_future()

    def _deliver(self, outcome: Outcome) -> None:
        """One that fails must not take the answers of the others with it: they are durable."""
        self.waiting -= len(outcome.answers)
        _guarded(self._announce, outcome)
        for done, answer in outcome.answers:
            _guarded(done, answer)

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
                self._step(self._bulk.pop())
            # After the answers: nobody waits for it but who comes meanwhile.
            self._committer.tidy()
        self._leave()

    def _next(self) -> Any:
        """The next request; None when a bulk step is to be done."""
        if self._bulk_is_due():
            return None
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

    def _bulk_is_due(self) -> bool:
        """Whether people have kept the bulk lane waiting for so long that it goes first, for one step."""
        if not self._bulk:
            self._bulk_waits_since = None
            return False
        now = time.monotonic()
        if self._bulk_waits_since is None:
            self._bulk_waits_since = now
        return now - self._bulk_waits_since >= self._people_first

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

    def _beside(self, waiting: Waiting) -> None:
        """One request on a connection of its own, in a thread of its own."""
        committer = Committer(self._engine, self._clock)
        try:
            self._settle([waiting], committer)
        finally:
            committer.close()

    def _settle(self, group: list[Waiting], committer: Committer | None = None) -> None:
        committer = committer or self._committer
        if self._line_gone:
            return self._turn_away(group)
        for attempt, pause in enumerate(PAUSES, 1):
            try:
                return self._hand_over(self._commit(group, committer))
            except Exception as problem:
                failure = classify(problem)
                if failure in (Failure.LINE, Failure.DISK):
                    committer.discard()
                if failure is Failure.BUG:
                    return self._isolate(group, problem)
                # A line that cannot be had takes ten seconds each time, and nobody waits so long for our end.
                self._line_gone = self._stopping and failure is Failure.LINE
                hopeless = self._line_gone or (failure is Failure.DISK and not self._has_room_again(problem, group))
                if hopeless or attempt == len(PAUSES):
                    log.error("writer.unavailable", requests=len(group), error=str(_cause(problem)))
                    return self._turn_away(group)
                log.warning("writer.retry", attempt=attempt, error=str(_cause(problem)))
            time.sleep(pause)
        return None

    def _turn_away(self, group: list[Waiting]) -> None:
        self._hand_over(Outcome([(waiting.done, Unavailable()) for waiting in group]))

    def _has_room_again(self, problem: Exception, group: list[Waiting]) -> bool:
        return self._disk_failed(is_full(problem) and any(waiting.spends for waiting in group))

    def _isolate(self, group: list[Waiting], problem: Exception) -> None:
        """Halve the group until the poisoned request fails alone: one by one would be 256 fsyncs."""
        if len(group) == 1:
            log.error("writer.bug", exc_info=problem)
            return self._hand_over(Outcome([(group[0].done, problem)]))
        middle = len(group) // 2
        self._settle(group[:middle])
        self._settle(group[middle:])

    def _commit(self, group: list[Waiting], committer: Committer) -> Outcome:
        began = time.perf_counter()
        answers, tx = committer.commit(partial(run_group, group=group))
        # What is done apart is no group, and another thread's: it is not counted.
        if committer is self._committer:
            self.commit_seconds.observe(time.perf_counter() - began)
            self.group_sizes.observe(len(group))
            self.events.update([type(event.frame) for event in tx.events])
        return Outcome(answers, tx.events, tx.revoked, tx.woken, tx.notes)

    def _step(self, job: _BulkJob) -> None:
        began = time.monotonic()
        try:
            step = job.steps.send(job.last)
        except StopIteration as end:
            return self._call(self._deliver_bulk, job.done, end.value)
        except Exception as problem:
            log.error("writer.bulk_bug", exc_info=problem)
            return self._call(self._deliver_bulk, job.done, problem)
        self._settle([Waiting(None, step, None, partial(self._step_done, job), spends=False)])
        self._bulk_waits_since = None
        self._people_first = max(PEOPLE_FIRST_SECONDS, PEOPLE_FIRST_TIMES * (time.monotonic() - began))

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

    def _leave(self) -> None:
        for job in self._bulk:
            self._call(self._deliver_bulk, job.done, Unavailable())
        self._committer.close()

    def _hand_over(self, outcome: Outcome) -> None:
        self._call(self._deliver, outcome)

    def _call(self, function: Callable[..., None], *args: Any) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(function, *args)
        except RuntimeError:
            log.warning("writer.loop_closed")


def _guarded(function: Callable[[Any], None], argument: Any) -> None:
    try:
        function(argument)
    except Exception as problem:
        log.error("writer.delivery_failed", exc_info=problem)


def _call(action: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any], tx: Transaction) -> Any:
    return action(tx, *args, **kwargs)


def resolve(future: asyncio.Future[Any], answer: Any) -> None:
    """A request's ``done`` for whoever awaits ``future``: a result, or a refusal that is raised."""
    if future.done():
        return
    if isinstance(answer, Exception):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _cause(problem: Exception) -> object:
    return getattr(problem, "orig", problem)
