"""Who may do what to a room, by its kind; every step is a rev, and nobody is left without an owner."""

from __future__ import annotations

import asyncio

import pytest

from tests.tools.client import Refused


@pytest.fixture
async def talk(server, company):
    return [await server.connect(person.token) for person in (company.sato, company.suzuki, company.ito)]


async def make(client, kind, *people, name="部屋"):
    return (await client.ask("room.create", kind=kind, name=name, people=[person.id for person in people]))["room"][
        "id"
    ]


async def refused(asking):
    with pytest.raises(Refused) as answer:
        await asking
    return answer.value.code


async def test_an_open_room_is_found_and_entered(talk, company):
    sato, suzuki, _ = talk
    room = await make(sato, "open", name="ランチ")
    (found,) = (await suzuki.ask("rooms.open", find="ﾗﾝﾁ"))["rooms"]
    assert found == {"id": room, "name": "ランチ", "members": 1}
    assert (await suzuki.ask("room.join", channel=room))["room"]["members"] == 2
    assert (await suzuki.ask("rooms.open", find="らんち"))["rooms"][0]["joined"] is True


@pytest.mark.parametrize("kind", ["closed", "group"])
async def test_another_kind_of_room_is_not_there(talk, kind):
    sato, suzuki, _ = talk
    room = await make(sato, kind)
    assert await refused(suzuki.ask("room.join", channel=room)) == "not_found"
    assert (await suzuki.ask("rooms.open"))["rooms"] == []


async def test_joining_twice_is_once(talk, server, company):
    sato, suzuki, _ = talk
    room = await make(sato, "open")
    answers = await asyncio.gather(*(suzuki.ask("room.join", channel=room) for _ in range(5)))
    assert {answer["room"]["members"] for answer in answers} == {2}


async def test_a_closed_room_is_filled_by_its_owners_only(talk, company):
    sato, suzuki, _ = talk
    room = await make(sato, "closed", company.suzuki)
    assert await refused(suzuki.ask("room.add", channel=room, people=[company.ito.id])) == "not_owner"
    assert await refused(suzuki.ask("room.remove", channel=room, person=company.sato.id)) == "not_owner"
    assert await refused(suzuki.ask("room.rename", channel=room, name="乗っ取り")) == "not_owner"


async def test_in_a_group_everybody_may_add_and_rename(talk, company):
    sato, suzuki, ito = talk
    room = await make(sato, "group", company.suzuki)
    await suzuki.ask("room.add", channel=room, people=[company.ito.id])
    await ito.ask("room.rename", channel=room, name="みんな")
    assert (await sato.ask("rooms"))["rooms"][0]["name"] == "みんな"


async def test_a_direct_talk_stays_two(talk, company):
    sato, _, _ = talk
    room = (await sato.ask("room.direct", person=company.suzuki.id))["room"]["id"]
    assert await refused(sato.ask("room.add", channel=room, people=[company.ito.id])) == "two_only"
    assert await refused(sato.ask("room.leave", channel=room)) == "two_only"
    assert await refused(sato.ask("room.remove", channel=room, person=company.suzuki.id)) == "two_only"
    assert await refused(sato.ask("room.rename", channel=room, name="x")) == "two_only"
    assert await refused(sato.ask("room.direct", person=company.sato.id)) == "alone"
    assert await refused(sato.ask("room.direct", person=10**9)) == "not_found"


async def test_two_who_begin_at_once_get_the_same_direct_room(talk, company):
    sato, suzuki, _ = talk
    one, other = await asyncio.gather(
        sato.ask("room.direct", person=company.suzuki.id), suzuki.ask("room.direct", person=company.sato.id)
    )
    assert one["room"]["id"] == other["room"]["id"]


async def test_when_the_last_owner_leaves_the_longest_member_owns(talk, company):
    sato, suzuki, _ = talk
    room = await make(sato, "closed", company.suzuki)
    await sato.ask("room.add", channel=room, people=[company.ito.id])
    await sato.ask("room.leave", channel=room)
    members = await suzuki.ask("room.members", channel=room)
    assert {member["name"]: member.get("owner", False) for member in members["members"]} == {
        "suzuki": True,
        "ito": False,
    }
    await suzuki.ask("room.rename", channel=room, name="継いだ")


async def test_the_last_one_may_leave_and_the_room_is_empty(talk):
    sato, _, _ = talk
    room = await make(sato, "open")
    await sato.ask("room.leave", channel=room)
    assert (await sato.ask("rooms"))["rooms"] == []
    assert (await sato.ask("rooms.open"))["rooms"][0]["members"] == 0


async def test_who_comes_again_has_nothing_unread_from_the_time_between(talk, company):
    sato, suzuki, _ = talk
    room = await make(sato, "group", company.suzuki)
    await suzuki.ask("room.leave", channel=room)
    for _ in range(3):
        await sato.post(room, "留守")
    await sato.ask("room.add", channel=room, people=[company.suzuki.id])
    (again,) = (await suzuki.ask("rooms"))["rooms"]
    assert again["read"] == again["seq"] == 3


async def test_strangers_cannot_be_brought_in_by_a_number(talk, company):
    sato, _, _ = talk
    assert await refused(sato.ask("room.create", kind="closed", name="a", people=[10**9])) == "not_found"
    room = await make(sato, "closed")
    assert await refused(sato.ask("room.add", channel=room, people=[company.ito.id, 10**9])) == "not_found"
    assert len((await sato.ask("room.members", channel=room))["members"]) == 1, "all or nothing"


async def test_a_group_without_a_name_is_called_after_its_people(talk, company):
    sato, _, _ = talk
    made = await sato.ask("room.create", kind="group", people=[company.suzuki.id, company.ito.id])
    assert made["room"]["name"] == "suzuki、ito"
    assert await refused(sato.ask("room.create", kind="closed", people=[company.ito.id])) == "empty_name"


async def test_people_are_found_by_part_of_the_name_and_oneself_is_not(talk):
    sato, _, _ = talk
    found = (await sato.ask("people.find", find="SU"))["people"]
    assert [person["name"] for person in found] == ["suzuki"]
    assert len((await sato.ask("people.find"))["people"]) == 2
    assert (await sato.ask("people.find", find="%"))["people"] == []
