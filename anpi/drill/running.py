"""A whole drill: a company, a server, mails, answers, and what came of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from anpi import queries
from anpi.board import asking
from anpi.drill import company, counting
from anpi.drill.answering import Answers, Crowd
from anpi.drill.clock import DrillClock
from anpi.drill.crowd import Wish, plan
from anpi.drill.figures import differences, done, told
from anpi.drill.phones import Phones
from anpi.drill.report import Report, report
from anpi.drill.sink import Sink
from server.auth.model import operator
from server.clock import system_clock
from server.run import listen, serving
from server.services import Services

SENDING_SECONDS, MAILS_A_SECOND = 60.0, 50
"""A drill ends when its mails take longer than so much, and the time for all at this pace."""
LOOK_SECONDS = 0.2
PATIENCE = timedelta(minutes=10)
"""How long after the last minute somebody waits for a mail that does not come."""

Say = Callable[[str], None]


class Stuck(Exception):
    """The drill cannot go on; the text says why."""


@dataclass
class Drill:
    """A drill under way, with all that is needed to say what came of it."""

    wish: Wish
    services: Services
    clock: DrillClock
    sink: Sink
    say: Say
    incident: int = 0
    answers: Answers | None = None
    mail_seconds: float = 0.0

    async def run(self) -> None:
        """Ask everybody, and let those answer who want to."""
        addresses = await company.found(self.services, self.wish.people, self.wish.seed)
        self.say(f"{self.wish.people:,} people")
        steps = plan(sorted(addresses.values()), self.wish)
        self.incident = await company.ask_everybody(self.services, self.clock)
        asked = await self.services.readers.ask(queries.existing, self.incident)
        assert asked.sent_at is not None
        patience = timedelta(minutes=self.wish.minutes) + PATIENCE
        crowd = Crowd(self.clock, self.sink, Phones(self.services.settings.port), asked.sent_at, patience)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._hurry_when_sent())
                answering = group.create_task(crowd.run(steps))
        except* Stuck as stuck:
            raise stuck.exceptions[0] from None
        self.answers = answering.result()
        self.say(f"{len(self.answers.given):,} answers")

    async def report(self) -> Report:
        """What the product says, and in what it is contradicted by SQL and by the crowd."""
        assert self.answers is not None
        ask = self.services.readers.ask
        totals = await ask(asking.totals, operator("drill"), self.incident)
        counted = await ask(counting.counted, self.incident)
        since = await ask(counting.began, self.incident)
        crowd = done(self.answers, self.sink, self.wish.people, since)
        wrong = [*differences(told(totals), counted, crowd), *self._mailed_twice()]
        return report(totals, told(totals), self.sink.mails, self.mail_seconds, wrong)

    async def _hurry_when_sent(self) -> None:
        """Mails go in their own time, which nobody can shorten; afterwards the clock goes faster."""
        began = time.monotonic()
        longest = SENDING_SECONDS + self.wish.people / MAILS_A_SECOND
        while left := await self.services.readers.ask(counting.under_way, self.incident):
            if time.monotonic() - began > longest:
                raise Stuck(f"{left:,} mails have not gone after {longest:.0f} s")
            await asyncio.sleep(LOOK_SECONDS)
        self.mail_seconds = time.monotonic() - began
        self.say(f"{self.sink.mails:,} mails in {self.mail_seconds:.1f} s")
        self.clock.run(self.wish.speed)

    def _mailed_twice(self) -> list[str]:
        twice = sum(times > 1 for times in self.sink.arrived.values())
        return [f"{twice} people got more than one mail"] if twice else []


@asynccontextmanager
async def prepared(wish: Wish, folder: Path, say: Say) -> AsyncIterator[Drill]:
    """A server for the drill in an empty folder, while the block runs."""
    clock = DrillClock(system_clock())
    listener = listen("127.0.0.1", 0)
    async with Sink() as sink:
        settings = company.settings_for(folder, listener, sink.port)
        async with serving(settings, listener, clock) as services:
            yield Drill(wish, services, clock, sink, say)


async def drill(wish: Wish, folder: Path, say: Say) -> Report:
    """The whole of it, in an empty folder."""
    async with prepared(wish, folder, say) as under_way:
        await under_way.run()
        return await under_way.report()
