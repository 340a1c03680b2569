"""``directory.status``: the one door for a badge beside somebody's name.

A feature says who is in which state, since when, by which incident, drill or not; the directory shows it in lists,
cards and groups. Of several incidents the newest real one's is shown, else the newest drill's. Like presence, badges
are newest values: they are told together, at most once a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, Dialect, select, update
from sqlalchemy.dialects import postgresql, sqlite

from directory import events, queries
from directory.frames import Statuses, StatusRow
from directory.model import STATUS_TOPIC
from directory.tables import statuses
from server.clock import to_micros, to_millis
from server.data.prepared import Prepared
from server.data.sets import chunks, key_rows, packed
from server.data.transaction import Transaction
from server.live.connection import Connection as Device
from server.live.tables import topics
from server.live.topic import Topic
from server.live.wire import ready

if TYPE_CHECKING:
    from server.services import Services

TOLD_EVERY_SECONDS = 1.0
ROWS_A_FRAME = 1000
ROWS_TO_EVERYBODY = 100
"""When more have changed, each is told of those whom he has asked for: after an earthquake everybody's badge changes,
and everybody watches."""
REMEMBERED = 5000
"""People whom one line has asked for; whoever asks for more is told of everybody."""
AT_ONCE = 200
"""Lines that are told of people of their own before others have their turn."""

log = structlog.get_logger()

# ---------------------------------------------------------------- the door


def set_status(
    tx: Transaction,
    incident: int,
    states: Mapping[int, str],
    since: datetime | Mapping[int, datetime],
    *,
    drill: bool = False,
) -> None:
    """These people are in these states, by account, as far as this incident goes; ``since`` one moment, or each his
    own."""
    if not states:
        return
    raised = _next_rev(tx)
    times = dict.fromkeys(states, since) if isinstance(since, datetime) else since
    shared = {"incident": incident, "drill": drill, "rev": raised, "gone": False}
    rows = [
        {"account_id": id, "state": state, "since": to_micros(times[id]), **shared}
        for id, state in sorted(states.items())
    ]
    _put(tx.connection.dialect).run_each(tx.connection, rows)
    tx.emit(events.statuses_changed(raised))


def clear_status(tx: Transaction, incident: int, people: Iterable[int] | None = None) -> None:
    """The incident is over for these people, or for all: an older badge shows again.

    What is left is a row that says since when there is nothing (``upkeep.py`` takes it away).
    """
    raised = _next_rev(tx)
    still = (statuses.c.incident == incident) & ~statuses.c.gone
    cleared = update(statuses).where(still).values(gone=True, rev=raised, since=tx.now)
    if people is None:
        tx.connection.execute(cleared)
    else:
        keys = key_rows(tx.dialect, int)
        own = cleared.where(statuses.c.account_id.in_(keys.select()))
        tx.connection.execute(own, {"keys": packed(sorted(set(people)))})
    tx.emit(events.statuses_changed(raised))


def _next_rev(tx: Transaction) -> int:
    return int(_raised(tx.connection.dialect).run(tx.connection).scalar_one())


@cache
def _raised(dialect: Dialect) -> Prepared:
    raised = update(topics).where(topics.c.key == STATUS_TOPIC).values(rev=topics.c.rev + 1)
    return Prepared(raised.returning(topics.c.rev), dialect)


@cache
def _put(dialect: Dialect) -> Prepared:
    """In place of the badge that is there: answers come by the thousand."""
    insert = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    new = insert(statuses)
    given = {name: new.excluded[name] for name in ("drill", "state", "since", "rev", "gone")}
    put = new.on_conflict_do_update(index_elements=[statuses.c.account_id, statuses.c.incident], set_=given)
    return Prepared(put.inline(), dialect, [column.name for column in statuses.c])


# ---------------------------------------------------------------- reading


def rev(connection: Connection) -> int:
    """The newest ``rev`` of the badges."""
    return queries.rev(connection, STATUS_TOPIC)


def of_people(connection: Connection, account: int, people: Iterable[int], ref: int) -> Statuses:
    """The badges of these people, for one who may look; who has none is left out."""
    queries.viewer(connection, account)
    head = rev(connection)
    return Statuses(ref=ref, rev=head, rows=[row for row in _badges(connection, people) if row.state])


def changed_since(connection: Connection, since: int) -> list[Statuses]:
    """The badges that changed after ``since``, in frames of a size that a line can carry."""
    head = rev(connection)
    touched = select(statuses.c.account_id).where(statuses.c.rev > since)
    people = sorted(set(connection.execute(touched).scalars()))
    return [
        Statuses(from_=since, rev=head, rows=_badges(connection, piece)) for piece in chunks(people, ROWS_A_FRAME)
    ]


def _badges(connection: Connection, people: Iterable[int]) -> list[StatusRow]:
    wanted = sorted(set(people))
    keys = key_rows(connection.dialect.name, int)
    joined = keys.join(statuses, statuses.c.account_id == keys.c.k0)
    found = select(statuses).select_from(joined).where(statuses.c.gone.is_(False))
    best: dict[int, queries.AnyRow] = {}
    for row in connection.execute(found, {"keys": packed(wanted)}):
        known = best.get(row.account_id)
        if known is None or _weight(row) > _weight(known):
            best[row.account_id] = row
    return [_badge(id, best.get(id)) for id in wanted]


def _weight(row: queries.AnyRow) -> tuple[bool, int]:
    """The newest real one goes before the newest drill."""
    return not row.drill, row.incident


def _badge(person: int, row: queries.AnyRow | None) -> StatusRow:
    if row is None:
        return StatusRow(id=person)
    since = to_millis(row.since)
    return StatusRow(id=person, state=row.state, since=since, incident=row.incident, drill=bool(row.drill))


# ---------------------------------------------------------------- telling


class Teller:
    """Tells this process' watchers what has changed, together, at most once a second."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._told: int | None = None
        # Whom each line has asked for; None: so many that it is told of everybody.
        self._asked: dict[Device, set[int] | None] = {}
        self._task: asyncio.Task[None] | None = None

    async def stop(self) -> None:
        """Nobody is told any more."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def watch(self, head: int) -> None:
        """Somebody watches from now on, and was told the badges as of ``head``, or asks for them after this."""
        if self._told is None:
            self._told = head
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run(), name="statuses")

    async def _run(self) -> None:
        """Ends when nobody watches any more; whoever comes next begins anew."""
        hub = self._services.hub
        while (topic := hub.topic(STATUS_TOPIC)) is not None:
            if topic.rev is not None and self._told is not None and topic.rev > self._told and not hub.muted:
                await self._tell(self._told)
            self._forget_gone()
            await asyncio.sleep(TOLD_EVERY_SECONDS)
        self._told = None
        self._asked.clear()

    async def _tell(self, since: int) -> None:
        try:
            frames = await self._services.readers.ask(changed_since, since)
        except Exception as problem:
            # The next turn tries anew: badges are newest values, and nothing is lost.
            log.warning("directory.statuses_wait", error=repr(problem))
            return
        topic = self._services.hub.topic(STATUS_TOPIC)
        if topic is None or not frames:
            return
        self._told = max(frame.rev for frame in frames)
        if sum(len(frame.rows) for frame in frames) <= ROWS_TO_EVERYBODY:
            topic.write([ready(frame) for frame in frames])
        else:
            await self._tell_each(topic, frames)

    async def _tell_each(self, topic: Topic, frames: list[Statuses]) -> None:
        """Each line hears of the people whom it has asked for, and that it has missed nothing else."""
        rows = {row.id: row for frame in frames for row in frame.rows}
        whole = [ready(frame) for frame in frames]
        since, head = frames[0].from_, frames[0].rev
        nobody = ready(Statuses(from_=since, rev=head, rows=[]))
        for place, (connection, write) in enumerate(list(topic.watchers.items())):
            if place % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            if connection not in topic.watchers:
                continue
            asked = self._asked.get(connection, _NOBODY)
            if asked is None:
                write(b"".join(whole))
                continue
            own = [rows[id] for id in asked & rows.keys()]
            write(ready(Statuses(from_=since, rev=head, rows=own)) if own else nobody)

    def asked(self, connection: Device, people: Iterable[int]) -> None:
        """This line shows these people from now on; said before they are read, so that no change is missed."""
        known = self._asked.setdefault(connection, set())
        if known is None:
            return
        known.update(people)
        if len(known) > REMEMBERED:
            self._asked[connection] = None

    def _forget_gone(self) -> None:
        for connection in [each for each in self._asked if each.closed]:
            del self._asked[connection]


_NOBODY: frozenset[int] = frozenset()
