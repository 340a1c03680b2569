"""A source that falls silent: each administrator with an address gets one mail, and one when it is back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import insert, select, update

from anpi import tables as anpi
from anpi.hazard.feeds import alarm, health
from anpi.hazard.feeds.health import Health
from directory.tables import people
from server.auth.model import Privilege
from server.auth.tables import accounts, privileges
from server.data.transaction import Transaction
from server.settings import Settings
from server.work.tables import mails
from tests.tools.company import hire
from tests.tools.quakes import MovedClock
from tests.tools.running import Running, running, together

ANPI = frozenset({Privilege.ADMIN_ANPI})
LONG = int(alarm.SILENT_TOO_LONG.total_seconds() // 60)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(settings: Settings, clock: MovedClock) -> AsyncIterator[Running]:
    async with together(settings, clock) if settings.redis_url else running(settings, clock) as here:
        await administrators(here)
        yield here


async def administrators(server: Running) -> None:
    """森 in Japanese, 加藤 in English, one without an address; and somebody who is none."""
    ids = {"mori": (await hire(server.services, "mori", privileges=ANPI)).id}
    for name in ("kato", "abe", "ito"):
        ids[name] = (await hire(server.services, name)).id
    for name in ("kato", "abe"):
        scope = update(accounts).where(accounts.c.id == ids[name]).values(anpi_login_id=name, anpi_key=name)
        held = insert(privileges).values(account_id=ids[name], privilege=Privilege.ADMIN_ANPI.value)
        await put(server, scope, held)
    for name in ("mori", "kato", "ito"):
        profile = update(people).where(people.c.account_id == ids[name])
        await put(server, profile.values(email1=f"{name}@hokuto.example"))
    await put(server, update(accounts).where(accounts.c.id == ids["kato"]).values(language="en"))


async def put(server: Running, *statements: Any) -> None:
    def run(tx: Transaction) -> None:
        for each in statements:
            tx.connection.execute(each)

    await server.services.writer.act(run)


async def minutes(server: Running, clock: MovedClock, number: int, *heard: str) -> list[tuple[str, str]]:
    """So many minutes in which these sources are heard; to whom what was written meanwhile. Whichever process it is
    that has the lease."""
    before = len(await letters(server))
    for n in range(number):
        here = server.processes[n % len(server.processes)].services
        clock.move(minutes=1)
        await here.writer.act(health.save, [Health(name, clock(), clock()) for name in heard])
        await alarm.look(here)
    return [(row.to_address, row.subject) for row in (await letters(server))[before:]]


async def letters(server: Running) -> list[Any]:
    wanted = select(mails).where(mails.c.kind == "anpi.source").order_by(mails.c.id)
    return await server.services.readers.ask(lambda db: list(db.execute(wanted)))


async def test_each_administrator_gets_one_mail_and_one_when_it_is_back(server: Running, clock: MovedClock):
    assert await minutes(server, clock, 3, "jma", "p2p") == []
    assert await minutes(server, clock, LONG, "jma") == []
    assert await minutes(server, clock, 10, "jma") == [
        ("mori@hokuto.example", "安否確認：P2P地震情報から受信していません"),
        ("kato@hokuto.example", "Safety check: nothing is heard from P2P Quake"),
    ]
    first, second = await letters(server)
    assert "2027/04/15" in first.body and "受信中のほかの情報源 : 気象庁防災情報XML" in first.body
    assert "Other sources that are heard: the JMA XML feed" in second.body
    assert await minutes(server, clock, 3, "jma", "p2p") == [
        ("mori@hokuto.example", "安否確認：P2P地震情報からの受信が再開しました"),
        ("kato@hokuto.example", "Safety check: P2P Quake is heard again"),
    ]
    assert await minutes(server, clock, 2 * LONG, "jma") == [], "not twice within a day"


async def test_what_is_switched_off_alarms_nobody(server: Running, clock: MovedClock):
    await put(server, update(anpi.settings).values(body='{"outside": false}'))
    assert await minutes(server, clock, 2 * LONG) == []


async def test_a_source_without_a_key_is_not_missed(server: Running, clock: MovedClock):
    await minutes(server, clock, LONG + 2)
    assert not any("dmdata" in row.subject for row in await letters(server))
    assert len(await letters(server)) == 4, "of two sources to two administrators"


async def test_how_a_source_is_goes_on_being_written_beside_it(server: Running, clock: MovedClock):
    await minutes(server, clock, LONG + 2, "jma")
    found = await server.services.readers.ask(health.read)
    assert found["jma"].heard_at == clock() and found["p2p"].heard_at is None
