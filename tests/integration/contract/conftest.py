"""The world in which the examples of the documents are true (``chat/examples.py``), at their moment."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, update

from directory import groups, queries
from directory.examples import SUZUKI
from directory.tables import pictures
from server.auth import actions, codes, company
from server.auth.model import Privilege, new_account, operator
from server.auth.password_rule import Accepted
from server.auth.tables import sessions
from server.clock import from_millis, system_clock
from server.contract.examples import AT
from server.data.transaction import Transaction
from server.ports import people_listeners
from server.services import Services
from tests.tools.anpi_examples import ANPI_LOGIN_ID, make_safety_check, stand_on_loopback
from tests.tools.company import sign_in
from tests.tools.directory import found, give
from tests.tools.running import Running, running, settings_for
from tests.tools.stranger import Stranger
from tests.tools.visitor import PASSWORD

PEOPLE = {
    "sato": ("佐藤 美咲", "さとう みさき"),
    "suzuki": ("鈴木 大輔", "すずき だいすけ"),
    "ito": ("伊藤 さくら", "いとう さくら"),
}
CODE = "48210937"
OTHER_SESSION = "kq3ZVx0aB7Ye"
AHEAD = from_millis(AT) - system_clock()


def then() -> datetime:
    """The clock of the examples: it goes on by itself."""
    return system_clock() + AHEAD


@dataclass(frozen=True)
class World:
    """A company on the disk, and 佐藤, who is signed in there."""

    var: Path
    sato: Stranger


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Running]:
    """An empty one."""
    async with running(settings_for(tmp_path / "var", sqlite_template), then) as here:
        yield here


@pytest.fixture(scope="module")
async def world(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> World:
    """Made once, and copied for each example: what one example changes is nothing to the next."""
    var = tmp_path_factory.mktemp("world") / "var"
    async with running(settings_for(var, sqlite_template), then) as here:
        await make_people(here.services)
        sato = await Stranger.arrive(here.address)
        await sato.sign_in("sato@hokuto.example", PASSWORD)
        await make_rooms(here, sato)
        stand_on_loopback(var)
        await make_safety_check(here.services, sato)
        await sato.leave()
    return World(var, sato)


@pytest.fixture
async def office(world: World, tmp_path: Path) -> AsyncIterator[Running]:
    """A server in a copy of the world."""
    shutil.copytree(world.var, tmp_path / "var")
    async with running(settings_for(tmp_path / "var"), then) as here:
        yield here


@pytest.fixture
async def sato(world: World, office: Running) -> AsyncIterator[Stranger]:
    """Signed in, and not yet on the line; what he finds missing in the documents fails the test."""
    stranger = world.sato.at(office.address)
    yield stranger
    await stranger.leave()


async def make_people(services: Services) -> None:
    """1 佐藤, who administers, reads the talk log, and is signed in elsewhere too; 2 鈴木, who has a code; 3 伊藤."""
    for login, (name, kana) in PEOPLE.items():
        hashed = await services.passwords.hash(Accepted(PASSWORD))
        rights = frozenset(Privilege) if login == "sato" else frozenset()
        new = new_account(
            f"{login}@hokuto.example",
            name,
            kana,
            talk=True,
            privileges=rights,
            talk_log=login == "sato",
            anpi_login_id=ANPI_LOGIN_ID[login],
        )
        await services.writer.act(
            actions.add_account,
            operator(),
            new,
            hashed,
            must_change=False,
            listeners=people_listeners(services.ports),
        )
    await services.writer.act(company.ensure, "北斗商事")
    await furnish_directory(services)
    code_hash = codes.hash_of(services.secrets, "suzuki@hokuto.example", CODE)
    await services.writer.act(codes.issue, operator(), 2, code_hash)
    token = await sign_in(services, 1)

    def call_it(tx: Transaction) -> Any:
        renamed = update(sessions).where(sessions.c.public_id == token[:12]).values(public_id=OTHER_SESSION)
        return tx.connection.execute(renamed).rowcount

    assert await services.writer.act(call_it) == 1


async def make_rooms(server: Running, sato: Stranger) -> None:
    """Channel 1 with twelve messages of two, and the open channel 2."""
    suzuki = await Stranger.arrive(server.address)
    await suzuki.sign_in("suzuki@hokuto.example", PASSWORD)
    await sato.connect()
    await suzuki.connect()
    made = await sato.say("room.create", kind="group", name="見積もり", people=[2])
    for number in range(1, 13):
        posted = await (sato if number % 2 else suzuki).post(1, f"その{number}")
    opened = await suzuki.say("room.create", kind="open", name="お知らせ")
    assert (made["room"]["id"], posted["seq"], opened["room"]["id"]) == (1, 12, 2), "the examples need this world"
    await sato.cut()
    await suzuki.leave()


async def furnish_directory(services: Services) -> None:
    """The departments, posts and groups that the directory's examples speak of."""
    sales = await found(services, "S", name="営業部")
    team = await found(services, "S-1", sales, name="営業一課")
    office = await found(services, "G", name="総務部")
    assert (sales, team, office) == (1, 2, 3), "the examples need this world"
    await give(services, 1, (team, ""))
    await give(services, 2, (team, "課長"))
    for name in ("見積もり", "花見"):
        await services.writer.act(groups.add, 1, name)
    await services.writer.act(groups.change, 1, 1, [2], [])
    await services.writer.act(_keep_picture)
    suzuki = await services.readers.ask(queries.person, 2)
    assert suzuki is not None and suzuki.rev == SUZUKI.rev, "the examples need him as he was seen"


def _keep_picture(tx: Transaction) -> None:
    row = {"name": "a".rjust(64, "0"), "media": "image/jpeg", "large": b"large", "small": b"small", "made_at": tx.now}
    tx.connection.execute(insert(pictures), row)
