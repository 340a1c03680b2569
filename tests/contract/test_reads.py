"""既読: computed from one mark a member, told where few are, asked where many are."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from chat import actions, marks
from chat.model import MARKS_TOLD_LIMIT
from tests.tools.client import Refused
from tests.tools.company import hire


@pytest.fixture
async def room(server, company):
    sato, suzuki, ito = [await server.connect(each.token) for each in (company.sato, company.suzuki, company.ito)]
    made = await sato.ask("room.create", kind="group", name="会議", people=[company.suzuki.id, company.ito.id])
    return SimpleNamespace(id=made["room"]["id"], sato=sato, suzuki=suzuki, ito=ito)


async def readers(client, channel, seq):
    answer = await client.ask("read.names", channel=channel, seq=seq)
    counts = await client.ask("read.counts", channel=channel, seqs=[seq])
    names = [person["id"] for person in answer["read"]]
    assert counts["counts"] == [{"seq": seq, "readers": len(names)}], "the count is the number of names"
    return set(names), {person["id"] for person in answer["unread"]}


def by_marks(answer, sender, seq, at):
    """The rule of docs/protocol.md."""
    return {m["id"] for m in answer["marks"] if m["seq"] >= seq and m["since"] <= at and m["id"] != sender}


async def test_a_sender_is_no_reader_and_a_mark_makes_one(company, room):
    ack = await room.sato.post(room.id, "読んで")
    assert await readers(room.sato, room.id, 1) == (set(), {company.suzuki.id, company.ito.id})
    await room.suzuki.ask("mark", channel=room.id, seq=1)
    assert await readers(room.sato, room.id, 1) == ({company.suzuki.id}, {company.ito.id})
    answer = await room.ito.ask("read.marks", channel=room.id)
    assert by_marks(answer, company.sato.id, 1, ack["at"]) == {company.suzuki.id}


async def test_who_came_in_later_has_not_read_what_was_said_before(server, company, room):
    ack = await room.sato.post(room.id, "前の話")
    late = await hire(server.services, "late")
    await room.sato.ask("room.add", channel=room.id, people=[late.id])
    assert late.id not in set.union(*await readers(room.sato, room.id, 1))
    answer = await room.sato.ask("read.marks", channel=room.id)
    assert by_marks(answer, company.sato.id, 1, ack["at"]) == set()
    await room.suzuki.post(room.id, "次の話")
    assert late.id in (await readers(room.sato, room.id, 2))[1]


async def test_in_a_small_room_all_hear_of_marks_in_one_frame(company, room):
    await room.sato.post(room.id, "読んで")
    for client in (room.sato, room.suzuki, room.ito):
        while (await client.events.get())["is"] != "message.posted":
            pass
    await room.suzuki.ask("mark", channel=room.id, seq=1)
    for client in (room.sato, room.ito):
        await client.expect("read", channel=room.id, marks=[{"id": company.suzuki.id, "seq": 1}])


async def test_in_a_large_room_nobody_is_told_and_the_counts_are_asked(server, company):
    people = [(await hire(server.services, f"n{number}")).id for number in range(MARKS_TOLD_LIMIT)]
    room = await server.services.writer.act(actions.create, company.sato.id, "closed", "全員", people)
    sato = await server.connect(company.sato.token)
    await sato.post(room.id, "読んで")
    await sato.expect("message.posted")
    await server.services.writer.ask(marks.MARKING, [marks.ReadUpTo(people[0], room.id, 1)])
    assert (await readers(sato, room.id, 1))[0] == {people[0]}
    with pytest.raises(Refused, match="large_room"):
        await sato.ask("read.marks", channel=room.id)
    await sato.expect_silence()


async def test_a_stranger_learns_nothing_of_who_reads(server, room):
    await room.sato.post(room.id, "内緒")
    stranger = await server.connect((await hire(server.services, "stranger")).token)
    for do, more in (("read.marks", {}), ("read.counts", {"seqs": [1]}), ("read.names", {"seq": 1})):
        for channel in (room.id, 999_999):
            with pytest.raises(Refused, match="not_found"):
                await stranger.ask(do, channel=channel, **more)


async def test_of_a_message_that_is_not_there_nothing_is_counted(room):
    assert (await room.sato.ask("read.counts", channel=room.id, seqs=[5, 9]))["counts"] == []
    with pytest.raises(Refused, match="not_found"):
        await room.sato.ask("read.names", channel=room.id, seq=5)
