"""The crowd at work: everybody opens his link and answers at his moment, by the clock of the drill."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from anpi.drill.clock import DrillClock
from anpi.drill.crowd import Said, Step
from anpi.drill.phones import Phones, Unanswered
from anpi.drill.sink import Sink

AT_ONCE = 64
SLACK = timedelta(seconds=3)
"""How far the clock may go before what is due has happened."""
NO_MAIL_YET = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Given:
    """An answer that the page has thanked for: it was taken between these two moments."""

    address: str
    said: Said
    after: datetime
    before: datetime


@dataclass
class Answers:
    """All that was given, and what went wrong, by what was wrong."""

    given: list[Given] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)


@dataclass(order=True, slots=True)
class _Turn:
    """Something to be done at its moment: opening a link, or pressing the button of the page that was opened."""

    due: datetime
    number: int
    step: Step = field(compare=False)
    token: str = field(default="", compare=False)
    nonce: str = field(default="", compare=False)


class Crowd:
    """Does what was planned, ``AT_ONCE`` at a time; the clock waits for it."""

    def __init__(self, clock: DrillClock, sink: Sink, phones: Phones, begun: datetime, patience: timedelta) -> None:
        """``patience``: after so long somebody without a mail gives up."""
        self.answers = Answers()
        self._clock, self._sink, self._phones = clock, sink, phones
        self._begun, self._end = begun, begun + patience
        self._numbers = count()
        self._turns: list[_Turn] = []
        self._doing: dict[int, datetime] = {}
        self._free = asyncio.Semaphore(AT_ONCE)
        self._moved = asyncio.Event()

    async def run(self, steps: list[Step]) -> Answers:
        """Until everybody has done what he was to do."""
        for step in steps:
            self._add(_Turn(self._begun + timedelta(seconds=step.opens), next(self._numbers), step))
        try:
            async with asyncio.TaskGroup() as group:
                while self._turns or self._doing:
                    await self._next(group)
        finally:
            self._clock.hold(None)
        return self.answers

    async def _next(self, group: asyncio.TaskGroup) -> None:
        """Begin whatever is due, then wait for the next moment, or until something has been done."""
        while self._turns and self._turns[0].due <= self._clock():
            await self._free.acquire()
            turn = heapq.heappop(self._turns)
            self._doing[turn.number] = turn.due
            group.create_task(self._do(turn))
        self._hold()
        self._moved.clear()
        waits: list[asyncio.Task[Any]] = [asyncio.create_task(self._moved.wait())]
        if self._turns:
            waits.append(asyncio.create_task(self._clock.until(self._turns[0].due)))
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def _do(self, turn: _Turn) -> None:
        try:
            if turn.nonce:
                await self._press(turn)
            else:
                await self._open(turn)
        except Unanswered as problem:
            self.answers.failed[str(problem)] += 1
        finally:
            del self._doing[turn.number]
            self._free.release()
            self._hold()
            self._moved.set()

    async def _open(self, turn: _Turn) -> None:
        token = self._sink.token(turn.step.address)
        if token is None:
            return self._wait_for_mail(turn)
        if not token:
            raise Unanswered("the mail has no link")
        nonce = await self._phones.open(token)
        due = self._clock() + timedelta(seconds=turn.step.reads)
        return self._add(_Turn(due, next(self._numbers), turn.step, token, nonce))

    async def _press(self, turn: _Turn) -> None:
        after = self._clock()
        await self._phones.press(turn.token, turn.nonce, turn.step.said)
        self.answers.given.append(Given(turn.step.address, turn.step.said, after, self._clock()))

    def _wait_for_mail(self, turn: _Turn) -> None:
        if turn.due >= self._end:
            raise Unanswered("no mail came")
        self._add(_Turn(turn.due + NO_MAIL_YET, next(self._numbers), turn.step))

    def _add(self, turn: _Turn) -> None:
        heapq.heappush(self._turns, turn)

    def _hold(self) -> None:
        """The clock goes no further than the oldest thing that is still to be done."""
        dues = [*self._doing.values(), *(turn.due for turn in self._turns[:1])]
        self._clock.hold(min(dues) + SLACK if dues else None)
