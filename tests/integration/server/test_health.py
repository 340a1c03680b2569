"""`/readyz`: red while this process cannot do its work, green again by itself."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select

from server import health
from server.errors import Unavailable
from server.health import Probe
from server.work.housekeeping import forget_processes
from server.work.tables import processes
from tests.tools.running import Running
from tests.tools.visitor import Visitor


async def ask(server: Running, path: str = "/readyz") -> tuple[int, list[str]]:
    async with Visitor(server) as visitor:
        answer = await visitor.get(path)
    return answer.status_code, answer.json().get("failing", [])


async def test_it_is_red_until_the_first_look_and_green_after_it(server: Running):
    assert await ask(server) == (503, ["starting"])
    await server.services.probe.look()
    assert await ask(server) == (200, [])


async def test_it_names_the_bus_and_is_green_again_by_itself(server: Running):
    server.services.bus.healthy = False
    await server.services.probe.look()
    assert await ask(server) == (503, ["bus"])
    server.services.bus.healthy = True
    await server.services.probe.look()
    assert await ask(server) == (200, [])
    assert server.services.probe.failures == {"bus": 1}


async def test_it_names_the_disk(server: Running):
    server.services.space._free = lambda _: 0
    await server.services.probe.look()
    assert await ask(server) == (503, ["disk"])


async def test_a_load_balancer_is_not_told_of_what_people_are_served_without(
    server: Running, monkeypatch: pytest.MonkeyPatch
):
    assert await ask(server, "/servez") == (503, ["starting"])
    server.services.bus.healthy = False
    server.services.space._free = lambda _: 0
    await server.services.probe.look()
    assert await ask(server) == (503, ["bus", "disk"])
    assert await ask(server, "/servez") == (200, [])

    async def away(*args: object, **more: object) -> None:
        raise Unavailable()

    monkeypatch.setattr(server.services.writer, "act", away)
    await server.services.probe.look()
    server.services.draining = True
    assert await ask(server, "/servez") == (503, ["draining", "database"])


async def test_a_disk_that_cannot_be_asked_is_named_too(server: Running):
    def broken(_: object) -> int:
        raise OSError(5, "Input/output error")

    server.services.space._free = broken
    await server.services.probe.look()
    assert await ask(server) == (503, ["disk"])


async def test_a_writer_that_hangs_is_waited_for_and_never_asked_twice(
    server: Running, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(health, "CHECK_SECONDS", 0.05)
    released, asked = asyncio.Event(), []

    async def act(*args: object, spends: bool) -> None:
        asked.append(args)
        await released.wait()

    monkeypatch.setattr(server.services.writer, "act", act)
    for _ in range(3):
        await server.services.probe.look()
    assert await ask(server) == (503, ["database"])
    assert len(asked) == 1, "one write waits, not one for each look"

    released.set()
    await server.services.probe.look()
    assert await ask(server) == (200, [])


async def test_a_probe_that_has_come_to_a_stand_is_no_good_news(server: Running):
    now = 100.0
    probe = Probe(server.services, clock=lambda: now)
    await probe.look()
    assert probe.failing() == []
    now += health.STALE_SECONDS + 1
    assert probe.failing() == ["probe"]


async def test_whoever_is_going_says_so_at_once(server: Running):
    await server.services.probe.look()
    server.services.draining = True
    assert await ask(server) == (503, ["draining"])


async def test_the_process_stands_in_the_database_and_goes_after_a_day(server: Running):
    services = server.services
    await services.probe.look()
    await services.writer.act(
        lambda tx: (
            tx.connection.execute(
                insert(processes),
                {"name": "old", "role": "worker", "started_at": tx.now.min.replace(tzinfo=tx.now.tzinfo, year=1970)}
                | {"seen_at": tx.now.replace(year=tx.now.year - 1)},
            )
            and None
        )
    )
    first = {row.name: row for row in await rows(server)}
    assert first.keys() == {"old", services.bus.name}

    await services.probe.look()
    await services.writer.act(forget_processes)
    (row,) = await rows(server)
    assert (row.name, row.role, row.started_at) == (services.bus.name, "web", first[row.name].started_at)
    assert row.seen_at > first[row.name].seen_at


async def rows(server: Running):
    return await server.services.readers.ask(lambda connection: connection.execute(select(processes)).all())
