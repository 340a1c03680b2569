"""Law 5: rights are asked at each use, and whose right has gone is out within a second."""

from __future__ import annotations

import asyncio
import time

import pytest
from sqlalchemy import delete, insert, update
from websockets.exceptions import InvalidStatus

from server.auth import actions, session_actions, sessions
from server.auth import company as companies
from server.auth.company_changing import CompanyChanges, change_company
from server.auth.model import Actor, operator
from server.auth.tables import accounts, revocations
from server.data.transaction import Transaction
from server.ports import people_listeners
from server.work.jobs import Worker
from tests.tools.client import Client, Refused
from tests.tools.company import sign_in


@pytest.fixture
async def talk(server, company):
    sato = await server.connect(company.sato.token)
    suzuki = await server.connect(company.suzuki.token)
    made = await sato.ask("room.create", kind="closed", name="営業部", people=[company.suzuki.id])
    await suzuki.expect("room.added")
    return sato, suzuki, made["room"]["id"]


async def closed_within_a_second(client, code):
    start = time.monotonic()
    await client.expect_close(code)
    assert time.monotonic() - start < 1.0


async def test_a_disabled_person_is_out_at_once_and_cannot_come_back(server, company, talk):
    sato, suzuki, room = talk
    await server.services.writer.act(actions.disable_account, operator(), company.suzuki.id)
    await sato.post(room, "いまのは聞こえない")
    await closed_within_a_second(suzuki, 4401)
    assert [frame["is"] for frame in suzuki.heard] == ["room.added", "bye"]
    with pytest.raises(InvalidStatus):
        await server.connect(company.suzuki.token)


async def test_ending_one_session_leaves_the_other(server, company, talk):
    _, suzuki, _ = talk
    second = await server.connect(await sign_in(server.services, company.suzuki.id))
    signed_in = await server.services.readers.ask(
        sessions.find, sessions.hash_of(company.suzuki.token), server.services.clock(), sessions.SEEN_EVERY * 24
    )
    await server.services.writer.act(session_actions.sign_out, Actor(company.suzuki.id, "suzuki"), signed_in)
    await closed_within_a_second(suzuki, 4401)
    await second.ask("ping")


async def test_who_is_in_when_the_purpose_is_first_set_is_asked_before_he_comes_back(server, company, talk):
    sato, suzuki, _ = talk
    act = server.services.writer.act
    await act(companies.ensure, "北斗商事")
    await act(actions.agree, Actor(company.suzuki.id, "suzuki"))
    known = server.processes[-1].services.company
    seen = known._seen
    await act(change_company, operator(), CompanyChanges(purpose="業務の連絡に使います。"))
    await closed_within_a_second(sato, 4411)
    # As in a process that has not heard of it yet, and believes what it read a moment ago.
    known._seen, known._old_at = seen, asyncio.get_running_loop().time() + 60
    for process in server.processes:
        with pytest.raises(InvalidStatus, match="403"):
            await Client.connect(process.host, company.sato.token)

    await act(actions.agree, Actor(company.sato.id, "sato"))
    again = await server.connect(company.sato.token)
    await act(change_company, operator(), CompanyChanges(purpose="業務の連絡と安否の確認に使います。"))
    for client in (again, suzuki):
        await client.ask("ping")


async def test_who_may_no_longer_talk_comes_back_and_hears_nothing(server, company, talk):
    sato, suzuki, room = talk
    await suzuki.ask("room.direct", person=company.sato.id)
    await sato.expect("room.added")
    await sato.expect("room.added")
    await server.services.writer.act(actions.set_talk, operator(), company.suzuki.id, False)
    await closed_within_a_second(suzuki, 4411)

    again = await server.connect(company.suzuki.token)
    await sato.post(room, "聞こえますか")

    assert again.welcome["rooms"] == [] and again.welcome["me"]["talk"] is False
    await again.expect_silence()
    with pytest.raises(Refused, match="talk_disabled"):
        await again.post(room, "はい")
    for do, fields in (
        ("history", {"channel": room}),
        ("since", {"channel": room, "rev": 0}),
        ("mark", {"channel": room, "seq": 1}),
        ("room.members", {"channel": room}),
        ("room.direct", {"person": company.sato.id}),
        ("room.direct", {"person": company.ito.id}),
        ("rooms.open", {}),
        ("people.find", {}),
    ):
        with pytest.raises(Refused, match="talk_disabled"):
            await again.ask(do, **fields)


