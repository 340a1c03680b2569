"""Tells people's own devices what they are asked: within a second of being asked, answering, or a check's end."""

from __future__ import annotations

from sqlalchemy import Connection, select

from anpi import tables
from anpi.answers import mine
from anpi.answers.frames import MyChecks
from anpi.gathering import Gathering
from server.clock import zone
from server.data.sets import key_rows, packed
from server.live.wire import ready
from server.services import Services

AT_ONCE = 100
"""People in one question: what is made for them must not keep the loop from its turn."""


class OwnTeller:
    """For the devices that are connected to this process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._zone = zone(services.settings.time_zone)
        self._gathering = Gathering(services, "anpi own", self._tell)
        # What has been told of each open incident: its state, and up to which ``rev``.
        self._told: dict[int, tuple[object, int]] = {}
        self.turn = 0
        """Goes up whenever somebody is told: what was read before is older than what he has heard."""

    def moved(self, incident: int) -> None:
        self._gathering.add(incident)

    async def stop(self) -> None:
        await self._gathering.stop()

    async def _tell(self, moved: set[int]) -> None:
        connected = set(self._services.hub.accounts())
        if not connected:
            for incident in moved:
                self._told.pop(incident, None)
            return
        people, told = await self._services.readers.ask(_concerned, moved, self._told, connected)
        wanted = sorted(people)
        for start in range(0, len(wanted), AT_ONCE):
            some = wanted[start : start + AT_ONCE]
            checks = await self._services.readers.ask(mine.of, some, self._zone)
            self.turn += 1
            for account, frame in checks.items():
                self._say(account, frame)
        self._told |= told

    def _say(self, account: int, frame: MyChecks) -> None:
        data = ready(frame)
        for device in list(self._services.hub.devices(account)):
            device.tell(data)


def _concerned(
    connection: Connection, moved: set[int], told: dict[int, tuple[object, int]], connected: set[int]
) -> tuple[set[int], dict[int, tuple[object, int]]]:
    """Whom of those who are connected it concerns that these incidents have moved, and how they stand now.

    All whom an incident asks, where the incident itself is another than was told; else those whose row has changed.
    """
    i = tables.incidents.c
    keys = key_rows(connection.dialect.name, int)
    wanted = select(i.id, i.rev, i.state, i.suspended_at, i.cancelled_at, i.location, i.facts)
    rows = connection.execute(
        wanted.select_from(keys.join(tables.incidents, i.id == keys.c.k0)), {"keys": packed(sorted(moved))}
    )
    now: dict[int, tuple[object, int]] = {row.id: (tuple(row)[2:], row.rev) for row in rows}
    since = {id: told[id][1] if id in told and told[id][0] == state else -1 for id, (state, _) in now.items()}
    return mine.concerned(connection, since) & connected, now
