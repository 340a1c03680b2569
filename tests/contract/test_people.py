"""What is done to people and sessions, the same on both databases."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta

import pytest

from server.auth import actions, audit, queries, revocation, session_actions, sessions
from server.auth.model import Account, Actor, Privilege, State, new_account, operator
from server.auth.session_actions import NewSession, TooManyTries
from server.data.transaction import Transaction
from server.errors import AppError, Conflict, Forbidden, NotFound
from server.services import Services
from tests.tools.company import hire, sign_in
from tests.tools.running import Running

ADMINISTRATOR = frozenset({Privilege.ADMIN_USER})
IDLE = timedelta(days=30)


@pytest.fixture
def services(server: Running) -> Services:
    return server.services


def acting(someone) -> Actor:
    return Actor(someone.id, someone.account.name, someone.account.privileges)


async def state_of(services: Services, account_id: int) -> Account | None:
    return await services.readers.ask(queries.account, account_id)


async def test_a_login_id_belongs_to_one_person_whatever_the_case(services: Services):
    await hire(services, "sano")
    with pytest.raises(Conflict, match="login_id_taken"):
        new = new_account("SANO@Hokuto.Example", "佐野")
        await services.writer.act(actions.add_account, operator(), new, None)


async def test_a_deleted_persons_login_id_is_free_again(services: Services):
    sano = await hire(services, "sano", privileges=frozenset({Privilege.ADMIN_GOTALK}))
    await services.writer.act(actions.delete_account, operator(), sano.id)
    again = await hire(services, "sano")

    gone = await state_of(services, sano.id)
    assert again.id != sano.id
    assert (gone.state, gone.talk, gone.privileges, gone.name) == (State.DELETED, False, frozenset(), "sano")
    with pytest.raises(NotFound):
        await services.writer.act(actions.enable_account, operator(), sano.id)


@pytest.mark.parametrize("action", [actions.disable_account, actions.delete_account])
async def test_the_last_administrator_stays(services: Services, action):
    sano = await hire(services, "sano", privileges=ADMINISTRATOR)
    mori = await hire(services, "mori", privileges=ADMINISTRATOR)
    await services.writer.act(action, operator(), mori.id)
    with pytest.raises(Conflict, match="last_administrator"):
        await services.writer.act(action, operator(), sano.id)
    with pytest.raises(Conflict, match="last_administrator"):
        await services.writer.act(actions.set_privileges, operator(), sano.id, frozenset())
    assert (await state_of(services, sano.id)).privileges == ADMINISTRATOR


async def test_a_disabled_administrator_does_not_count(services: Services):
    sano = await hire(services, "sano", privileges=ADMINISTRATOR)
    mori = await hire(services, "mori", privileges=ADMINISTRATOR)
    await services.writer.act(actions.disable_account, operator(), mori.id)
    with pytest.raises(Conflict, match="last_administrator"):
        await services.writer.act(actions.delete_account, operator(), sano.id)
    await services.writer.act(actions.delete_account, operator(), mori.id)


async def test_two_administrators_cannot_put_each_other_out(services: Services):
    sano = await hire(services, "sano", privileges=ADMINISTRATOR)
    mori = await hire(services, "mori", privileges=ADMINISTRATOR)
    tries = [
        services.writer.act(actions.disable_account, acting(sano), mori.id),
        services.writer.act(actions.disable_account, acting(mori), sano.id),
    ]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results].count(Conflict) == 1
    assert await services.readers.ask(queries.enabled_administrators) == 1


@pytest.mark.parametrize(
    "action", [actions.disable_account, actions.delete_account, lambda *a: actions.set_password(*a, "hash")]
)
async def test_nobody_does_it_to_himself(services: Services, action):
    sano = await hire(services, "sano", privileges=ADMINISTRATOR)
    await hire(services, "mori", privileges=ADMINISTRATOR)
    with pytest.raises(Conflict, match="not_yourself"):
        await services.writer.act(action, acting(sano), sano.id)


async def test_who_has_no_right_changes_nothing(services: Services):
    ito = await hire(services, "ito")
    helper = await hire(services, "ueda", privileges=frozenset({Privilege.ADMIN_GOTALK}))
    for actor in (acting(ito), acting(helper)):
        for action, *more in (
            (actions.disable_account,),
            (actions.enable_account,),
            (actions.delete_account,),
            (actions.set_password, "hash"),
            (actions.set_privileges, ADMINISTRATOR),
        ):
            with pytest.raises(Forbidden):
                await services.writer.act(action, actor, ito.id, *more)
    with pytest.raises(Forbidden):
        await services.writer.act(actions.set_talk, acting(ito), ito.id, False)
    assert (await services.writer.act(actions.set_talk, acting(helper), ito.id, False)).talk is False


async def test_listeners_hear_before_and_after_in_the_same_transaction(services: Services):
    heard: list[tuple[Account | None, Account]] = []

    def listener(tx: Transaction, actor: Actor, before: Account | None, after: Account) -> None:
        heard.append((before, after))
        if after.name == "拒否":
            raise Conflict()

    new = new_account("a@b.example", "青木", talk=True)
    account = await services.writer.act(actions.add_account, operator(), new, None, listeners=[listener])
    await services.writer.act(actions.set_talk, operator(), account.id, False, [listener])
    await services.writer.act(actions.set_talk, operator(), account.id, False, [listener])
    await services.writer.act(actions.delete_account, operator(), account.id, [listener])

    assert [(before and before.talk, after.talk, after.state) for before, after in heard] == [
        (None, True, State.ENABLED),
        (True, False, State.ENABLED),
        (False, False, State.DELETED),
    ]
    refused = new_account("c@d.example", "拒否")
    with pytest.raises(Conflict):
        await services.writer.act(actions.add_account, operator(), refused, None, listeners=[listener])
    assert await services.readers.ask(queries.credentials, "c@d.example") is None


async def test_sessions_end_one_by_one_and_all_together(services: Services):
    sano = await hire(services, "sano")
    others = [await sign_in(services, sano.id) for _ in range(3)]
    now = services.clock()
    current = await services.readers.ask(sessions.find, sessions.hash_of(sano.token), now, IDLE)
    ended = await services.writer.act(session_actions.end_other_sessions, acting(sano), current.session)

    hashes = [sessions.hash_of(token) for token in (sano.token, *others)]
    assert ended == 3
    assert await services.readers.ask(queries.standing, hashes, now, IDLE) == {hashes[0]}
    await services.writer.act(actions.set_password, operator(), sano.id, "hash")
    assert await services.readers.ask(queries.standing, hashes, now, IDLE) == set()
    assert (await state_of(services, sano.id)).must_change


async def test_every_process_reads_what_was_revoked(services: Services):
    before = await services.readers.ask(revocation.newest)
    sano = await hire(services, "sano")
    await services.writer.act(actions.set_talk, operator(), sano.id, False)
    await services.writer.act(actions.disable_account, operator(), sano.id)

    rows = await services.readers.ask(revocation.new_revocations, before, services.clock())
    assert [(row.account, row.session, row.final) for _, row in rows] == [
        (sano.id, None, False),
        (sano.id, None, True),
    ]
    assert [row.id for _, row in rows] == [id for id, _ in rows]
    newest = rows[-1][0]
    later = services.clock() + revocation.OVERLAP + timedelta(seconds=1)
    again = await services.readers.ask(revocation.new_revocations, newest, services.clock())
    assert len(again) == 2, "what is young is read again"
    assert await services.readers.ask(revocation.new_revocations, newest, later) == []


async def test_who_comes_after_a_revocation_has_heard_of_it(services: Services):
    sano = await hire(services, "sano")
    await services.writer.act(actions.set_talk, operator(), sano.id, False)
    signed_in = await services.readers.ask(sessions.find, sessions.hash_of(sano.token), services.clock(), IDLE)
    newest = await services.readers.ask(revocation.newest)
    assert signed_in.heard == {newest}


async def test_tries_are_counted_one_after_the_other(services: Services):
    tries = [services.writer.act(session_actions.count_try, "key") for _ in range(20)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [type(result) for result in results].count(TooManyTries) == 16
    throttle = await services.readers.ask(queries.throttle, "key")
    assert throttle.failures == 4


async def test_a_try_that_is_taken_back_is_one_less_and_never_less_than_none(services: Services):
    for _ in range(2):
        await services.writer.act(session_actions.count_try, "key")
    for left in (1, 0, 0):
        await services.writer.act(session_actions.take_back_try, "key")
        assert (await services.readers.ask(queries.throttle, "key")).failures == left


async def test_what_has_ended_is_forgotten(services: Services):
    sano = await hire(services, "sano")
    await services.writer.act(session_actions.count_try, "key")
    await services.writer.act(actions.set_talk, operator(), sano.id, False)

    def a_year_later(tx: Transaction) -> None:
        tx.now += timedelta(days=365)
        sessions.forget_ended(tx, IDLE)
        session_actions.forget_old_tries(tx)
        revocation.forget_old(tx)

    await services.writer.act(a_year_later)
    for table in ("sessions", "throttles", "revocations"):
        count = await services.readers.ask(
            lambda db, table=table: db.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
        )
        assert count == 0, table


async def test_a_session_is_replaced_only_by_its_owner(services: Services):
    sano, mori = await hire(services, "sano"), await hire(services, "mori")

    def steal(tx: Transaction) -> None:
        found = queries.credentials_of(tx.connection, mori.id)
        tried = session_actions.Tried(found, "key")
        new = NewSession("hash", IDLE, replaces=sessions.hash_of(sano.token))
        session_actions.sign_in(tx, acting(mori), tried, new)

    await services.writer.act(steal)
    standing = await services.readers.ask(
        queries.standing, [sessions.hash_of(sano.token), "hash"], services.clock(), IDLE
    )
    assert len(standing) == 2


async def test_the_trail_holds_hostile_text_and_no_secret(services: Services):
    nasty = "佐野\x00\x1b[31m\n\u2028\u202eEVIL\ud800"

    def write(tx: Transaction) -> None:
        audit.record(tx, Actor(1, nasty, address=nasty), "test", nasty, note=nasty)

    await services.writer.act(write)
    row = await services.readers.ask(
        lambda db: db.exec_driver_sql("SELECT actor, target, detail FROM audit WHERE action = 'test'").one()
    )
    for stored in row:
        assert not any(ord(char) < 32 or char in "\u2028\u202e" for char in stored)
    assert json.loads(row.detail)["note"].startswith("佐野")

    for name in ("password", "token", "password_hash"):
        with pytest.raises(ValueError, match="no secrets"):
            await services.writer.act(lambda tx, name=name: audit.record(tx, operator(), "x", **{name: "y"}))


async def test_what_outlives_a_refusal_is_written_although_it_is_refused(services: Services):
    def refuse(tx: Transaction) -> None:
        audit.record(tx, operator(), "undone")
        raise AppError().then(lambda tx: audit.record(tx, operator(), "kept", result="refused"))

    with pytest.raises(AppError):
        await services.writer.act(refuse)
    found = await services.readers.ask(lambda db: db.exec_driver_sql("SELECT action FROM audit").scalars().all())
    assert list(found) == ["kept"]
