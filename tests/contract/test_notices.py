"""What the system says to somebody in talk: in a room of his own, once, in the log, and nobody answers there."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import event, insert, select

from chat import notices, rooms
from chat.log import reconciling
from chat.tables import channels, log_entries, messages
from server.auth.tables import accounts
from tests.tools.client import Refused
from tests.tools.company import hire
from tests.tools.talk_log import following, numbered


async def refused(asking):
    with pytest.raises(Refused) as refusal:
        await asking
    return refusal.value.code


async def test_each_hears_his_own_words_in_a_room_of_his_own(server, company):
    act = server.services.writer.act
    sato, suzuki = await server.connect(company.sato.token), await server.connect(company.suzuki.token)
    texts = {company.sato.id: "佐藤さん、安否を回答してください。", company.suzuki.id: "鈴木さん"}
    assert await act(notices.tell, 7, "anpi:7:0", texts) == set(texts)
    for client, someone in ((sato, company.sato), (suzuki, company.suzuki)):
        added = await client.expect("room.added")
        assert (added["room"]["kind"], added["room"]["members"]) == ("notice", 1)
        said = (await client.expect("message.posted"))["message"]
        assert (said["kind"], said["about"], said["sender"], said["seq"]) == ("notice", 7, 0, 1)
        assert said["text"] == texts[someone.id]
        page = await client.ask("history", channel=added["room"]["id"])
        assert page["messages"] == [said]


async def test_the_same_notice_is_said_once_and_the_next_one_in_the_same_room(server, company):
    act = server.services.writer.act
    for key in ("anpi:7:0", "anpi:7:0", "anpi:7:1"):
        await act(notices.tell, 7, key, {company.sato.id: key})
    asked = server.services.readers.ask
    listed = await asked(rooms.rooms_for, company.sato.id)
    assert [(room.kind, room.seq, room.read) for room in listed] == [("notice", 2, 0)]
    assert listed[0].last is not None and listed[0].last.text == "anpi:7:1"


async def test_who_may_not_talk_is_not_reached(server, company):
    silent = await hire(server.services, "ueda", talk=False)
    texts = {silent.id: "上田さん", company.ito.id: "伊藤さん", 99_999: "だれか"}
    assert await server.services.writer.act(notices.tell, 7, "k", texts) == {company.ito.id}


async def test_nobody_writes_there_or_brings_others_in(server, company):
    await server.services.writer.act(notices.tell, 7, "k", {company.sato.id: "佐藤さん"})
    sato, ito = await server.connect(company.sato.token), await server.connect(company.ito.token)
    (room,) = (await sato.ask("rooms"))["rooms"]
    channel = room["id"]
    posted = sato.ask("post", channel=channel, client_id="0198c0de-7a2b-7c3d-8e4f-5a6b7c8d9e0f", text="はい")
    assert await refused(posted) == "notice_room"
    assert await refused(sato.ask("room.add", channel=channel, people=[company.ito.id])) == "notice_room"
    assert await refused(sato.ask("room.leave", channel=channel)) == "notice_room"
    assert await refused(sato.ask("room.rename", channel=channel, name="x")) == "notice_room"
    assert await refused(sato.ask("delete", channel=channel, seq=1)) == "not_yours"
    assert await refused(ito.ask("history", channel=channel)) == "not_found"
    await sato.ask("mark", channel=channel, seq=1)


async def test_it_stands_in_the_log_with_the_person_it_was_said_to(server, company):
    await server.services.writer.act(notices.tell, 7, "k", {company.sato.id: "佐藤さん"})
    rows = await server.services.readers.ask(
        lambda db: db.execute(select(log_entries).order_by(log_entries.c.id)).all()
    )
    created, sent = [row for row in rows if row.kind in ("created", "sent")]
    assert (created.rev, sent.rev, sent.seq, sent.actor_id) == (1, 2, 1, None)
    body = msgspec.json.decode(sent.body)
    assert body["to"] == {"id": company.sato.id, "name": "sato"} and body["about"] == 7
    assert (body["name"], body["kind"], body["text"]) == ("お知らせ", "notice", "佐藤さん")


async def test_log_and_database_agree_about_it(server, company):
    services = server.services
    everybody = {someone.id: "訓練です" for someone in (company.sato, company.suzuki, company.ito)}
    async with following(services):
        for key in ("a", "b"):
            await services.writer.act(notices.tell, 7, key, everybody)
        await numbered(services)
        assert await reconciling.compare(services) == ("ok", "")


@pytest.mark.parametrize("again", [False, True])
async def test_saying_it_to_two_hundred_costs_as_many_statements_as_to_two(server, again):
    few, many = await some(server, 0, 2), await some(server, 2, 200)
    counted = []
    for number, people in enumerate((few, many)):
        texts = dict.fromkeys(people, "訓練です")
        if again:
            await server.services.writer.act(notices.tell, 7, f"first{number}", texts)
        counted.append(await server.services.writer.act(count, f"k{number}", texts))
    assert counted[0] == counted[1]
    found = await server.services.readers.ask(lambda db: db.execute(select(messages.c.channel_id)).all())
    assert len(found) == 202 * (1 + again)
    made = await server.services.readers.ask(lambda db: db.execute(select(channels.c.seq)).scalars().all())
    assert set(made) == {1 + again}


def count(tx, key, texts):
    seen = []

    def look(connection, cursor, statement, *_rest):
        seen.append(statement)

    event.listen(tx.connection, "before_cursor_execute", look)
    try:
        notices.tell(tx, 7, key, texts)
    finally:
        event.remove(tx.connection, "before_cursor_execute", look)
    return len(seen)


async def some(server, first, number):
    def make(tx):
        names = [f"p{n}" for n in range(first, first + number)]
        rows = [{"login_id": n, "login_key": n, "name": n, "created_at": tx.now, "talk": True} for n in names]
        return list(tx.connection.execute(insert(accounts).returning(accounts.c.id), rows).scalars())

    return await server.services.writer.act(make)
