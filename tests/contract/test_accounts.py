"""Changing people and the company, the same on both databases."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from server.auth import actions, company, queries, seats
from server.auth.changing import AccountChanges, change_account
from server.auth.company_changing import CompanyChanges, LicenceChanges, change_company
from server.auth.model import Account, Actor, Privilege, State, UserType, new_account, operator
from server.auth.rules import Counts, Licences, state_of
from server.auth.tables import audit, revocations
from server.errors import AppError, Conflict, Forbidden, Invalid, NotFound
from server.services import Services
from tests.tools.company import Someone, hire
from tests.tools.running import Running

USER, ANPI, GOTALK = Privilege.ADMIN_USER, Privilege.ADMIN_ANPI, Privilege.ADMIN_GOTALK


@pytest.fixture
def services(server: Running) -> Services:
    return server.services


def acting(someone: Someone) -> Actor:
    return Actor(someone.id, someone.account.name, someone.account.privileges)


async def change(services: Services, actor: Actor, someone: Someone, **fields: object) -> Account:
    changes = AccountChanges(**fields)  # type: ignore[arg-type]
    account: Account = await services.writer.act(change_account, actor, someone.id, changes)
    return account


async def open_company(services: Services, **limits: int) -> None:
    """A company with these licences."""
    await services.writer.act(company.ensure, "北斗精機")
    wanted = CompanyChanges(licences=LicenceChanges(**limits))
    await services.writer.act(change_company, operator(), wanted)


async def state_of_person(services: Services, someone: Someone) -> Account:
    found = await services.readers.ask(queries.account, someone.id)
    assert found is not None
    return found


async def trail(services: Services, action: str) -> list[dict]:
    wanted = select(audit.c.detail).where(audit.c.action == action).order_by(audit.c.id)
    found = await services.readers.ask(lambda db: db.execute(wanted).scalars().all())
    return [json.loads(each) for each in found]


# ---------------------------------------------------------------- one person


async def test_everything_of_an_account_changes_at_once_and_the_trail_says_what(services: Services):
    mori = await hire(services, "mori", talk=False)
    changed = await change(
        services,
        operator(),
        mori,
        login_id="Mori2@Hokuto.example",
        name="森 由美",
        kana="モリ ユミ",
        language="en",
        privileges=frozenset({GOTALK, ANPI}),
        talk=True,
        talk_log=True,
        anpi_login_id="A0001",
    )
    assert changed == await state_of_person(services, mori)
    assert (changed.login_id, changed.name, changed.kana, changed.language) == (
        "Mori2@Hokuto.example",
        "森 由美",
        "モリ ユミ",
        "en",
    )
    assert (changed.talk, changed.talk_log, changed.anpi_login_id) == (True, True, "A0001")
    assert changed.privileges == {GOTALK, ANPI}
    (line,) = await trail(services, "account.change")
    assert line["changed"]["privileges"] == [[], ["ADMIN_ANPI", "ADMIN_GOTALK"]]
    assert line["changed"]["talk_log"] == [False, True]
    assert line["changed"]["name"] == ["mori", "森 由美"]


async def test_what_changes_nothing_leaves_no_trace(services: Services):
    mori = await hire(services, "mori")
    await change(services, operator(), mori, talk=True, name="mori")
    assert await trail(services, "account.change") == []


async def test_a_login_id_and_an_anpi_id_are_one_persons_whatever_the_case(services: Services):
    mori, hori = await hire(services, "mori"), await hire(services, "hori")
    await change(services, operator(), mori, anpi_login_id="Abc1")
    with pytest.raises(Conflict, match="anpi_id_taken"):
        await change(services, operator(), hori, anpi_login_id="aBC1")
    with pytest.raises(Conflict, match="login_id_taken"):
        await change(services, operator(), hori, login_id="MORI@hokuto.example")
    assert (await change(services, operator(), mori, anpi_login_id="ABC1")).anpi_login_id == "ABC1"
    with pytest.raises(Conflict, match="anpi_id_taken"):
        new = new_account("new@hokuto.example", "新", anpi_login_id="abc1")
        await services.writer.act(actions.add_account, operator(), new, None)
    await services.writer.act(actions.delete_account, operator(), mori.id)
    assert (await change(services, operator(), hori, anpi_login_id="abc1")).anpi_login_id == "abc1"


@pytest.mark.parametrize("anpi_login_id", ["a" * 33, "あ", "a-1", "a 1", "１２"])
async def test_an_anpi_id_is_of_letters_and_digits(services: Services, anpi_login_id: str):
    mori = await hire(services, "mori")
    with pytest.raises(Invalid) as refused:
        await change(services, operator(), mori, anpi_login_id=anpi_login_id)
    assert refused.value.details["field"] == "anpi_login_id"


async def test_each_administrator_changes_his_own_fields_and_no_others(services: Services):
    mori = await hire(services, "mori", talk=False)
    anpi = await hire(services, "sawada", privileges=frozenset())
    await change(services, operator(), anpi, anpi_login_id="S1", privileges=frozenset({ANPI}))
    talk = await hire(services, "ueda", privileges=frozenset({GOTALK}))
    of_anpi, of_talk = replace(acting(anpi), privileges=frozenset({ANPI})), acting(talk)

    assert (await change(services, of_talk, mori, talk=True)).talk
    with pytest.raises(Forbidden):
        await change(services, of_talk, mori, anpi_login_id="M1")
    await change(services, of_anpi, mori, anpi_login_id="M1", privileges=frozenset({ANPI}))
    for changes in ({"privileges": frozenset({USER, ANPI})}, {"talk": False}, {"name": "x"}, {"talk_log": True}):
        with pytest.raises(Forbidden):
            await change(services, of_anpi, mori, **changes)
    after = await state_of_person(services, mori)
    assert (after.talk, after.anpi_login_id, after.privileges) == (True, "M1", {ANPI})


async def test_who_has_no_right_does_not_learn_who_is_there(services: Services):
    mori, ito = await hire(services, "mori"), await hire(services, "ito")
    nobody = Someone(replace(mori.account, id=99_999), "")
    for actor in (acting(ito), replace(acting(ito), privileges=frozenset({GOTALK}))):
        for someone in (mori, nobody):
            with pytest.raises(Forbidden):
                await change(services, actor, someone, name="x")
    with pytest.raises(NotFound):
        await change(services, operator(), nobody, name="x")


@pytest.mark.parametrize(
    ("fields", "final"),
    [
        ({"talk": False}, False),
        ({"privileges": frozenset({GOTALK})}, False),
        ({"name": "新"}, False),
        ({"kana": "シン"}, None),
        ({"anpi_login_id": "x1"}, None),
        ({"enabled": False}, True),
        ({"user_type": UserType.REGISTRATION_ONLY_USER}, True),
    ],
)
async def test_sockets_close_when_the_right_to_be_here_goes(services: Services, fields: dict, final: bool | None):
    mori = await hire(services, "mori")
    await change(services, operator(), mori, **fields)
    wanted = select(revocations.c.final).where(revocations.c.account_id == mori.id)
    found = await services.readers.ask(lambda db: db.execute(wanted).scalars().all())
    assert list(found) == ([] if final is None else [final])


async def test_who_is_only_listed_is_signed_out_and_no_administrator(services: Services):
    sano, mori = [await hire(services, name, privileges=frozenset({USER})) for name in ("sano", "mori")]
    listed = await change(services, operator(), mori, user_type=UserType.REGISTRATION_ONLY_USER)
    assert (listed.talk, listed.privileges, listed.may_sign_in) == (False, frozenset(), False)
    with pytest.raises(Conflict, match="last_administrator"):
        await change(services, operator(), sano, user_type=UserType.FACILITY)


async def test_a_deleted_person_comes_back_as_he_was(services: Services):
    mori = await hire(services, "mori")
    before = await change(services, operator(), mori, anpi_login_id="M1", privileges=frozenset({ANPI, GOTALK}))
    await services.writer.act(actions.delete_account, operator(), mori.id)
    assert await services.readers.ask(seats.used) == Licences(0, 0, 0)

    back = await services.writer.act(actions.restore_account, operator(), mori.id, state_of(before))

    assert back == before
    with pytest.raises(NotFound):
        await services.writer.act(actions.restore_account, operator(), mori.id, state_of(before))
    await services.writer.act(actions.delete_account, operator(), mori.id)
    await hire(services, "mori")
    with pytest.raises(Conflict, match="login_id_taken"):
        await services.writer.act(actions.restore_account, operator(), mori.id, state_of(before))


# ---------------------------------------------------------------- seats and the company


async def test_seats_are_counted_as_the_manual_says(services: Services):
    mori, ito = await hire(services, "mori"), await hire(services, "ito", talk=False)
    await change(services, operator(), ito, enabled=False, anpi_login_id="I1")
    for login, kind in (("listed", UserType.REGISTRATION_ONLY_USER), ("room", UserType.FACILITY)):
        anpi_id = "L1" if kind is UserType.REGISTRATION_ONLY_USER else ""
        new = new_account(f"{login}@hokuto.example", login, user_type=kind, anpi_login_id=anpi_id)
        await services.writer.act(actions.add_account, operator(), new, None)
    assert await services.readers.ask(seats.counts) == Counts(basic=2, talk=1, anpi=2)
    await services.writer.act(actions.delete_account, operator(), mori.id)
    assert await services.readers.ask(seats.used) == Licences(1, 0, 2)


async def test_beyond_the_limit_nothing_is_written(services: Services):
    await open_company(services, basic=2, talk=1, anpi=1)
    mori, ito = await hire(services, "mori"), await hire(services, "ito", talk=False)
    with pytest.raises(Conflict, match="seats") as refused:
        await change(services, operator(), ito, talk=True)
    assert (refused.value.details["licence"], refused.value.details["limit"]) == ("talk", 1)
    with pytest.raises(Conflict, match="seats"):
        await hire(services, "sano", talk=False)
    assert not (await state_of_person(services, ito)).talk
    await change(services, operator(), mori, talk=False)
    assert (await change(services, operator(), ito, talk=True)).talk


async def test_of_two_who_take_the_last_seat_at_once_one_gets_it(services: Services):
    await open_company(services, talk=1)
    people = [await hire(services, name, talk=False) for name in ("mori", "ito")]
    tries = [change(services, operator(), someone, talk=True) for someone in people]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [result.code for result in results if isinstance(result, AppError)] == ["seats"]
    assert (await services.readers.ask(seats.used)).talk == 1


async def test_of_two_who_strip_each_other_one_stays(services: Services):
    sano, mori = [await hire(services, name, privileges=frozenset({USER})) for name in ("sano", "mori")]
    tries = [
        change(services, acting(sano), mori, privileges=frozenset()),
        change(services, acting(mori), sano, privileges=frozenset()),
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [result.code for result in results if isinstance(result, AppError)] == ["last_administrator"]
    assert await services.readers.ask(queries.enabled_administrators) == 1


async def test_nobody_strips_himself(services: Services):
    sano, _ = [await hire(services, name, privileges=frozenset({USER})) for name in ("sano", "mori")]
    with pytest.raises(Conflict, match="not_yourself"):
        await change(services, acting(sano), sano, privileges=frozenset())
    assert (await change(services, acting(sano), sano, privileges=frozenset({USER, GOTALK}))).privileges == {
        USER,
        GOTALK,
    }


async def test_the_thirty_first_anpi_administrator_is_refused(services: Services):
    for number in range(30):
        new = new_account(f"p{number}@hokuto.example", "人", anpi_login_id=f"p{number}", privileges=frozenset({ANPI}))
        await services.writer.act(actions.add_account, operator(), new, None)
    last = await hire(services, "last")
    with pytest.raises(Conflict, match="anpi_admins_full"):
        await change(services, operator(), last, anpi_login_id="last", privileges=frozenset({ANPI}))


async def test_a_licence_never_sinks_below_what_is_in_use(services: Services):
    await open_company(services, talk=5)
    for name in ("mori", "ito"):
        await hire(services, name)
    with pytest.raises(Conflict, match="licence_in_use") as refused:
        await open_company(services, talk=1)
    assert refused.value.details["used"] == 2
    await open_company(services, talk=2, basic=0 + 2)
    assert (await services.readers.ask(company.find)).licences == Licences(2, 2, 100)


async def test_a_company_is_changed_by_who_may_and_who_listens_hears_of_it(services: Services):
    await open_company(services)
    ito = await hire(services, "ito", privileges=frozenset({USER}))
    wanted = CompanyChanges(
        name="北斗商事", phone_scheme="sip:", purpose="業務連絡", login_domains=["hokuto.example"]
    )
    with pytest.raises(Forbidden):
        await services.writer.act(change_company, acting(ito), wanted)
    heard: list[tuple[str, str]] = []

    def listener(tx, actor, before, after) -> None:
        heard.append((before.name, after.name))

    after = await services.writer.act(change_company, operator(), wanted, [listener])
    again = await services.writer.act(change_company, operator(), wanted, [listener])
    assert again == after == await services.readers.ask(company.find)
    assert heard == [("北斗精機", "北斗商事")]
    with pytest.raises(Invalid, match="login_domain"):
        new = new_account("a@b.example", "青木")
        await services.writer.act(actions.add_account, operator(), new, None)
    assert (await trail(services, "company.change"))[-1]["changed"]["name"] == ["北斗精機", "北斗商事"]


async def test_a_new_disabled_person_is_one(services: Services):
    new = new_account("a@hokuto.example", "青木", enabled=False)
    added = await services.writer.act(actions.add_account, operator(), new, "hash")
    assert added.state is State.DISABLED
