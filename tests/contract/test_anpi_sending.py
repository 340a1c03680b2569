"""A delivery goes once for each incident, round, person and address, whoever sends, and however the way behaves."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import insert, select, update

from anpi.sending import deliveries, dispatching, forgetting, leasing
from anpi.sending.composing import Composer
from anpi.sending.deliveries import CANCELLED, State, Wanted
from anpi.sending.leasing import HELD, LEASE, Result, Taken
from anpi.sending.talking import talker
from anpi.sending.texting import Texter
from anpi.tables import incidents, sends, targets
from chat.tables import messages
from tests.tools.anpi_mailing import by_state, ended, incident, kept, mails, people, put, sending, to, until
from tests.tools.company import hire
from tests.tools.mailing import after, sink

__all__ = ["sink"]

SHARES = {"mail": HELD}


async def test_each_person_gets_one_mail_with_his_own_name_and_link(server, sink):
    services = server.services
    about = await incident(services, title="【訓練】地震 ①")
    ids = await people(services, 30)
    async with sending(services, to(sink)):
        await put(services, about, mails(ids))
        rows = await until(services, ended)
    assert by_state(rows) == {State.SENT: 30} and all(row.leased_by == "" for row in rows)
    assert sorted(mail["to"] for mail in sink.mails()) == sorted(f"p{id}@hokuto.example" for id in ids)
    assert {mail["subject"] for mail in sink.mails()} == {"【訓練】地震 ①"}
    assert len({mail["message-id"] for mail in sink.mails()}) == 30
    for mail in sink.mails():
        (id,) = [id for id in ids if mail["to"] == f"p{id}@hokuto.example"]
        assert f"社員 p{ids.index(id):06d} 様" in mail.get_content()


async def test_several_dispatchers_at_once_send_nothing_twice(server, sink):
    services = server.services
    about = await incident(services)
    ids = await people(services, 120)
    await put(services, about, mails(ids))
    async with contextlib.AsyncExitStack() as at_work:
        for each in server.processes:
            await at_work.enter_async_context(sending(each.services, to(sink)))
        rows = await until(services, ended)
    assert by_state(rows) == {State.SENT: 120}
    assert sorted(mail["to"] for mail in sink.mails()) == sorted(f"p{id}@hokuto.example" for id in ids)


async def test_the_same_people_asked_again_in_the_same_round_get_nothing(server):
    services = server.services
    about = await incident(services)
    ids = await people(services, 3)
    for _ in range(2):
        await put(services, about, mails(ids))
    await put(services, about, [Wanted(ids[0], "mail", "email2", f"p{ids[0]}@HOKUTO.example")])
    assert len(await kept(services)) == 3
    await put(services, about, mails(ids), round=1)
    assert len(await kept(services)) == 6


async def test_several_senders_never_hold_the_same_delivery(server):
    services = server.services
    about = await incident(services)
    await put(services, about, mails(await people(services, 250)))
    taken = []
    for n in range(8):
        here = server.processes[n % len(server.processes)].services
        load = await here.writer.act(leasing.step, f"s{n}", shares={"mail": 40})
        taken += [each.id for each in load.taken]
    assert len(taken) == len(set(taken)) == 250


async def test_what_a_dead_sender_held_goes_on_when_its_lease_has_ended(server):
    services = server.services
    about = await incident(services)
    await put(services, about, mails(await people(services, 5)))
    act = services.writer.act
    first = await act(leasing.step, "dead", shares=SHARES)
    assert len(first.taken) == 5 and not (await act(leasing.step, "other", shares=SHARES)).taken
    later = after(LEASE + timedelta(seconds=1), leasing.step)
    second = await act(later, "other", shares=SHARES)
    assert [each.id for each in second.taken] == [each.id for each in first.taken]
    # The dead one wakes up: it holds nothing any more, and what it says counts for nothing.
    done = [Result(each.id, about, each.account, State.FAILED) for each in first.taken]
    load = await act(later, "dead", done, renew=[each.id for each in first.taken])
    assert load.mine == frozenset() and by_state(await kept(services)) == {State.WAITING: 5}


async def test_one_who_renews_keeps_what_he_holds(server):
    services = server.services
    about = await incident(services)
    await put(services, about, mails(await people(services, 2)))
    act = services.writer.act
    first = await act(leasing.step, "slow", shares=SHARES)
    load = await act(after(LEASE / 2, leasing.step), "slow", renew=[each.id for each in first.taken])
    assert load.mine == {each.id for each in first.taken}
    assert not (await act(after(LEASE * 1.2, leasing.step), "other", shares=SHARES)).taken


@pytest.mark.parametrize(
    ("change", "round", "goes"),
    [
        ({"state": "done"}, 0, False),
        ({"suspended": True}, 0, False),
        ({"cancelled": True}, 0, False),
        ({"cancelled": True}, CANCELLED, True),
    ],
)
async def test_nothing_goes_out_for_what_is_over(server, change, round, goes):
    services = server.services
    about = await incident(services)
    await put(services, about, mails(await people(services, 2)), round)

    def end(tx):
        values = {f"{name}_at": tx.now for name in ("suspended", "cancelled") if change.get(name)}
        values |= {"state": change["state"]} if "state" in change else {}
        tx.connection.execute(update(incidents).where(incidents.c.id == about).values(values))

    await services.writer.act(end)
    load = await services.writer.act(leasing.step, "s", shares=SHARES)
    assert len(load.taken) == (2 if goes else 0)
    assert by_state(await kept(services)) == ({State.WAITING: 2} if goes else {State.DROPPED: 2})


def suspend(tx, about):
    tx.connection.execute(update(incidents).where(incidents.c.id == about).values(suspended_at=tx.now))


async def test_mails_of_what_is_over_are_let_go_while_no_relay_lets_anybody_in(server, sink):
    services = server.services
    about, other = await incident(services), await incident(services)
    ids = await people(services, 30)
    await put(services, about, mails(ids))
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        nowhere = SimpleNamespace(url=f"smtp://127.0.0.1:{nobody.getsockname()[1]}")
        async with sending(services, to(nowhere)):
            await until(services, lambda rows: all(row.leased_by for row in rows))
            await put(services, other, mails(ids[:1]))
            await services.writer.act(suspend, about)
            rows = await until(services, lambda rows: by_state(rows).get(State.DROPPED) == 30)
    assert [row.state for row in rows if row.incident_id == other] == [State.WAITING]
    async with sending(services, to(sink)):
        await until(services, ended)
    assert [mail["to"] for mail in sink.mails()] == [f"p{ids[0]}@hokuto.example"]


async def test_what_is_over_does_not_keep_the_next_mails_waiting(server, sink, monkeypatch):
    """Many rows of a suspended drill stand before the first mail: no pause lies between them."""
    services = server.services
    monkeypatch.setattr(leasing, "HELD", 50)
    monkeypatch.setattr(dispatching, "HELD", 50)
    monkeypatch.setattr(dispatching, "LOW_WATER", 25)
    monkeypatch.setattr(dispatching, "IDLE_SECONDS", 600.0)
    monkeypatch.setattr(dispatching, "PACED_SECONDS", 600.0)
    drill, real = await incident(services, drill=True), await incident(services)
    ids = await people(services, 100)
    await put(services, drill, mails(ids))
    await services.writer.act(suspend, drill)
    await put(services, real, mails(ids[:1]))
    async with sending(services, to(sink)):
        rows = await until(services, ended)
    assert by_state(rows) == {State.DROPPED: 100, State.SENT: 1}


async def test_who_has_answered_is_not_asked_again(server):
    services = server.services
    about = await incident(services)
    ids = await people(services, 2)
    await put(services, about, mails(ids), round=1)
    await put(services, about, mails(ids), round=CANCELLED)

    def answered(tx):
        send = {"incident_id": about, "key": "s", "round": 0, "act": "ask", "whom": "{}", "at": tx.now}
        made = tx.connection.execute(insert(sends), send | {"state": "ready"}).inserted_primary_key[0]
        for id in ids:
            tx.connection.execute(
                insert(targets),
                {"incident_id": about, "account_id": id, "send_id": made, "asked_at": tx.now},
            )
        tx.connection.execute(update(targets).where(targets.c.account_id == ids[0]).values(answer_id=1))

    await services.writer.act(answered)
    load = await services.writer.act(leasing.step, "s", shares=SHARES)
    assert sorted((each.account, each.round) for each in load.taken) == [
        (ids[0], CANCELLED),
        (ids[1], 1),
        (ids[1], CANCELLED),
    ]


async def test_a_mail_that_cannot_be_made_is_put_off_and_the_others_go(server, sink, monkeypatch):
    services = server.services
    about = await incident(services)
    ids = await people(services, 3)
    await put(services, about, mails(ids))
    make = Composer.parcel

    def broken(composer, taken, happening):
        if taken.account == ids[0]:
            raise ValueError
        return make(composer, taken, happening)

    monkeypatch.setattr(Composer, "parcel", broken)
    async with sending(services, to(sink)):
        rows = await until(services, lambda rows: rows[0].error == "internal" and by_state(rows).get("sent") == 2)
    assert rows[0].state == State.WAITING and rows[0].leased_by == ""


async def test_completion_lets_go_of_what_waits_and_keeps_what_went(server, sink):
    services = server.services
    about = await incident(services)
    ids = await people(services, 4)
    await put(services, about, mails(ids[:2]))
    async with sending(services, to(sink)):
        await until(services, ended)
    await put(services, about, mails(ids[2:]))
    assert await services.writer.act(deliveries.drop, about, ids) == 2
    assert await services.writer.act(deliveries.drop, about, ids) == 0
    assert by_state(await kept(services)) == {State.SENT: 2, State.DROPPED: 2}
    reached = await services.readers.ask(deliveries.people_counts, about)
    assert (reached.people, reached.sent, reached.failed) == (4, 2, 0)
    assert await services.readers.ask(deliveries.states, about, ids) == dict(
        zip(ids, ["sent", "sent", "dropped", "dropped"], strict=True)
    )


async def test_a_refused_address_fails_and_the_others_go(server, sink):
    services = server.services
    about = await incident(services)
    sink.to_recipients += ["550 5.1.1 <hanako..w@docomo.ne.jp>: unknown"]
    await put(services, about, mails(await people(services, 5)))
    async with sending(services, to(sink)):
        rows = await until(services, ended)
    assert by_state(rows) == {State.FAILED: 1, State.SENT: 4}
    # Administrators read it, and nobody is to see a person's own addresses.
    assert [row.error for row in rows if row.state == State.FAILED] == ["550 5.1.1 <…>: unknown"]


async def test_not_now_is_asked_again_after_a_pause(server, sink, monkeypatch):
    services = server.services
    about = await incident(services)
    sink.to_recipients += ["451 later"]
    await put(services, about, mails(await people(services, 3)))
    async with sending(services, to(sink)):
        rows = await until(services, lambda rows: by_state(rows).get(State.SENT) == 2)
        (left,) = [row for row in rows if row.state == State.WAITING]
        assert left.error == "451 later" and left.ended_at is None
    with monkeypatch.context() as patch:
        patch.setattr(leasing, "step", after(leasing.FIRST_PAUSE * 2, leasing.step))
        async with sending(services, to(sink)):
            rows = await until(services, ended)
    assert by_state(rows) == {State.SENT: 3} and len(sink.taken) == 3


async def test_a_bad_address_is_left_out_while_the_person_has_another(server):
    services = server.services
    one, two = await people(services, 2)
    only = [Wanted(one, "mail", "email1", "a@x.example"), Wanted(one, "mail", "own1", "b@x.example")]
    single = [Wanted(two, "mail", "email1", "a@x.example")]

    def refuse(tx, about):
        load = leasing.step(tx, "s", shares=SHARES)
        bad = [each for each in load.taken if each.address == "a@x.example"]
        good = [each for each in load.taken if each not in bad]
        leasing.step(tx, "s", [Result(e.id, about, e.account, State.FAILED, "550", hard=True) for e in bad])
        leasing.step(tx, "s", [Result(e.id, about, e.account, State.SENT) for e in good])

    for _ in range(3):
        about = await incident(services)
        await put(services, about, [*only, *single])
        await services.writer.act(refuse, about)
    last = await incident(services)
    await put(services, last, [*only, *single])
    states = [(row.slot, row.state) for row in await kept(services) if row.incident_id == last]
    assert states == [("email1", State.FAILED), ("own1", State.WAITING), ("email1", State.WAITING)]


async def test_what_is_said_of_a_persons_own_address_is_shown_as_its_code(server):
    services = server.services
    (one,) = await people(services, 1)
    about = await incident(services)
    slots = ("email1", "own1")
    await put(services, about, [Wanted(one, "mail", slot, f"{slot}@x.example") for slot in slots])
    said = "550 5.1.1 unknown user taro.private"

    def refuse(tx):
        load = leasing.step(tx, "s", shares=SHARES)
        leasing.step(tx, "s", [Result(e.id, about, one, State.FAILED, said, hard=True) for e in load.taken])
        return {each.slot: each.error for each in deliveries.of_person(tx.connection, about, one)}

    assert await services.writer.act(refuse) == {"email1": said, "own1": "550 5.1.1"}


async def test_a_text_that_cannot_be_sent_has_no_other_sent_again(server, monkeypatch):
    services = server.services
    services.settings.__dict__["anpi_sms_url"] = "https://sms.example/send"
    about = await incident(services)
    ids = await people(services, 3)
    await put(services, about, [Wanted(id, "sms", "sms", f"0901234567{id % 10}") for id in ids])
    load = await services.writer.act(lambda tx: leasing.step(tx, "s", shares={"sms": 3}))
    asked = []

    async def fetch(method, url, **given):
        asked.append(url)
        if len(asked) == 2:
            raise RuntimeError("a mistake of ours")
        return SimpleNamespace(status=200)

    monkeypatch.setattr(services.outbound, "fetch", fetch)
    results = await Texter(services).deal(load)
    assert [(each.state, each.again) for each in results] == [
        (State.SENT, False),
        (State.WAITING, True),
        (State.SENT, False),
    ]


async def test_a_carriers_lane_keeps_its_pace_and_nobody_waits_for_it(server, sink):
    services = server.services
    services.settings.__dict__["anpi_mails_per_second"] = 1
    about = await incident(services)
    ids = await people(services, 60)
    await put(services, about, [*mails(ids[:50], "docomo.ne.jp"), *mails(ids[50:])])
    async with sending(services, to(sink)):
        rows = await until(
            services, lambda rows: sum(row.lane == "mail" and row.state == "sent" for row in rows) == 10
        )
    assert sum(row.lane == "docomo" and row.state == State.SENT for row in rows) < 10


async def test_a_database_put_back_in_time_gives_no_two_mails_one_name(server, sink):
    services = server.services
    taken = Taken(5, 1, 0, 7, "山田", "mail", "email1", "a@x.example", "ja", "mail", 1, False)
    composer = Composer(services)
    assert composer.message_name(taken) == composer.message_name(replace(taken, tries=2))
    assert composer.message_name(taken) != composer.message_name(replace(taken, account=8))


async def test_in_talk_each_is_told_by_name_and_without_a_link(server, company):
    services = server.services
    about = await incident(services, title="災害発生", message="{氏名}さん、落ち着いて。", drill=True)
    told = [company.sato.id, company.ito.id]
    silent = await hire(services, "ueda", talk=False)
    await put(services, about, [Wanted(id, "talk", "talk") for id in (*told, silent.id)])
    who = talker(services)
    assert who is not None and await who.say_waiting() == 3 and await who.say_waiting() == 0
    found = await services.readers.ask(lambda db: db.execute(select(messages).order_by(messages.c.text)).all())
    assert [(row.kind, row.about) for row in found] == [("notice", str(about))] * 2
    assert [row.text for row in found] == [
        f"災害発生\n\n【訓練】\n安否を回答してください。\n\n{name}さん、落ち着いて。" for name in ("ito", "sato")
    ]
    assert by_state(await kept(services)) == {State.SENT: 2, State.FAILED: 1}


async def test_addresses_are_forgotten_after_thirty_days_and_nobody_is_written_to_again(server, sink):
    services = server.services
    about = await incident(services)
    ids = await people(services, 3)
    await put(services, about, mails(ids[:2]))
    async with sending(services, to(sink)):
        await until(services, ended)
    await put(services, about, mails(ids[2:]))
    act = services.writer.act
    assert await act(after(timedelta(days=29), forgetting.forget_addresses)) == 0
    assert await act(after(timedelta(days=31), forgetting.forget_addresses)) == 2
    assert [row.address != "" for row in await kept(services)] == [False, False, True]
    await put(services, about, mails(ids))
    assert len(await kept(services)) == 3
