"""What follows a send, in steps: targets, badges and deliveries of ``STEP`` people at a time.

Each step is a transaction that begins where the last one ended, under the lock of the incident's row. So it does not
matter who does it, how many do it at once, or in which moment one of them dies: whoever looks next goes on.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby

import msgspec
import structlog
from sqlalchemy import Connection, or_, select, update

from anpi import earlier, events, queries, reach, reminding, settings, tables, targets
from anpi.model import Incident, badge
from anpi.queries import Send
from anpi.sending import deliveries, reaching
from anpi.sending.deliveries import Wanted
from anpi.sending.tables import deliveries as delivery_rows
from anpi.sending.words import ASK, CANCELLED
from anpi.sends import HIDDEN, QUEUE, Chosen
from anpi.targets import Answered, Asked, Silent
from directory.status import clear_status, set_status
from server.clock import zone
from server.data.batch import Steps
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import AppError
from server.services import Services

STEP = 150
"""People in one transaction: at most ~20 ms."""
AT_ONCE = 8
"""Sends of which steps are done in turn; further ones wait for the first to end."""
IDLE_SECONDS = 2.0

log = structlog.get_logger()


async def run(services: Services) -> None:
    """Prepare what there is to prepare, side by side, until the process drains."""
    under_way: dict[int, asyncio.Task[bool]] = {}
    try:
        while not services.draining:
            under_way = {id: task for id, task in under_way.items() if not task.done()}
            for id in await _waiting(services):
                if id not in under_way and len(under_way) < AT_ONCE:
                    under_way[id] = asyncio.create_task(_prepared(services, id), name=f"send {id}")
            await services.wakeups.sleep(QUEUE, IDLE_SECONDS)
    finally:
        # They end with the step that they are in; another goes on.
        await asyncio.gather(*under_way.values(), return_exceptions=True)


async def prepare_all(services: Services) -> bool:
    """Everything that has been begun, to its end; whether something could not be done."""
    done = [await _prepared(services, id) for id in await services.readers.ask(queries.preparing)]
    return not all(done)


async def _waiting(services: Services) -> list[int]:
    try:
        return await services.readers.ask(queries.preparing)
    except Exception as problem:
        # The database may be away for a while; nobody else would take it up again.
        log.warning("anpi.sends_wait", error=repr(problem))
        return []


async def _prepared(services: Services, id: int) -> bool:
    try:
        plan = await services.readers.ask(plan_of, id)
        # Clearing a drill's badges must not take every other step from those who are asked for real.
        await services.writer.bulk(steps(services, id, plan), first=plan.chosen.kind not in HIDDEN)
    except AppError as problem:
        # The database is away, or we are going.
        log.warning("anpi.sends_wait", send=id, error=repr(problem))
        return False
    except Exception as problem:
        # One that cannot be done must not hold up the others: it is tried again.
        log.error("anpi.send_failed", send=id, exc_info=problem)
        return False
    return True


@dataclass(frozen=True)
class Plan:
    """Whom a send means, read once: it may be everybody. ``ids``: of those who were found or picked, or whom areas
    mean, by number."""

    chosen: Chosen
    ids: list[int]


def plan_of(connection: Connection, id: int) -> Plan:
    chosen = msgspec.json.decode(queries.whom_of(connection, id), type=Chosen)
    if chosen.kind == "areas":
        return Plan(chosen, reach.numbers(connection, chosen.areas, chosen.unplaced))
    return Plan(chosen, chosen.ids)


def steps(services: Services, id: int, plan: Plan | None = None) -> Steps:
    """The steps of one send; what has been done is not done again."""
    while not services.draining and (yield partial(step, services, id, plan=plan)):
        pass


def step(services: Services, id: int, tx: Transaction, plan: Plan | None = None) -> bool:
    """The next people of a send; whether there are more."""
    send = queries.send(tx.connection, id)
    if send is None or send.state != "preparing":
        return False
    found = queries.locked(tx.connection, send.incident_id)
    # Read again, under the lock: another may have done this step meanwhile.
    send = queries.send(tx.connection, id)
    if send is None or send.state != "preparing":
        return False
    return _Step(services, tx, found, send, plan or plan_of(tx.connection, id)).run()


class _Step:
    """One step of one send."""

    def __init__(self, services: Services, tx: Transaction, found: Incident, send: Send, plan: Plan) -> None:
        self._services = services
        self._tx = tx
        self._found = found
        self._send = send
        self._chosen, self._ids = plan.chosen, plan.ids
        self._zone = zone(services.settings.time_zone)
        self._settings = settings.read(tx.connection)

    def run(self) -> bool:
        if self._send.act in ("ask", "again") and not self._found.is_running:
            # 完了, 中断 or 取消 while it was being prepared: nobody else is asked.
            return self._save(self._send.reached, 0, more=False)
        act = {
            "ask": self._ask,
            "again": self._again,
            "cancelled": self._tell_cancelled,
            "done": self._end,
            "badges": self._show_anew,
        }
        return act[self._send.act]()

    # ---------------------------------------------------------------- asking

    def _ask(self) -> bool:
        people = self._next_people()
        asked = targets.add(
            self._tx, self._found, self._send.id, self._places(people), self._again_at(self._tx.now), self._rev()
        )
        if asked:
            if self._found.asks:
                self._show(dict.fromkeys(asked, "unanswered"), dict.fromkeys(asked, self._tx.now))
                self._count_earlier(asked)
            self._deliver(ASK, asked)
        return self._save(people[-1] if people else self._send.reached, len(asked), more=len(people) == STEP)

    def _next_people(self) -> list[int]:
        """The next of those who may be asked, by number."""
        if self._chosen.kind == "all":
            last = self._chosen.last
            return targets.unasked_after(self._tx.connection, self._found.id, self._send.reached, last, STEP)
        first = bisect_right(self._ids, self._send.reached)
        return self._ids[first : first + STEP]

    def _count_earlier(self, asked: Sequence[int]) -> None:
        """Answers that were given before they were asked (A13)."""
        known = earlier.count(self._tx, self._found, asked, self._rev())
        self._show({each.account: self._badge(each) for each in known}, {each.account: each.at for each in known})

    def _show(self, states: dict[int, str], since: dict[int, datetime]) -> None:
        set_status(self._tx, self._found.id, states, since, drill=self._found.drill)

    def _badge(self, answered: Answered) -> str:
        return badge(answered.self, answered.help, self._settings.badge_detail)

    def _places(self, people: Sequence[int]) -> list[Asked]:
        """By which area each is counted; of a start by areas only those whom they mean."""
        known = reach.places(self._tx.connection, people)
        if self._chosen.kind != "areas":
            return [_asked(id, places[0] if (places := known.get(id)) else None) for id in people]
        hit = reach.hit(self._chosen.areas)
        by_area = [_asked(id, place) for id, places in known.items() if (place := hit.of(places))]
        return [*by_area, *(Asked(id) for id in people if id not in known and self._chosen.unplaced)]

    # ---------------------------------------------------------------- asking again

    def _again(self) -> bool:
        due = self._send.at if self._chosen.kind == "due" else None
        silent = targets.silent_after(self._tx.connection, self._found.id, self._send.reached, STEP, due)
        for round, group in _by_round(silent):
            self._deliver(round + 1, [each.account for each in group])
        if silent:
            again = [(each, self._again_at(each.asked_at)) for each in silent]
            targets.asked_again(self._tx, self._found.id, again, self._rev())
        return self._save(silent[-1].account if silent else self._send.reached, len(silent), more=len(silent) == STEP)

    # ---------------------------------------------------------------- 取消 and 完了

    def _tell_cancelled(self) -> bool:
        # Whatever a sender has taken before is in his hands, and written down, from here on.
        self._tx.lock(deliveries.LOCK)
        people = targets.after(self._tx.connection, self._found.id, self._send.reached, STEP)
        reached = self._reached(people)
        deliveries.add(self._tx, self._services.secrets, self._found.id, CANCELLED, reached)
        told = len({each.account_id for each in reached})
        return self._save(people[-1] if people else self._send.reached, told, more=len(people) == STEP)

    def _reached(self, people: Sequence[int]) -> list[Wanted]:
        """The addresses of these to which something has gone, or is going at this moment."""
        d = delivery_rows.c
        keys = key_rows(self._tx.dialect, int)
        gone = or_(d.state.in_(("sent", "written", "doubtful")), d.leased_by != "")
        wanted = (
            select(d.account_id, d.channel, d.slot, d.address, d.language)
            .select_from(keys.join(delivery_rows, d.account_id == keys.c.k0))
            # By the person's index: by the rounds' everybody would be read in each step.
            .where(d.incident_id == self._found.id, d.round + 0 < CANCELLED, gone)
            .distinct()
        )
        return [Wanted(*row) for row in self._tx.connection.execute(wanted, {"keys": packed(people)})]

    def _end(self) -> bool:
        people = targets.after(self._tx.connection, self._found.id, self._send.reached, STEP)
        if people:
            clear_status(self._tx, self._found.id, people)
            targets.end(self._tx, self._found.id, people, self._rev())
            deliveries.drop(self._tx, self._found.id, people)
        return self._save(people[-1] if people else self._send.reached, len(people), more=len(people) == STEP)

    def _show_anew(self) -> bool:
        """What everybody sees of those who have answered, as it is decided now."""
        if not self._found.is_open or self._found.suspended_at is not None:
            return self._save(self._send.reached, 0, more=False)
        people = targets.answered_after(self._tx.connection, self._found.id, self._send.reached, STEP)
        self._show({each.account: self._badge(each) for each in people}, {each.account: each.at for each in people})
        last = people[-1].account if people else self._send.reached
        return self._save(last, len(people), more=len(people) == STEP)

    # ---------------------------------------------------------------- the common parts

    def _deliver(self, round: int, people: Iterable[int]) -> None:
        wanted = reaching.wanted(self._tx.connection, self._services, self._found.kind, round, list(people))
        deliveries.add(self._tx, self._services.secrets, self._found.id, round, wanted)

    def _again_at(self, asked_at: datetime) -> datetime | None:
        anyhow = reminding.any_hour(self._found, self._settings)
        return reminding.next_at(asked_at, self._found.reminders, self._tx.now, self._zone, any_hour=anyhow)

    def _rev(self) -> int:
        return self._found.rev + 1

    def _save(self, reached: int, people: int, *, more: bool) -> bool:
        s = tables.sends
        values = {"reached": reached, "people": s.c.people + people, "state": "preparing" if more else "ready"}
        self._tx.connection.execute(update(s).where(s.c.id == self._send.id).values(values))
        events.touched(self._tx, self._found.id)
        return more


def _asked(id: int, place: reach.Place | None) -> Asked:
    return Asked(id) if place is None else Asked(id, place.code, place.kind)


def _by_round(silent: Iterable[Silent]) -> list[tuple[int, list[Silent]]]:
    ordered = sorted(silent, key=lambda each: each.round)
    return [(round, list(group)) for round, group in groupby(ordered, key=lambda each: each.round)]
