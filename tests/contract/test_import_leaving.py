"""People who leave by an import, and who come back when it is undone: their rooms and their areas."""

from __future__ import annotations

import pytest
from sqlalchemy import func, insert, select

from chat import actions as rooms
from chat.departures import DEPART
from chat.tables import members
from directory.imports import trail
from directory.tables import people, person_areas
from server.auth.tables import accounts
from server.services import Services
from server.work.tables import jobs as job_rows
from tests.tools.company import Someone
from tests.tools.import_plans import acting, added, administrator, apply, ask, full, keep, roomy, staged, work
from tests.tools.running import Running
from tests.tools.tiers import Tier

LEAVERS = 200


@pytest.fixture
async def services(server: Running) -> Services:
    return await roomy(server.services)


@pytest.fixture
async def sano(services: Services) -> Someone:
    return await administrator(services)


async def test_thousands_are_added_and_two_hundred_of_them_leave_their_rooms(
    services: Services, sano: Someone, tier: Tier
):
    """Ten thousand in the long tier."""
    number = tier(short=2500, long=10_000)
    ids = await added(services, sano, number)
    present = select(func.count()).select_from(people).where(~people.c.gone, people.c.account_id != sano.id)
    assert await ask(services, present) == [(number,)]
    leavers = [ids[f"p{n}@hokuto.example"] for n in range(2, LEAVERS + 2)]
    room = await services.writer.act(rooms.create, sano.id, "closed", "全社", leavers)

    gone = [staged(n, "remove", f"p{n}@hokuto.example", id, {}) for n, id in enumerate(leavers, 2)]
    await apply(services, acting(sano), await keep(services, acting(sano), "users", gone))

    await work(services)
    inside = select(members.c.account_id).where(members.c.channel_id == room.id, members.c.active)
    assert await ask(services, inside) == [(sano.id,)]
    state = (
        select(func.count()).select_from(accounts).where(accounts.c.state == "deleted", accounts.c.anpi_key.is_(None))
    )
    assert await ask(services, state) == [(LEAVERS,)]


async def test_who_comes_back_is_in_his_rooms_again(services: Services, sano: Someone):
    ids = await added(services, sano, 2)
    leaver = ids["p2@hokuto.example"]
    room = await services.writer.act(rooms.create, sano.id, "closed", "全社", [leaver])
    first = await keep(services, acting(sano), "users", [staged(2, "remove", "p2@hokuto.example", leaver, {})])
    await apply(services, acting(sano), first)
    inside = select(members.c.active).where(members.c.channel_id == room.id, members.c.account_id == leaver)
    await work(services)
    assert await ask(services, inside) == [(False,)]

    back = [staged(2, "return", "p2@hokuto.example", leaver, full("p2@hokuto.example", 2))]
    await apply(services, acting(sano), await keep(services, acting(sano), "users", back, undoes=first))

    await work(services)
    assert await ask(services, inside) == [(True,)]
    (row,) = await ask(services, select(accounts.c.state, accounts.c.login_key).where(accounts.c.id == leaver))
    assert tuple(row) == ("enabled", "p2@hokuto.example")


async def test_who_comes_back_owns_the_rooms_that_he_owned(services: Services, sano: Someone):
    leaver = (await added(services, sano, 1))["p2@hokuto.example"]
    room = await services.writer.act(rooms.create, leaver, "closed", "営業", [sano.id])
    first = await keep(services, acting(sano), "users", [staged(2, "remove", "p2@hokuto.example", leaver, {})])
    await apply(services, acting(sano), first)
    owners = select(members.c.account_id).where(members.c.channel_id == room.id, members.c.owner, members.c.active)
    await work(services)
    assert await ask(services, owners) == [(sano.id,)], "the room was handed over"

    back = [staged(2, "return", "p2@hokuto.example", leaver, full("p2@hokuto.example", 2))]
    await apply(services, acting(sano), await keep(services, acting(sano), "users", back, undoes=first))

    await work(services)
    assert set(await ask(services, owners)) == {(sano.id,), (leaver,)}


async def test_who_is_back_before_he_has_left_stays_in_his_rooms(services: Services, sano: Someone):
    ids = await added(services, sano, 2)
    back, gone = ids["p2@hokuto.example"], ids["p3@hokuto.example"]
    room = await services.writer.act(rooms.create, back, "closed", "全社", [sano.id, gone])
    removed = [staged(n, "remove", f"p{n}@hokuto.example", id, {}) for n, id in ((2, back), (3, gone))]
    first = await keep(services, acting(sano), "users", removed)
    await apply(services, acting(sano), first)
    undone = [staged(2, "return", "p2@hokuto.example", back, full("p2@hokuto.example", 2))]
    await apply(services, acting(sano), await keep(services, acting(sano), "users", undone, undoes=first))
    waiting = await ask(services, select(job_rows.c.kind).where(job_rows.c.kind == DEPART))
    assert waiting, "this test needs a job that comes too late"

    await work(services)
    inside = select(members.c.account_id, members.c.owner).where(members.c.channel_id == room.id, members.c.active)
    found = {row.account_id: row.owner for row in await ask(services, inside)}
    assert found == {sano.id: False, back: True}, "he has never been out, so the room is still his"


async def test_the_areas_of_who_is_removed_go_afterwards_and_who_is_back_by_then_keeps_his(
    services: Services, sano: Someone
):
    ids = await added(services, sano, 2)
    back, gone = ids["p2@hokuto.example"], ids["p3@hokuto.example"]
    lives = [
        {"account_id": id, "kind": "work", "place": 0, "area": "442", "given": "静岡県中部"} for id in (back, gone)
    ]
    await services.writer.act(lambda tx: tx.connection.execute(insert(person_areas), lives))
    removed = [staged(n, "remove", f"p{n}@hokuto.example", id, {}) for n, id in ((2, back), (3, gone))]
    first = await keep(services, acting(sano), "users", removed)
    await apply(services, acting(sano), first)
    at_home = {"_work": [["442", "静岡県中部"]], "_home": []}
    undone = [staged(2, "return", "p2@hokuto.example", back, full("p2@hokuto.example", 2, **at_home))]
    await apply(services, acting(sano), await keep(services, acting(sano), "users", undone, undoes=first))

    await services.writer.bulk(trail.steps(first, sano.id, "佐野"))
    assert await ask(services, select(person_areas.c.account_id)) == [(back,)]
