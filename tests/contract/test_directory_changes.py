"""Many change the directory at once, and a change costs no more than what it touches: the same on both databases."""

from __future__ import annotations

import asyncio
import itertools
from types import SimpleNamespace
from typing import Any

import pytest
import structlog
from sqlalchemy import delete, func, select

from directory import departments, mine, people, queries
from directory.departments import DepartmentWish
from directory.people import ProfileWish
from directory.pictures import actions as pictures
from directory.pictures.model import Picture
from directory.tables import search_waiting
from server.auth.changing import AccountChanges
from server.auth.model import Actor, operator
from server.data.transaction import Transaction
from server.services import Services
from tests.tools.company import Someone
from tests.tools.directory import found, give
from tests.tools.running import Running

FACE = Picture("image/jpeg", b"a large face", b"a small face")
HOMES = ("東京都", "大阪府;京都府", "北海道", "")


@pytest.fixture
async def tree(server: Running, company: SimpleNamespace) -> SimpleNamespace:
    """営業部 over 営業一課, where 鈴木 works, beside 総務部 with 伊藤."""
    services = server.services
    sales = await found(services, "S", name="営業部")
    team = await found(services, "S-1", sales, name="営業一課")
    office = await found(services, "G", name="総務部")
    await give(services, company.suzuki.id, (team, "課長"))
    await give(services, company.ito.id, (office, ""))
    return SimpleNamespace(sales=sales, team=team, office=office)


# ---------------------------------------------------------------- at once


async def test_whoever_changes_the_directory_at_once_waits_and_is_done(server, company, tree, tier):
    """All take their locks in one order: in another, PostgreSQL would undo one of two that wait for each other."""
    everybody = (company.sato, company.suzuki, company.ito)
    with structlog.testing.capture_logs() as lines:
        for turn in range(tier(short=12, long=60)):
            await asyncio.gather(
                *itertools.chain(
                    *(
                        changes(process.services, everybody, tree, f"{turn}-{number}", turn + number)
                        for number, process in enumerate(server.processes)
                    )
                )
            )
    assert [line["event"] for line in lines if line["event"].startswith("writer.")] == []


def changes(services: Services, everybody: tuple[Someone, ...], tree: Any, word: str, turn: int) -> list[Any]:
    """One change of each kind, as one process hears of them."""
    write, actor = services.writer.act, operator()

    def saved(tx: Transaction, id: int) -> None:
        rev = people._there(tx, id).rev
        people.save(tx, actor, id, rev, AccountChanges(kana=word), ProfileWish(texts={"remarks": word}))

    one, other, third = (everybody[(turn + each) % 3] for each in range(3))
    own = Actor(one.id, "one", one.account.privileges)
    photo = write(pictures.set_photo, own, one.id, FACE) if turn % 2 else write(pictures.remove_photo, own, one.id)
    return [
        write(mine.change_mine, one.id, mine.wish({"comment": word})),
        write(saved, other.id),
        write(departments.change, actor, tree.team, DepartmentWish({"phone_number": str(turn)})),
        photo,
        write(saved, third.id),
        write(departments.move, actor, tree.office, None if turn % 2 else tree.sales),
    ]


async def test_two_devices_change_ones_areas_at_once(server, company, tree):
    for homes in itertools.pairwise(HOMES * 5):
        await asyncio.gather(
            *(
                process.services.writer.act(mine.change_mine, company.sato.id, mine.wish({"home_areas": home}))
                for process, home in zip(itertools.cycle(server.processes), homes, strict=False)
            )
        )
        now = await server.services.readers.ask(queries.person, company.sato.id)
        assert ";".join(now.home_areas) in homes


# ---------------------------------------------------------------- who is found by other words


async def indexed_anew(services: Services, action: Any, *args: Any) -> int:
    """How many wait to be indexed after this change of a department."""

    def act(tx: Transaction) -> int:
        tx.connection.execute(delete(search_waiting))
        action(tx, operator(), *args)
        waiting: int = tx.connection.execute(select(func.count()).select_from(search_waiting)).scalar_one()
        return waiting

    return int(await services.writer.act(act))


@pytest.mark.parametrize(
    ("texts", "waiting"),
    [
        ({"phone_number": "03-1"}, 0),
        ({"url": "https://hokuto.example/"}, 0),
        ({"code": "S-9"}, 0),
        ({"name": "営業本部"}, 1),
        ({"kana": "エイギョウ"}, 1),
        ({"alphabet": "Sales"}, 1),
    ],
)
async def test_people_are_indexed_anew_only_when_they_are_found_by_other_words(server, company, tree, texts, waiting):
    assert await indexed_anew(server.services, departments.change, tree.sales, DepartmentWish(texts)) == waiting


async def test_a_department_among_its_siblings_takes_nobodys_words_along(server, company, tree):
    move = departments.move
    assert await indexed_anew(server.services, move, tree.office, None, tree.sales) == 0
    assert await indexed_anew(server.services, move, tree.office, tree.sales, tree.team) == 1, "伊藤 alone"
    wish = DepartmentWish({})
    assert await indexed_anew(server.services, departments.change, tree.office, wish, None) == 1
