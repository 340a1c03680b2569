"""A loss anywhere heals: each connection is told the newest rev of its topics, and drain tells when to return."""

from __future__ import annotations

import asyncio

from server import draining
from tests.tools.company import hire
from tests.tools.running import running, settings_for


async def test_what_the_hub_never_heard_is_told_by_the_heads(tmp_path, sqlite_template):
    settings = settings_for(tmp_path / "var", sqlite_template, heads_seconds=0.2)
    async with running(settings) as server:
        sato = await hire(server.services, "sato")
        client = await server.connect(sato.token)
        room = (await client.ask("room.create", kind="closed", name="営業", people=[]))["room"]["id"]
        await client.expect("room.added")
        # The commit's events are lost on their way.
        server.services.hub._flush = lambda waiting: waiting.clear()
        ack = await client.post(room, "届かない")

        heads = await client.expect("heads")
        while heads["revs"] != {f"channel:{room}": ack["rev"]}:
            heads = await client.expect("heads")
        answer = await client.ask("since", channel=room, rev=1)
        assert [message["text"] for message in answer["messages"]] == ["届かない"]


async def test_at_the_end_everybody_is_told_when_to_come_back(tmp_path, sqlite_template):
    async with running(settings_for(tmp_path / "var", sqlite_template)) as server:
        sato = await hire(server.services, "sato")
        clients = [await server.connect(sato.token) for _ in range(5)]
        await draining.say_goodbye(list(server.services.hub.connections()), asyncio.Event())
        for client in clients:
            await client.expect_close(1012)
        waits = [client.heard[-1]["retry_ms"] for client in clients]
        assert all(wait >= 1000 for wait in waits) and len(set(waits)) > 1, "not all at one moment"
        await asyncio.sleep(0)