async def test_a_revocation_by_another_process_is_found_within_a_second(server, company, talk):
    """Its row is all we have: no call, no bus."""
    _, suzuki, _ = talk

    def elsewhere(tx: Transaction) -> None:
        row = {"at": tx.now, "account_id": company.suzuki.id, "token_hash": "", "final": True}
        tx.connection.execute(insert(revocations).values(row))

    await server.services.writer.act(elsewhere)
    await closed_within_a_second(suzuki, 4401)


async def test_a_session_that_ended_between_the_door_and_hello_is_told_nothing(server, company, talk):
    late = await server.connect(company.suzuki.token, hello=False)

    def forget(tx: Transaction) -> None:
        sessions.forget_ended(tx, idle=tx.now - tx.now)

    # Its row goes without a revocation, as when a session ends by age.
    await server.services.writer.act(forget)
    await late.say("hello", have={})
    await late.expect_close(4401)
    assert [frame["is"] for frame in late.heard] == ["bye"]


async def test_a_deleted_person_leaves_his_rooms_and_keeps_his_name(server, company, talk):
    sato, suzuki, room = talk
    await suzuki.post(room, "お世話になりました")
    await sato.expect("room.added")
    await sato.expect("message.posted")

    listeners = people_listeners(server.services.ports)
    await server.services.writer.act(actions.delete_account, operator(), company.suzuki.id, listeners)
    worker = asyncio.create_task(Worker(server.services).run())
    left = await sato.expect("member.left", channel=room)
    worker.cancel()
    assert left["member"]["name"] == "suzuki" and left["members"] == 1
    page = await sato.ask("history", channel=room)
    assert page["messages"][0]["name"] == "suzuki"


async def test_a_number_of_a_revocation_is_never_given_again(server, company, talk):
    """Who came back after one remembers its number: the next must have another, though all rows are forgotten."""
    _, suzuki, _ = talk
    await server.services.writer.act(actions.set_talk, operator(), company.suzuki.id, False)
    await closed_within_a_second(suzuki, 4411)
    again = await server.connect(company.suzuki.token)
    await server.services.writer.act(lambda tx: tx.connection.execute(delete(revocations)) and None)
    await server.services.writer.act(actions.disable_account, operator(), company.suzuki.id)
    await closed_within_a_second(again, 4401)


async def test_an_answer_that_was_read_before_a_removal_does_not_come_after_it(server, company, talk):
    sato, suzuki, room = talk
    reading, removed = asyncio.Event(), asyncio.Event()

    def slowed(real):
        async def slow(question, *args, **kwargs):
            answer = await real(question, *args, **kwargs)
            if question.__name__ == "rooms_heard" and not removed.is_set():
                reading.set()
                await removed.wait()
            return answer

        return slow

    for process in server.processes:
        process.services.readers.ask = slowed(process.services.readers.ask)
    ref = await suzuki.say("rooms")
    await reading.wait()
    await sato.ask("room.remove", channel=room, person=company.suzuki.id)
    await suzuki.expect("room.removed", channel=room)
    removed.set()
    assert (await suzuki.answer_to(ref))["rooms"] == []


async def test_the_right_to_talk_is_asked_at_each_use_and_not_of_the_socket(server, company, talk):
    """Another process has just taken it away, and this one has not heard yet."""
    _, suzuki, _ = talk
    taken = update(accounts).where(accounts.c.id == company.suzuki.id).values(talk=False)
    await server.services.writer.act(lambda tx: tx.connection.execute(taken) and None)
    assert (await suzuki.ask("rooms"))["rooms"] == []
    for do in ("people.find", "rooms.open"):
        with pytest.raises(Refused, match="talk_disabled"):
            await suzuki.ask(do)
