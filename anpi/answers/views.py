"""What a link shows: asked of the database for all who open one at the same moment together.

A thousand people open their links within a second. One question for each would keep the readers' threads busy with
nothing but themselves; so those who come while a question is under way are asked for by the next one.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any, Literal

from sqlalchemy import Connection, Select, select

from anpi import settings, tables
from anpi.answers.tokens import LIVES_AFTER, Ticket
from anpi.model import Incident
from anpi.queries import open_and_named
from server.auth.model import State
from server.auth.tables import accounts
from server.data.sets import key_rows, packed
from server.errors import Busy
from server.services import Services

Place = tuple[int, int]
"""An incident and an account."""

RECENT = 20_000
RECENT_SECONDS = 600.0
"""For how long it is remembered what somebody's page showed: he answers it within minutes."""
ASKED_AT_MOST = 500
"""People in one question."""
WAITING_LIMIT = 5_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody's link opens: the form of ``incident``, or that it is over."""

    incident: Incident
    state: Literal["open", "closed"]
    name: str
    language: str
    emergency: str


def shown(connection: Connection, places: Iterable[Place], now: datetime) -> dict[Place, Shown]:
    """What each of these links opens (A13): the newest open real check that asks the person, else its own. Who is
    left out has no right to see anything."""
    wanted = set(places)
    people = _people(connection, {account for _, account in wanted})
    known = {each.id: each for each in open_and_named(connection, {incident for incident, _ in wanted})}
    asked = _asked(connection, set(people), known)
    emergency = settings.read(connection).emergency_number
    found: dict[Place, Shown] = {}
    for incident_id, account in wanted:
        own, person = known.get(incident_id), people.get(account)
        asks = asked.get(account, set())
        if person is None or own is None or incident_id not in asks or _too_old(own, now):
            continue
        real = [id for id in asks if known[id].is_open and not known[id].drill]
        # What was taken back opens only when nothing else asks.
        opened = known[max(real, key=lambda id: (known[id].cancelled_at is None, id))] if real else own
        state: Literal["open", "closed"] = "open" if opened.is_open else "closed"
        found[incident_id, account] = Shown(opened, state, person[0], person[1], emergency)
    return found


def _too_old(incident: Incident, now: datetime) -> bool:
    return incident.completed_at is not None and now - incident.completed_at > LIVES_AFTER


def _people(connection: Connection, ids: set[int]) -> dict[int, tuple[str, str]]:
    rows = connection.execute(_named(connection.dialect.name), {"keys": packed(sorted(ids))})
    return {row.id: (row.name, row.language) for row in rows}


@cache
def _named(dialect: str) -> Select[Any]:
    keys, a = key_rows(dialect, int), accounts.c
    wanted = select(a.id, a.name, a.language).select_from(keys.join(accounts, a.id == keys.c.k0))
    return wanted.where(a.state != State.DELETED.value)


def _asked(connection: Connection, people: set[int], known: dict[int, Incident]) -> dict[int, set[int]]:
    """Which of the known incidents ask each of these people."""
    given = {"who": packed(sorted(people)), "which": packed(sorted(known))}
    asked: dict[int, set[int]] = {}
    for row in connection.execute(_asking(connection.dialect.name), given):
        asked.setdefault(row.account_id, set()).add(row.incident_id)
    return asked


@cache
def _asking(dialect: str) -> Select[Any]:
    t = tables.targets.c
    who, which = key_rows(dialect, int, name="who"), key_rows(dialect, int, name="which")
    joined = who.join(tables.targets, t.account_id == who.c.k0)
    return select(t.account_id, t.incident_id).select_from(joined).where(t.incident_id.in_(select(which.c.k0)))


class Views:
    """The questions of one process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting: dict[Place, list[asyncio.Future[Shown | None]]] = {}
        self._recent: OrderedDict[Place, tuple[float, Shown]] = OrderedDict()
        self._task: asyncio.Task[None] | None = None

    async def of(self, ticket: Ticket) -> Shown | None:
        """What the ticket opens now; None: nothing that may be seen."""
        if len(self._waiting) >= WAITING_LIMIT:
            raise Busy(retry_ms=2000)
        answer: asyncio.Future[Shown | None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault((ticket.incident, ticket.account), []).append(answer)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._ask(), name="anpi links")
        return await answer

    async def lately(self, ticket: Ticket) -> Shown | None:
        """What the ticket has opened lately, else what it opens now: to speak of an answer, not to decide on it."""
        known = self._recent.get((ticket.incident, ticket.account))
        if known is not None and asyncio.get_running_loop().time() - known[0] < RECENT_SECONDS:
            return known[1]
        return await self.of(ticket)

    async def through(self, shown: Shown, incident: int) -> Shown:
        """The same with the check whose form was sent: since it was opened another may have taken its place."""
        if incident == shown.incident.id:
            return shown
        known = await self._services.readers.ask(open_and_named, [incident])
        return next((replace(shown, incident=each) for each in known if each.id == incident), shown)

    async def stop(self) -> None:
        """Whoever waits is told nothing."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        for each in (each for futures in self._waiting.values() for each in futures):
            each.cancel()
        self._waiting.clear()

    async def _ask(self) -> None:
        while self._waiting:
            taken = dict(list(self._waiting.items())[:ASKED_AT_MOST])
            for place in taken:
                del self._waiting[place]
            await self._answer(taken)

    async def _answer(self, taken: dict[Place, list[asyncio.Future[Shown | None]]]) -> None:
        waiting = [(place, each) for place, futures in taken.items() for each in futures]
        try:
            found = await self._services.readers.ask(shown, list(taken), self._services.clock())
        except BaseException as problem:
            for _, each in waiting:
                if not each.done():
                    each.set_exception(problem) if isinstance(problem, Exception) else each.cancel()
            if not isinstance(problem, Exception):
                raise
            return
        for place, each in waiting:
            if not each.done():
                each.set_result(found.get(place))
        self._remember(found)

    def _remember(self, found: dict[Place, Shown]) -> None:
        now = asyncio.get_running_loop().time()
        for place, each in found.items():
            self._recent[place] = (now, each)
            self._recent.move_to_end(place)
        while len(self._recent) > RECENT:
            self._recent.popitem(last=False)
