"""``directory.status``: the one door for a badge beside somebody's name.

A feature says who is in which state, since when, by which incident, drill or not; the directory shows it in lists,
cards and groups. Of several incidents the newest real one's is shown, else the newest drill's. Like presence, badges
are newest values: they are told together, at most once a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import Connection, delete, insert, select, update

from directory import events, queries
from directory.frames import Statuses, StatusRow
from directory.model import STATUS_TOPIC
from directory.tables import statuses
from server.clock import to_millis
from server.data.sets import chunks, key_rows, packed
from server.data.transaction import Transaction
from server.live.tables import topics
from server.live.wire import ready

if TYPE_CHECKING:
    from server.services import Services

TOLD_EVERY_SECONDS = 1.0
ROWS_A_FRAME = 1000

log = structlog.get_logger()

# ---------------------------------------------------------------- the door


def set_status(
    tx: Transaction, incident: int, states: Mapping[int, str], since: datetime, *, drill: bool = False
) -> None:
    """These people are in these states, by account, as far as this incident goes."""
    if not states:
        return
    raised = _next_rev(tx)
    _forget(tx, incident, states)
    shared = {"incident": incident, "drill": drill, "since": since, "rev": raised, "gone": False}
    tx.connection.execute(
        insert(statuses), [{"account_id": id, "state": state, **shared} for id, state in sorted(states.items())]
    )
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
    raised = update(topics).where(topics.c.key == STATUS_TOPIC).values(rev=topics.c.rev + 1)
    return int(tx.connection.execute(raised.returning(topics.c.rev)).scalar_one())


def _forget(tx: Transaction, incident: int, people: Iterable[int]) -> None:
    keys = key_rows(tx.dialect, int)
    old = delete(statuses).where(statuses.c.incident == incident, statuses.c.account_id.in_(keys.select()))
    tx.connection.execute(old, {"keys": packed(sorted(people))})


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
            await asyncio.sleep(TOLD_EVERY_SECONDS)
        self._told = None

    async def _tell(self, since: int) -> None:
        try:
            frames = await self._services.readers.ask(changed_since, since)
        except Exception as problem:
            # The next turn tries anew: badges are newest values, and nothing is lost.
            log.warning("directory.statuses_wait", error=repr(problem))
            return
        topic = self._services.hub.topic(STATUS_TOPIC)
        if topic is not None and frames:
            topic.write([ready(frame) for frame in frames])
            self._told = max(frame.rev for frame in frames)
