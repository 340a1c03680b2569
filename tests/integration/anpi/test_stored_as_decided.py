"""What the rules decide in memory is what happens in the database: JMA's own series, in every order that comes up."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import delete, insert, select

from anpi import tables as anpi
from anpi.hazard import recording
from anpi.hazard.joining import key_of
from anpi.hazard.tables import decisions, rules
from server.data.transaction import Transaction
from tests.tools.hazard import ALL_KINDS, World, report, sets, telegram
from tests.tools.quakes import Brought, MovedClock
from tests.tools.running import Running, running, settings_for

SETS = ("32-35_06", "32-35_07", "32-35_08", "32-35_10", "37_01", "77_01", "38-39_03", "32-39_11")


class Both:
    """The world in memory and the server, told the same at the same times."""

    def __init__(self, server: Running, clock: MovedClock) -> None:
        self.world = World(ALL_KINDS)
        self.server, self.clock = server, clock
        self.brought = Brought(server.services)
        self.times: Counter[str] = Counter()

    async def hear(self, name: str) -> None:
        """A telegram comes five seconds after it was sent, and a second time from elsewhere under another name."""
        self.times[name] += 1
        # What is about no event is kept for the record alone.
        if key_of(report(name)):
            self.world.hear(report(name))
        await self.brought.telegram(telegram(name), f"{name}#{self.times[name]}")

    async def at(self, moment: object) -> None:
        seconds = (moment - self.clock.now).total_seconds()  # type: ignore[operator]
        if seconds > 0:
            self.clock.move(seconds=seconds)
        self.world.now = self.clock.now
        await self.end_waits()

    async def end_waits(self) -> None:
        services = self.server.services
        for event in await services.readers.ask(recording.due, self.clock.now):
            await services.writer.act(recording.end_wait, event)
        self.world.pass_time(0)

    async def compare(self) -> None:
        read = self.server.services.readers.ask
        acts = await read(lambda db: list(db.execute(select(decisions.c.act).order_by(decisions.c.id)).scalars()))
        assert acts == [each.act for each in self.world.decisions] != []
        found = await read(lambda db: list(db.execute(select(anpi.incidents).order_by(anpi.incidents.c.id))))
        assert len(found) == len(self.world.hits)
        assert {row.id for row in found if row.cancelled_at} == self.world.cancelled
        whom = await read(lambda db: list(db.execute(select(anpi.sends).where(anpi.sends.c.act == "ask"))))
        asked = Counter((row.incident_id, area) for row in whom for area in msgspec.json.decode(row.whom)["areas"])
        assert all(times == 1 for times in asked.values()), "no area is asked twice by one incident"
        assert set(asked) == {(at, each.area) for at, hits in self.world.hits.items() for each in hits}


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("order", ["as sent", "shuffled, with doubles"])
async def test_a_series_of_jma_comes_to_the_same(tmp_path: Path, sqlite_template: Path, name: str, order: str):
    members = sets()[name]
    clock = MovedClock(report(members[0]).at - timedelta(seconds=10))
    async with running(settings_for(tmp_path / "var", sqlite_template), clock) as server:
        await server.services.writer.act(put_rules)
        both = Both(server, clock)
        if order == "as sent":
            for each in members:
                await both.at(report(each).at + timedelta(seconds=5))
                await both.hear(each)
        else:
            # All at the end of the series: the tsunami's is long enough that the first are too old by then.
            shuffled = [*members, *members[:3]]
            random.Random(name).shuffle(shuffled)
            await both.at(report(members[-1]).at + timedelta(seconds=5))
            for each in shuffled:
                await both.hear(each)
        await both.at(clock.now + timedelta(minutes=2))
        await both.compare()


def put_rules(tx: Transaction) -> None:
    """All three kinds of rules, on."""
    rows = [
        {
            "id": rule.id,
            "kind": rule.kind,
            "enabled": True,
            "threshold": rule.threshold,
            "place": rule.id,
            "changed_at": tx.now,
        }
        for rule in ALL_KINDS
    ]
    tx.connection.execute(delete(rules))
    tx.connection.execute(insert(rules), rows)
