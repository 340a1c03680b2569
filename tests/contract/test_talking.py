"""Two people talk, and a third hears only what concerns him."""

from __future__ import annotations

import uuid

import pytest

from tests.tools.client import Refused


@pytest.fixture
async def talk(server, company):
    sato = await server.connect(company.sato.token)
    suzuki = await server.connect(company.suzuki.token)
    ito = await server.connect(company.ito.token)
    room = (await sato.ask("room.create", kind="closed", name="営業部", people=[company.suzuki.id]))["room"]
    await sato.expect("room.added")
    await suzuki.expect("room.added")
    return sato, suzuki, ito, room["id"]


async def test_what_one_says_the_other_hears(talk):
    sato, suzuki, _, room = talk

    ack = await sato.post(room, "見積もりを送りました")

    event = await suzuki.expect("message.posted", channel=room, rev=ack["rev"])
    assert event["message"]["text"] == "見積もりを送りました"
    assert (event["message"]["seq"], event["message"]["name"]) == (1, "sato")
    assert ack["seq"] == 1


async def test_an_outsider_hears_nothing_of_a_closed_room(talk):
    sato, suzuki, ito, room = talk

    await sato.post(room, "社外秘")

    await suzuki.expect("message.posted")
    await ito.expect_silence()


async def test_a_foreign_room_and_a_missing_one_are_the_same(talk):
    _, _, ito, room = talk
    answers = []
    for channel in (room, 999_999):
        with pytest.raises(Refused) as refused:
            await ito.post(channel, "もしもし")
        answers.append((refused.value.code, refused.value.frame["message"]))
    assert answers[0] == answers[1]


async def test_the_same_client_id_says_nothing_twice(talk):
    sato, suzuki, _, room = talk
    client_id = str(uuid.uuid4())

    first = await sato.post(room, "一度だけ", client_id)
    second = await sato.post(room, "一度だけ", client_id)

    assert second["dup"] and second["seq"] == first["seq"] and second["rev"] == first["rev"]
    await suzuki.expect("message.posted", rev=first["rev"])
    await suzuki.expect_silence()


async def test_an_edit_and_a_deletion_carry_the_new_state(talk):
    sato, suzuki, _, room = talk
    await sato.post(room, "10時")
    await suzuki.expect("message.posted")

    await sato.ask("edit", channel=room, seq=1, text="11時")
    edited = await suzuki.expect("message.edited", channel=room, rev=3)
    assert edited["message"]["text"] == "11時" and edited["message"]["edited"]

    await sato.ask("delete", channel=room, seq=1)
    deleted = await suzuki.expect("message.deleted", channel=room, rev=4)
    assert deleted["message"]["text"] == "" and deleted["message"]["deleted"]


async def test_only_the_writer_changes_a_message(talk):
    sato, suzuki, _, room = talk
    await sato.post(room, "わたしの")
    with pytest.raises(Refused, match="not_yours"):
        await suzuki.ask("edit", channel=room, seq=1, text="あなたの")


async def test_who_is_removed_hears_nothing_more(talk, company):
    sato, suzuki, _, room = talk

    await sato.ask("room.remove", channel=room, person=company.suzuki.id)
    await sato.post(room, "もう聞こえない")

    await suzuki.expect("room.removed", channel=room)
    await suzuki.expect_silence()
    with pytest.raises(Refused, match="not_found"):
        await suzuki.ask("history", channel=room)


async def test_who_joins_hears_from_then_on(talk, company):
    sato, _, ito, room = talk
    await sato.post(room, "まだ")

    await sato.ask("room.add", channel=room, people=[company.ito.id])
    added = await ito.expect("room.added")
    assert (added["room"]["id"], added["room"]["seq"]) == (room, 1)
    await ito.expect("member.joined", channel=room)
    await sato.post(room, "ようこそ")
    await ito.expect("message.posted", channel=room)


async def test_there_is_one_direct_room_for_two(talk, company):
    sato, suzuki, _, _ = talk
    first = await sato.ask("room.direct", person=company.suzuki.id)
    await suzuki.expect("room.added")
    second = await suzuki.ask("room.direct", person=company.sato.id)
    assert first["room"]["id"] == second["room"]["id"]
    assert first["room"]["name"] == "suzuki" and second["room"]["name"] == "sato"


async def test_a_read_mark_moves_only_upward_and_reaches_other_devices(server, talk, company):
    sato, suzuki, _, room = talk
    second = await server.connect(company.suzuki.token)
    for number in range(3):
        await sato.post(room, f"{number}")

    await suzuki.ask("mark", channel=room, seq=2)
    await suzuki.ask("mark", channel=room, seq=1)

    rooms = (await second.ask("rooms"))["rooms"]
    assert [found["read"] for found in rooms if found["id"] == room] == [2]
    marks = [event for event in second.heard if event["is"] == "marked"]
    assert marks == [{"is": "marked", "channel": room, "seq": 2}]
