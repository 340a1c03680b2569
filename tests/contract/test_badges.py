"""``directory.status``: badges beside names, told together, the newest real one first."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from sqlalchemy import select

from directory import status, upkeep
from directory.tables import statuses
from server.services import Services
from tests.tools.anpi_mailing import people
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


async def test_a_badge_that_was_cleared_a_week_ago_leaves_nothing_behind(
    server: Running, company: SimpleNamespace, monkeypatch: Any
):
    services, people = server.services, [company.ito.id, company.suzuki.id, company.sato.id]
    monkeypatch.setattr(upkeep, "IN_A_STEP", 2)
    await put(services, 1, dict.fromkeys(people, "safe"))
    long_ago = services.clock() - timedelta(days=30)
    await services.writer.act(lambda tx: status.set_status(tx, 2, {company.ito.id: "help"}, long_ago))
    await clear(services, 1)

    await upkeep.forget_badges(services)
    assert len(await services.readers.ask(kept)) == 4, "who has not been told yet is told"
    monkeypatch.setattr(upkeep, "ENDED_FOR", timedelta(seconds=-1))
    await upkeep.forget_badges(services)
    assert await services.readers.ask(kept) == [(company.ito.id, 2)]


def kept(connection: Any) -> list[tuple[int, int]]:
    wanted = select(statuses.c.account_id, statuses.c.incident).order_by(statuses.c.incident)
    return [tuple(row) for row in connection.execute(wanted)]


async def test_when_everybodys_badge_changes_each_hears_of_those_on_his_screen(
    server: Running, company: SimpleNamespace
):
    """After an earthquake thousands watch and thousands change: nobody is told of more than he can see."""
    services, many = server.services, status.ROWS_TO_EVERYBODY + 50
    everybody = [*await people(services, many), company.ito.id]
    sato, suzuki = await server.connect(company.sato.token), await server.connect(company.suzuki.token)
    for client in (sato, suzuki):
        await client.ask("directory")
    screen = everybody[-3:]
    assert (await sato.ask("directory.statuses", people=screen))["rows"] == []

    await put(services, 1, dict.fromkeys(everybody, "safe"))
    head = await services.readers.ask(status.rev)

    badges: dict[int, str] = {}
    await until(sato, badges, head)
    assert badges == dict.fromkeys(screen, "safe")
    nothing: dict[int, str] = {}
    await until(suzuki, nothing, head)
    assert nothing == {}, "who shows nobody is told that he has missed nothing"
    # A few are told to everybody, whoever asked for whom.
    await put(services, 1, {everybody[0]: "minor"})
    await until(suzuki, nothing, head + 1)
    assert nothing == {everybody[0]: "minor"}
