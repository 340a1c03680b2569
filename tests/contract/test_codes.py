"""Codes that are read out by phone, and first passwords that expire, the same on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from server.auth import actions, codes, queries
from server.auth.model import Account, Actor, Privilege, SignInState, UserType, operator
from server.auth.session_actions import NewSession
from server.data.transaction import Transaction
from server.errors import AppError, Conflict, Forbidden
from server.services import Services
from tests.tools.company import hire
from tests.tools.running import Running

STRANGER = Actor(None, "")
CODE = "48210937"
LOGIN = "mori@hokuto.example"


@pytest.fixture
def services(server: Running) -> Services:
    return server.services


def hashed(services: Services, code: str, login: str = LOGIN) -> str:
    return codes.hash_of(services.secrets, login, code)


async def issue(services: Services, account_id: int) -> None:
    await services.writer.act(codes.issue, operator(), account_id, hashed(services, CODE))


async def works(services: Services, code: str, login: str = LOGIN) -> bool:
    try:
        await services.writer.act(codes.try_code, STRANGER, login, hashed(services, code, login))
    except AppError as refusal:
        assert refusal.code == "code_wrong"
        return False
    return True


async def use(services: Services, token: str = "t") -> Account:
    session = NewSession(token, timedelta(days=1))
    account: Account = await services.writer.act(
        codes.use, STRANGER, LOGIN, hashed(services, CODE), "new hash", session
    )
    return account


async def test_a_code_works_once_however_it_is_typed_and_sets_the_password(services: Services):
    mori = await hire(services, "mori")
    await issue(services, mori.id)
    assert await works(services, "4821-0937") and await works(services, "４８２１ 0937", "MORI@hokuto.example ")

    await use(services)

    found = await services.readers.ask(queries.credentials_of, mori.id)
    assert (found.password_hash, found.account.must_change) == ("new hash", False)
    assert found.account.first_seen_at is not None
    live = await services.readers.ask(queries.sessions_of, mori.id, services.clock(), timedelta(days=30))
    assert [session.token_hash for session in live] == ["t"], "older sessions have ended"
    assert not await works(services, CODE)


async def test_five_wrong_tries_are_the_end_of_a_code(services: Services):
    mori = await hire(services, "mori")
    await issue(services, mori.id)
    tries = await asyncio.gather(*(works(services, f"0000000{number}") for number in range(5)))
    assert tries == [False] * 5
    assert not await works(services, CODE)
    await issue(services, mori.id)
    assert await works(services, CODE), "a new one has its own tries"


async def test_a_code_is_worth_nothing_after_a_quarter_of_an_hour(services: Services):
    mori = await hire(services, "mori")
    await issue(services, mori.id)

    def later(tx: Transaction) -> AppError | None:
        tx.now += codes.LASTS
        return codes.try_code(tx, STRANGER, LOGIN, hashed(services, CODE))

    with pytest.raises(AppError, match="code_wrong"):
        await services.writer.act(later)
    assert await works(services, CODE), "the code is still there, and its time has not come"


@pytest.mark.parametrize(
    "end",
    [
        lambda id: (actions.disable_account, operator(), id),
        lambda id: (actions.delete_account, operator(), id),
        lambda id: (actions.set_password, operator(), id, "hash"),
    ],
)
async def test_a_code_ends_with_what_it_stood_for(services: Services, end):
    mori = await hire(services, "mori")
    await issue(services, mori.id)
    await services.writer.act(*end(mori.id))
    assert not await works(services, CODE)


async def test_another_persons_code_opens_nothing(services: Services):
    mori = await hire(services, "mori")
    await hire(services, "ito")
    await issue(services, mori.id)
    assert not await works(services, CODE, "ito@hokuto.example")
    assert not await works(services, CODE, "nobody@hokuto.example")


async def test_who_may_make_a_code_and_for_whom(services: Services):
    mori = await hire(services, "mori", privileges=frozenset({Privilege.ADMIN_USER}))
    ito = await hire(
        services, "ito", privileges=frozenset(set(Privilege) - {Privilege.ADMIN_USER, Privilege.ADMIN_ANPI})
    )
    mine, its = Actor(mori.id, "mori", mori.account.privileges), Actor(ito.id, "ito", ito.account.privileges)
    with pytest.raises(Forbidden):
        await services.writer.act(codes.issue, its, mori.id, "hash")
    with pytest.raises(Conflict, match="not_yourself"):
        await services.writer.act(codes.issue, mine, mori.id, "hash")
    change = actions.AccountChanges(user_type=UserType.FACILITY)
    await services.writer.act(actions.change_account, mine, ito.id, change)
    with pytest.raises(Conflict, match="no_sign_in"):
        await services.writer.act(codes.issue, mine, ito.id, "hash")


async def test_passwords_for_several_are_set_for_all_or_for_none(services: Services):
    sano = await hire(services, "sano", privileges=frozenset({Privilege.ADMIN_USER}))
    mori, ito = await hire(services, "mori"), await hire(services, "ito")
    actor = Actor(sano.id, "sano", sano.account.privileges)
    for wrong in (99_999, sano.id):
        with pytest.raises(AppError):
            await services.writer.act(actions.set_passwords, actor, {mori.id: "a", wrong: "b", ito.id: "c"})
        assert (await services.readers.ask(queries.credentials_of, mori.id)).password_hash is None
    given = await services.writer.act(actions.set_passwords, actor, {mori.id: "a", ito.id: "c"})
    assert [each.id for each in given] == [mori.id, ito.id]
    now = services.clock()
    assert all(each.must_change and each.sign_in_state(now) is SignInState.NEVER for each in given)
    assert all(each.sign_in_state(now + timedelta(days=31)) is SignInState.EXPIRED for each in given)
