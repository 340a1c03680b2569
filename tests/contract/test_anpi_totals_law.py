"""Law 8: the totals that people see are those that SQL counts, at every rest point of whatever happens."""

from __future__ import annotations

import asyncio
import random
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import func, select

from anpi.answers.answering import ANSWER
from anpi.answers.frames import Said
from anpi.answers.model import Closed, Given
from anpi.tables import answers, targets
from server.auth.model import Privilege
from tests.tools.anpi_answering import ask, complete, incident
from tests.tools.anpi_mailing import people
from tests.tools.client import Client
from tests.tools.company import hire
from tests.tools.running import Running

PEOPLE = 24
SELVES = ("safe", "minor", "major", "other")


async def counted(server: Running, about: int) -> dict[str, Any]:
    """By another way than the board's: from the answers themselves."""
    t, a = targets.c, answers.c
    asked = select(func.count()).where(t.incident_id == about)
    newest = select(func.max(a.id)).where(a.incident_id == about).group_by(a.account_id)
    said = select(a.self, func.count()).where(a.id.in_(newest)).group_by(a.self)
    helped = select(func.count()).where(a.id.in_(newest), a.help)
    by_area = select(t.area, func.count(t.answer_id)).where(t.incident_id == about).group_by(t.area)

    def read(db: Any) -> dict[str, Any]:
        found = {name: number for name, number in db.execute(said)}
        whole = db.execute(asked).scalar_one()
        found |= {"asked": whole, "unanswered": whole - sum(found.values()), "help": db.execute(helped).scalar_one()}
        return {
            "totals": {name: number for name, number in found.items() if number},
            "areas": {area: number for area, number in db.execute(by_area)},
        }

    found: dict[str, Any] = await server.services.readers.ask(read)
    return found


def told(board: dict[str, Any]) -> dict[str, Any]:
    names = (*SELVES, "asked", "unanswered", "help")
    areas = {each["code"]: each["counts"]["asked"] - each["counts"].get("unanswered", 0) for each in board["areas"]}
    return {"totals": {name: board["totals"][name] for name in names if name in board["totals"]}, "areas": areas}


async def rests(client: Client, board: dict[str, Any], rest: dict[str, Any]) -> dict[str, Any]:
    """The board as it is told, until it shows what SQL counts."""
    while told(board) != rest:
        async with asyncio.timeout(8):
            event = await client.events.get()
        if event["is"] == "anpi.board":
            board = event
    return board


@pytest.mark.parametrize("seed", range(2))
async def test_boards_show_what_sql_counts_whenever_it_rests(server: Running, company: SimpleNamespace, seed: int):
    services, chance = server.services, random.Random(seed)
    administrator = await hire(services, "mori", talk=False, privileges=frozenset({Privilege.ADMIN_ANPI}))
    ids = await people(services, PEOPLE)
    about = await incident(services)
    await ask(services, about, ids[: PEOPLE // 2], area="351")
    clients = [await server.connect(administrator.token) for _ in range(2)]
    boards = [await client.ask("anpi.watch", incident=about) for client in clients]

    async def answer(number: int) -> None:
        process = chance.choice(server.processes)
        said = Said(self=chance.choice(SELVES), help=chance.random() < 0.3)
        given = Given(f"s{number}", chance.choice(ids[: PEOPLE // 2]), about, "directory", said)
        await process.services.writer.ask(ANSWER, given)

    for turn in range(3):
        await asyncio.gather(*(answer(turn * 100 + number) for number in range(40)))
        if turn == 1:
            await ask(services, about, ids[PEOPLE // 2 :])
        rest = await counted(server, about)
        boards = [await rests(client, board, rest) for client, board in zip(clients, boards, strict=True)]

    await complete(services, about)
    with pytest.raises(Closed):
        await answer(999)
    assert (await counted(server, about)) == rest
