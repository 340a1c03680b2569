"""Codes that are read out by phone, and first passwords that expire, the same on both databases."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import event, func, insert, select, update

from server.auth import actions, codes, queries
from server.auth.device import Device
from server.auth.model import Account, Actor, Privilege, SignInState, UserType, operator
from server.auth.session_actions import NewSession, TooManyTries
from server.auth.tables import audit, revocations, sign_in_codes, throttles
from server.auth.throttle import FREE_FAILURES, LONGEST_DELAY, sign_in_key
from server.data.transaction import Transaction
from server.errors import AppError, Conflict, Forbidden, Invalid
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
    except Invalid as refusal:
        assert refusal.code == "code_wrong"
        return False
    return True


def try_later(tx: Transaction, services: Services, after: timedelta, code: str) -> AppError | None:
    tx.now += after
    return codes.try_code(tx, STRANGER, LOGIN, hashed(services, code))


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


async def test_wrong_tries_wait_and_the_right_code_is_told_how_long(services: Services):
    mori = await hire(services, "mori")
    await issue(services, mori.id)
    tries = (works(services, f"0000000{number}") for number in range(10))
    answers = await asyncio.gather(*tries, return_exceptions=True)
    assert answers.count(False) == FREE_FAILURES
    assert sum(isinstance(each, TooManyTries) for each in answers) == 10 - FREE_FAILURES, (
        "the others are not looked at"
    )
    with pytest.raises(TooManyTries) as wait:
        await works(services, CODE)
    assert wait.value.details["seconds"] == 1
    assert await services.writer.act(try_later, services, timedelta(seconds=1), CODE) is None


async def test_a_code_outlives_whoever_guesses_as_long_as_it_lasts(services: Services):
    mori = await hire(services, "mori")
    await issue(services, mori.id)

    def attack(tx: Transaction) -> int:
        end, tried = tx.now + codes.LASTS - 2 * LONGEST_DELAY - timedelta(seconds=1), 0
        while tx.now < end:
            try:
                codes.try_code(tx, STRANGER, LOGIN, hashed(services, "00000000"))
                tried += 1
            except TooManyTries as wait:
                tx.now += timedelta(seconds=wait.details["seconds"])
        tx.now += LONGEST_DELAY
        assert codes.try_code(tx, STRANGER, LOGIN, hashed(services, CODE)) is None
        return tried

    assert 30 < await services.writer.act(attack) < codes.TRIES


async def test_a_code_has_an_end_of_tries_and_a_new_one_its_own(services: Services):
    mori = await hire(services, "mori")
    await issue(services, mori.id)
    for _ in range(FREE_FAILURES):
        await works(services, "00000000")
    tried = update(sign_in_codes).values(tries=codes.TRIES)
    await services.writer.act(lambda tx: tx.connection.execute(tried))
    refusal = await services.writer.act(lambda tx: [try_later(tx, services, timedelta(seconds=30), CODE)])
    assert refusal[0] is not None and refusal[0].code == "code_wrong"
    await issue(services, mori.id)
    assert await works(services, CODE), "nor does the old one's owner wait"


@pytest.mark.parametrize("login", ["ito@hokuto.example", "nobody@hokuto.example"])
async def test_waiting_tells_nobody_who_has_a_code(services: Services, login: str):
    await hire(services, "ito")
    for _ in range(FREE_FAILURES):
        assert not await works(services, CODE, login)
    with pytest.raises(TooManyTries):
        await works(services, CODE, login)


async def test_a_stranger_does_not_slow_down_a_browser_that_is_known(services: Services):
    mori, ito = await hire(services, "mori"), await hire(services, "ito")
    await issue(services, mori.id)
    for _ in range(FREE_FAILURES):
        await works(services, "00000000")
    ask = (codes.try_code, STRANGER, LOGIN, hashed(services, CODE))
    with pytest.raises(TooManyTries):
        await services.writer.act(*ask, Device(ito.id, "elsewhere"))
    assert await services.writer.act(*ask, Device(mori.id, "own")) is None


async def test_a_code_is_worth_nothing_after_a_quarter_of_an_hour(services: Services):
    mori = await hire(services, "mori")
    await issue(services, mori.id)

    almost = codes.LASTS - timedelta(seconds=1)
    assert await services.writer.act(try_later, services, almost, CODE) is None
    with pytest.raises(AppError, match="code_wrong"):
        await services.writer.act(try_later, services, codes.LASTS, CODE)


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


async def test_passwords_for_many_take_no_more_statements_than_for_few(services: Services):
    people = [(await hire(services, f"p{number}")).id for number in range(12)]

    def counted(tx: Transaction, ids: list[int]) -> int:
        statements: list[str] = []
        event.listen(tx.connection, "before_cursor_execute", lambda *given: statements.append(given[2]))
        actions.set_passwords(tx, operator(), {id: f"hash {id}" for id in ids})
        return len(statements)

    few, many = await services.writer.act(counted, people[:2]), await services.writer.act(counted, people)
    assert few == many


async def test_passwords_for_several_sign_them_out_and_forgive_and_are_written_down_each(services: Services):
    people = [await hire(services, name) for name in ("mori", "ito")]
    ids = [each.id for each in people]
    for each in people:
        login = each.account.login_id
        await services.writer.act(codes.issue, operator(), each.id, hashed(services, CODE, login))
        failed = insert(throttles).values(key=sign_in_key(login), failures=9, last_at=services.clock())
        await services.writer.act(lambda tx, failed=failed: tx.connection.execute(failed))

    await services.writer.act(actions.set_passwords, operator(), {id: "hash" for id in ids})

    def left(db) -> list[int]:
        tables = sign_in_codes, throttles
        return [db.execute(select(func.count()).select_from(table)).scalar() for table in tables]

    assert await services.readers.ask(left) == [0, 0]
    idle = timedelta(days=30)
    assert [await services.readers.ask(queries.sessions_of, id, services.clock(), idle) for id in ids] == [[], []]
    ended = select(revocations.c.account_id, revocations.c.final).order_by(revocations.c.id)
    told = await services.readers.ask(lambda db: [tuple(row) for row in db.execute(ended)])
    assert sorted(told) == [(id, True) for id in sorted(ids)]
    noted = select(audit.c.target).where(audit.c.action == "account.password").order_by(audit.c.id)
    written = await services.readers.ask(lambda db: list(db.execute(noted).scalars()))
    assert written == [each.account.login_id for each in people]
