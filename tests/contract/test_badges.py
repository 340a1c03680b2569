"""``directory.status``: badges beside names, told together, the newest real one first."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from directory import status
from server.services import Services
from tests.tools.client import Client
from tests.tools.running import Running

SINCE = datetime(2027, 4, 1, tzinfo=UTC)


async def put(services: Services, incident: int, states: dict[int, str], drill: bool = False) -> None:
    def act(tx: Any) -> None:
        status.set_status(tx, incident, states, SINCE, drill=drill)

    await services.writer.act(act)


async def clear(services: Services, incident: int, people: list[int] | None = None) -> None:
    def act(tx: Any) -> None:
        status.clear_status(tx, incident, people)

    await services.writer.act(act)


async def shown(client: Client, *people: int) -> dict[int, str]:
    told = await client.ask("directory.statuses", people=list(people))
    return {row["id"]: row["state"] for row in told["rows"]}


async def until(client: Client, badges: dict[int, str], rev: int) -> int:
    """Apply events to ``badges`` until this ``rev``; returns how many frames that took."""
    frames = 0
    while True:
        event = await client.expect("directory.statuses")
        frames += 1
        badges |= {row["id"]: row.get("state", "") for row in event["rows"]}
        if event["rev"] >= rev:
            return frames


async def test_the_newest_real_badge_is_shown_else_the_newest_drills(server: Running, company: SimpleNamespace):
    services, ito = server.services, company.ito.id
    sato = await server.connect(company.sato.token)
    await put(services, 1, {ito: "none"})
    await put(services, 2, {ito: "safe"})
    await put(services, 3, {ito: "help"}, drill=True)
    assert await shown(sato, ito, company.suzuki.id) == {ito: "safe"}
    await clear(services, 2, [ito])
    assert await shown(sato, ito) == {ito: "none"}, "clearing shows the older again"
    await clear(services, 1)
    assert await shown(sato, ito) == {ito: "help"}
    await clear(services, 3)
    assert await shown(sato, ito) == {}


async def test_changes_are_told_together_to_whoever_has_the_directory_open(server: Running, company: SimpleNamespace):
    services, people = server.services, [company.ito.id, company.suzuki.id]
    sato, other = await server.connect(company.sato.token), await server.connect(company.suzuki.token)
    await sato.ask("directory")
    for state in ("none", "minor", "major", "safe"):
        for person in people:
            await put(services, 1, {person: state})
    head = await services.readers.ask(status.rev)
    badges: dict[int, str] = {}
    frames = await until(sato, badges, head)
    assert badges == dict.fromkeys(people, "safe") == await shown(sato, *people)
    assert frames < 8, "eight changes are not eight frames"
    await clear(services, 1)
    await until(sato, badges, head + 1)
    assert badges == dict.fromkeys(people, "")
    await other.expect_silence()
