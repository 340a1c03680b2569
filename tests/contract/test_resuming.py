"""Laws 2 and 4: whoever was away ends with exactly the database's list; snapshot + events = fresh snapshot."""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace

import pytest

from chat import queries
from tests.tools.client import Refused
from tests.tools.company import hire
from tests.tools.mirror import Mirror, everything


@pytest.fixture
async def room(server, company):
    sato = await server.connect(company.sato.token)
    people = [company.suzuki.id, company.ito.id]
    made = await sato.ask("room.create", kind="group", name="会議", people=people)
    return SimpleNamespace(id=made["room"]["id"], sato=sato)


async def drain(client, mirror):
    """Everything said to this client so far, applied."""
    await client.ask("ping")
    while not client.events.empty():
        mirror.apply(client.events.get_nowait())


async def caught_up(server, client, mirror, channel):
    """Until this client, perhaps at another process, has heard all that was committed."""
    head = (await server.services.readers.ask(queries.heads, [channel]))[channel]
    async with asyncio.timeout(5):
        while mirror.timelines[channel].rev < head:
            mirror.apply(await client.events.get())
    await drain(client, mirror)


async def follow(server, token, channel, have=None):
    """A client that holds the timeline of a channel."""
    client, mirror = await server.connect(token), Mirror()
    mirror.apply(client.welcome)
    mirror.timelines[channel] = await everything(client, channel)
    return client, mirror


async def come_back(server, token, mirror):
    client = await server.connect(token, have=mirror.have)
    mirror.apply(client.welcome)
    await drain(client, mirror)
    return client


async def assert_same_as_fresh(server, token, mirror, channel):
    fresh = await server.connect(token)
    assert mirror.timelines[channel] == await everything(fresh, channel)
    assert mirror.rooms == {room["id"]: room for room in fresh.welcome["rooms"]}


async def test_few_changes_come_as_changes(server, company, room):
    for number in range(5):
        await room.sato.post(room.id, f"{number}")
    client, mirror = await follow(server, company.suzuki.token, room.id)
    await client.close()

    await room.sato.post(room.id, "新しい")
    await room.sato.ask("edit", channel=room.id, seq=2, text="直した")
    await room.sato.ask("delete", channel=room.id, seq=3)
    await room.sato.ask("room.remove", channel=room.id, person=company.ito.id)
    await room.sato.ask("room.rename", channel=room.id, name="新しい会議")

    client = await come_back(server, company.suzuki.token, mirror)
    assert [frame["is"] for frame in client.heard] == ["changes"]
    await assert_same_as_fresh(server, company.suzuki.token, mirror, room.id)


async def test_a_thousand_missed_come_as_a_fresh_page(server, company, room):
    _, mirror = await follow(server, company.suzuki.token, room.id)
    refs = [
        await room.sato.say("post", channel=room.id, text=f"{n}", client_id=f"00000000-0000-7000-8000-{n:012x}")
        for n in range(1000)
    ]
    for ref in refs:
        await room.sato.answer_to(ref)

    client = await come_back(server, company.suzuki.token, mirror)

    (reset,) = [frame for frame in client.heard if frame["is"] == "reset"]
    assert [message["seq"] for message in reset["messages"]] == list(range(951, 1001)) and reset["before"]
    older = await client.ask("history", channel=room.id, before=951, limit=100)
    assert [message["seq"] for message in older["messages"]] == list(range(851, 951)) and older["before"]


async def test_who_was_removed_while_away_is_told_nothing_of_the_room(server, company, room):
    _, mirror = await follow(server, company.ito.token, room.id)
    await room.sato.ask("room.remove", channel=room.id, person=company.ito.id)
    await room.sato.post(room.id, "もう関係ない")

    client = await come_back(server, company.ito.token, mirror)

    assert client.heard == [] and mirror.rooms == {} and mirror.timelines == {}


async def test_a_rev_from_the_future_is_answered_by_a_reset(server, company, room):
    """After a restore from a backup a client may know more than the server."""
    await room.sato.post(room.id, "一")
    client = await server.connect(company.suzuki.token, have={str(room.id): 99})
    await client.ask("ping")
    assert [frame["is"] for frame in client.heard] == ["reset"]


ACTS = ("post", "post", "post", "edit", "delete", "rename", "add", "remove", "mark", "away")


SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(3, 40))]


@pytest.mark.parametrize("seed", SEEDS)
async def test_after_any_history_a_client_holds_what_a_fresh_one_reads(server, company, room, seed):
    """State + events = fresh state, whatever happened, with and without reconnects."""
    rng = random.Random(seed)
    extra = [await hire(server.services, f"extra{number}") for number in range(3)]
    client, mirror = await follow(server, company.suzuki.token, room.id)
    posted = 0
    for _ in range(120):
        act = rng.choice(ACTS)
        if act == "post":
            await room.sato.post(room.id, f"{rng.random()}")
            posted += 1
        elif act in ("edit", "delete") and posted:
            fields = {"text": f"直し {rng.random()}"} if act == "edit" else {}
            await perhaps(room.sato.ask(act, channel=room.id, seq=rng.randint(1, posted), **fields))
        elif act == "rename":
            await room.sato.ask("room.rename", channel=room.id, name=f"名前 {rng.randint(1, 9)}")
        elif act == "add":
            await room.sato.ask("room.add", channel=room.id, people=[rng.choice(extra).id])
        elif act == "remove":
            await perhaps(room.sato.ask("room.remove", channel=room.id, person=rng.choice(extra).id))
        elif act == "mark" and posted and rng.random() < 0.1:
            await client.ask("mark", channel=room.id, seq=rng.randint(1, posted))
        elif act == "away" and rng.random() < 0.4:
            await drain(client, mirror)
            await client.close()
            for _ in range(rng.randint(0, 5)):
                await room.sato.post(room.id, "留守の間")
                posted += 1
            client = await come_back(server, company.suzuki.token, mirror)
    await caught_up(server, client, mirror, room.id)

    assert mirror.gaps == set()
    await assert_same_as_fresh(server, company.suzuki.token, mirror, room.id)


async def perhaps(asking):
    """Deleting what is deleted and removing who has gone is refused, and changes nothing."""
    try:
        await asking
    except Refused as refused:
        assert refused.code in ("already_deleted", "not_found")
