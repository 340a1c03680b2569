"""Photos and the logo: who may set them, what is kept, what is swept; the same on both databases."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, select, update

from directory.pictures import actions, queries
from directory.pictures.model import SWEPT_AFTER, Picture
from directory.tables import import_rows, imports, people, pictures
from server.auth import actions as accounts
from server.auth import company as companies
from server.auth.model import Actor, Privilege, operator
from server.auth.tables import audit
from server.data.transaction import Transaction
from server.errors import Forbidden, NotFound
from server.live.tables import topics
from server.ports import people_listeners
from server.services import Services
from tests.tools.company import Someone, hire
from tests.tools.running import Running

FACE = Picture("image/jpeg", b"a large face", b"a small face")
LOGO = Picture("image/png", b"a large logo", b"a small logo")


@pytest.fixture
def services(server: Running) -> Services:
    return server.services


@pytest.fixture
async def sano(services: Services) -> Someone:
    return await hire(services, "sano", privileges=frozenset({Privilege.ADMIN_USER, Privilege.ADMIN_COMPANY}))


def acting(someone: Someone) -> Actor:
    return Actor(someone.id, someone.account.name, someone.account.privileges)


async def photo_of(services: Services, account: int) -> str:
    return await services.readers.ask(
        lambda db: db.execute(select(people.c.photo).where(people.c.account_id == account)).scalar_one()
    )


async def sweep(services: Services) -> int:
    """As it is done every few hours; how many went."""
    unused = await services.readers.ask(queries.unused)
    return int(await services.writer.bulk(actions.sweep(unused)))


async def names(services: Services) -> set[str]:
    return await services.readers.ask(lambda db: set(db.execute(select(pictures.c.name)).scalars()))


async def rev(services: Services) -> int:
    wanted = select(topics.c.rev).where(topics.c.key == "directory")
    return await services.readers.ask(lambda db: db.execute(wanted).scalar_one())


async def make_old(services: Services) -> None:
    def age(tx: Transaction) -> None:
        at = tx.now - SWEPT_AFTER - timedelta(minutes=1)
        tx.connection.execute(update(pictures).values(made_at=at))

    await services.writer.act(age)


async def test_a_person_sets_his_own_photo_and_takes_it_away(services: Services, company: SimpleNamespace):
    before = await rev(services)
    name = await services.writer.act(actions.set_photo, acting(company.ito), company.ito.id, FACE)

    assert await photo_of(services, company.ito.id) == name == FACE.name
    assert await services.readers.ask(queries.find, name, "large") == ("image/jpeg", b"a large face")
    assert await services.readers.ask(queries.find, name, "small") == ("image/jpeg", b"a small face")
    assert await rev(services) == before + 1

    await services.writer.act(actions.remove_photo, acting(company.ito), company.ito.id)
    assert await photo_of(services, company.ito.id) == ""


async def test_an_administrator_sets_anybodys_and_nobody_else_does(
    services: Services, company: SimpleNamespace, sano: Someone
):
    await services.writer.act(actions.set_photo, acting(sano), company.ito.id, FACE)
    with pytest.raises(Forbidden):
        await services.writer.act(actions.set_photo, acting(company.sato), company.ito.id, LOGO)
    with pytest.raises(Forbidden):
        await services.writer.act(actions.remove_photo, acting(company.sato), company.ito.id)
    assert await photo_of(services, company.ito.id) == FACE.name
    assert await names(services) == {FACE.name}


async def test_the_photos_of_several_people_are_told_together(
    server: Running, company: SimpleNamespace, sano: Someone
):
    services, ito, suzuki = server.services, company.ito, company.suzuki
    for each in (ito, suzuki):
        await services.writer.act(actions.set_photo, acting(sano), each.id, FACE)
    await services.writer.act(accounts.delete_account, acting(sano), suzuki.id, people_listeners(services.ports))
    sato = await server.connect(company.sato.token)
    asked = [ito.id, suzuki.id, company.sato.id, ito.id, 2**53 - 1]
    told = await sato.ask("directory.photos", people=asked)
    assert told["photos"] == [{"id": ito.id, "photo": FACE.name}], "who is gone has none"


async def test_nobody_has_no_photo(services: Services, company: SimpleNamespace, sano: Someone):
    await services.writer.act(accounts.delete_account, operator(), company.ito.id)
    for account in (company.ito.id, 999_999):
        with pytest.raises(NotFound):
            await services.writer.act(actions.set_photo, acting(sano), account, FACE)
    assert await names(services) == set()


async def test_the_same_picture_is_kept_once(services: Services, company: SimpleNamespace):
    for someone in (company.ito, company.sato):
        await services.writer.act(actions.set_photo, acting(someone), someone.id, FACE)
    assert await names(services) == {FACE.name}


async def test_the_logo_is_the_companys(services: Services, company: SimpleNamespace, sano: Someone):
    await services.writer.act(companies.ensure, "北斗精機")
    heard = []
    name = await services.writer.act(
        actions.set_logo, acting(sano), LOGO, [lambda tx, actor, old, new: heard.append((old.logo, new.logo))]
    )
    with pytest.raises(Forbidden):
        await services.writer.act(actions.remove_logo, acting(company.ito))
    found = await services.readers.ask(companies.find)
    assert found and found.logo == name == LOGO.name
    assert heard == [("", name)]

    await services.writer.act(actions.remove_logo, acting(sano))
    found = await services.readers.ask(companies.find)
    assert found and found.logo == ""


async def test_what_nobody_has_is_swept_after_a_day(services: Services, company: SimpleNamespace, sano: Someone):
    await services.writer.act(companies.ensure, "北斗精機")
    await services.writer.act(actions.set_logo, acting(sano), LOGO)
    await services.writer.act(actions.set_photo, acting(company.ito), company.ito.id, FACE)
    await make_old(services)
    assert await sweep(services) == 0, "each has a place"

    await services.writer.act(actions.remove_photo, acting(company.ito), company.ito.id)
    await services.writer.act(actions.remove_logo, acting(sano))
    assert await sweep(services) == 2
    assert await names(services) == set()


async def test_a_picture_that_is_set_again_counts_as_new(services: Services, company: SimpleNamespace):
    ito = company.ito
    for _ in range(2):
        await services.writer.act(actions.set_photo, acting(ito), ito.id, FACE)
        await services.writer.act(actions.remove_photo, acting(ito), ito.id)
        assert await sweep(services) == 0, "it is young"
        await make_old(services)
    await services.writer.act(actions.set_photo, acting(ito), ito.id, FACE)
    await services.writer.act(actions.remove_photo, acting(ito), ito.id)
    assert await sweep(services) == 0


async def test_what_an_undo_would_bring_back_stays(services: Services, company: SimpleNamespace):
    await services.writer.act(actions.set_photo, acting(company.ito), company.ito.id, FACE)
    await services.writer.act(actions.remove_photo, acting(company.ito), company.ito.id)

    def imported(tx: Transaction) -> None:
        row = {"kind": "users", "at": tx.now, "state": "applied", "sha256": "", "seen_rev": 1}
        made = tx.connection.execute(insert(imports).values(row).returning(imports.c.id)).scalar_one()
        before = {"before": f'{{"photo":"{FACE.name}"}}'}
        tx.connection.execute(
            insert(import_rows).values({"import_id": made, "row": 2, "act": "remove", "key": "ito", **before})
        )

    await services.writer.act(imported)
    await make_old(services)
    assert await sweep(services) == 0


async def test_what_is_taken_again_while_it_is_swept_stays(services: Services, company: SimpleNamespace):
    ito = company.ito
    for picture in (FACE, LOGO):
        await services.writer.act(actions.set_photo, acting(ito), ito.id, picture)
    await services.writer.act(actions.remove_photo, acting(ito), ito.id)
    await make_old(services)
    unused = await services.readers.ask(queries.unused)
    assert set(unused) == {FACE.name, LOGO.name}

    def given_back(tx: Transaction) -> None:
        tx.connection.execute(update(people).where(people.c.account_id == ito.id).values(photo=FACE.name))
        queries.keep(tx, LOGO)

    await services.writer.act(given_back)
    assert await services.writer.bulk(actions.sweep(unused)) == 0, "one is had, one has been sent anew"


async def test_many_are_swept_a_few_at_a_time(services: Services, company: SimpleNamespace):
    def keep(tx: Transaction) -> None:
        for number in range(45):
            queries.keep(tx, Picture("image/jpeg", b"%d" % number, b"small"))

    await services.writer.act(keep)
    await make_old(services)
    steps = actions.sweep(await services.readers.ask(queries.unused))
    gone = [await services.writer.act(next(steps))]
    with pytest.raises(StopIteration) as end:
        while True:
            gone.append(await services.writer.act(steps.send(gone[-1])))
    assert (gone, end.value.value) == ([20, 20, 5], 45)


async def test_the_same_again_is_no_change(services: Services, company: SimpleNamespace, sano: Someone):
    await services.writer.act(companies.ensure, "北斗精機")
    ito, heard = company.ito, []

    def changed(*_: object) -> None:
        heard.append("logo")

    before = await rev(services)
    await services.writer.act(actions.remove_photo, acting(ito), ito.id)
    await services.writer.act(actions.remove_logo, acting(sano), [changed])
    assert (await rev(services), heard) == (before, [])
    for _ in range(2):
        assert await services.writer.act(actions.set_photo, acting(ito), ito.id, FACE) == FACE.name
        assert await services.writer.act(actions.set_logo, acting(sano), LOGO, [changed]) == LOGO.name
    assert (await rev(services), heard) == (before + 1, ["logo"])
    trail = await services.readers.ask(
        lambda db: db.execute(
            select(audit.c.action).where(audit.c.action.in_(["person.photo", "company.logo"]))
        ).all()
    )
    assert len(trail) == 2
