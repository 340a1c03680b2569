"""The demo company: loaded once, finished when it was interrupted, and its passwords are those in the file."""

from __future__ import annotations

import itertools
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from argon2 import PasswordHasher
from sqlalchemy import func, select

import anpi.demo
import chat.demo
from anpi.tables import incidents, templates
from chat.tables import channels
from directory.demo import filling
from directory.pictures import queries as pictures
from directory.tables import departments, people, posts
from server import demo
from server.auth import actions, queries, seats
from server.auth import company as companies
from server.auth.company import Licences
from server.auth.tables import accounts
from server.clients import order
from server.opening import opened
from server.operating import AddUser, LoadDemo
from server.settings import Settings
from tests.tools.running import running, settings_for
from tests.tools.visitor import PASSWORD, Visitor

ADD = AddUser(login_id="mori@hokuto.example", name="森 由美", password=PASSWORD, talk=True)


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    return settings_for(tmp_path / "var", sqlite_template)


async def test_the_demo_is_loaded_once_and_its_sign_ins_work(settings: Settings):
    assert (await order(settings, LoadDemo())).done
    assert not (await order(settings, LoadDemo())).done

    sign_ins = demo.loaded(settings.var)
    assert len(sign_ins) == 8 and len({each.password for each in sign_ins}) == 8
    assert [each.login_id.split("@")[0] for each in demo.shown(sign_ins)] == ["sano", "nguyen", "miura"]
    assert stat.S_IMODE((settings.var / "demo.txt").stat().st_mode) == 0o600
    async with running(settings) as server:
        for each in demo.shown(sign_ins):
            async with Visitor(server) as visitor:
                answer = await visitor.sign_in(each.login_id, each.password)
                me = (await visitor.get("/api/me")).json()
            assert (answer.headers["location"], me["name"]) == ("/", each.name)
            assert (me["company"], me["talk"]) == ("北斗精機株式会社", True)


async def test_only_those_in_the_file_have_a_password(settings: Settings):
    await order(settings, LoadDemo())
    async with opened(settings) as services:
        wanted = select(accounts.c.login_id).where(accounts.c.password_hash.is_not(None))
        found = await services.readers.ask(lambda db: set(db.execute(wanted).scalars()))
        company = await services.readers.ask(companies.find)
        seats_taken = await services.readers.ask(seats.used)
    assert found == {each.login_id for each in demo.loaded(settings.var)}
    assert company and company.licences == seats_taken == Licences(300, 300, 300)


async def test_without_the_directory_there_are_those_who_sign_in(settings: Settings):
    alone = settings.model_copy(update={"modules": ("chat",)})
    assert (await order(alone, LoadDemo())).done
    async with opened(alone) as services:
        assert await services.readers.ask(lambda db: db.scalar(select(func.count()).select_from(accounts))) == 8


async def test_a_company_with_people_never_gets_the_demo(settings: Settings):
    await order(settings, ADD)
    assert not (await order(settings, LoadDemo())).done
    assert not (settings.var / "demo.txt").exists()


class PowerCut(Exception):
    """It can come at any moment."""


INTERRUPTED = {
    # The first is that of the master key.
    "the file is written": (demo.os, "fsync", 1),
    "the file has its first name": (demo.os, "fsync", 2),
    "passwords are hashed": (PasswordHasher, "hash", 5),
    "people are added": (actions, "add_account", 5),
    "the directory is added": (filling, "_posts", 5),
    "faces are drawn": (pictures, "keep", 5),
    "the rooms are furnished": (chat.demo, "_play", 2),
    "the safety check has its drill": (anpi.demo, "_written", 5),
    "all is there but the file's name": (demo.os, "rename", 1),
}
"""Where the power goes: at the call of what, and how many calls before it go well."""


def cut(original: Callable[..., Any], good: int) -> Callable[..., Any]:
    calls = itertools.count()

    def call(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == good:
            raise PowerCut
        return original(*args, **kwargs)

    return call


@pytest.mark.parametrize("moment", INTERRUPTED)
async def test_a_demo_that_was_interrupted_is_finished(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, moment: str
):
    owner, name, good = INTERRUPTED[moment]
    with monkeypatch.context() as broken:
        broken.setattr(owner, name, cut(getattr(owner, name), good))
        with pytest.raises(PowerCut):
            await order(settings, LoadDemo())
    assert demo.loaded(settings.var) == [], "this test needs a demo that is not finished"

    assert (await order(settings, LoadDemo())).done
    await expect_the_whole_demo(settings)
    assert not (await order(settings, LoadDemo())).done


async def expect_the_whole_demo(settings: Settings) -> None:
    sign_ins = demo.loaded(settings.var)
    assert len(sign_ins) == 8 and list(settings.var.glob("demo.*")) == [settings.var / "demo.txt"]
    async with opened(settings) as services:
        count: Callable[..., Awaitable[int]] = services.readers.ask
        assert await count(lambda db: db.scalar(select(func.count()).select_from(accounts))) == 300
        assert await count(lambda db: db.scalar(select(func.count()).select_from(departments))) == 42
        listed = select(func.count()).select_from(people).where(people.c.rev > 0)
        assert await count(lambda db: db.scalar(listed)) == 300
        assert await count(lambda db: db.scalar(listed.where(people.c.photo != ""))) > 40
        assert await count(lambda db: db.scalar(select(func.count()).select_from(posts))) > 300
        assert await count(lambda db: db.scalar(select(func.count()).select_from(channels))) == len(chat.demo.SCENES)
        assert await count(lambda db: db.scalar(select(func.count()).select_from(incidents))) == 1
        assert await count(lambda db: db.scalar(select(func.count()).select_from(templates))) == 3
        for each in sign_ins:
            found = await services.readers.ask(queries.credentials, each.login_id)
            assert found and await services.passwords.verify(found.password_hash, each.password), each.login_id


async def test_a_new_database_gets_new_passwords_and_not_the_old_file(settings: Settings, sqlite_template: Path):
    await order(settings, LoadDemo())
    before = demo.loaded(settings.var)
    for file in settings.var.glob("renraku.db*"):
        file.unlink()

    assert (await order(settings, LoadDemo())).done
    await expect_the_whole_demo(settings)
    assert {each.password for each in demo.loaded(settings.var)}.isdisjoint(each.password for each in before)


async def test_a_demo_that_was_only_begun_does_not_come_into_a_real_company(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
):
    with monkeypatch.context() as broken:
        broken.setattr(actions, "add_account", cut(actions.add_account, 3))
        with pytest.raises(PowerCut):
            await order(settings, LoadDemo())
    await order(settings, AddUser(login_id="aoki@real.example", name="青木", password=PASSWORD))

    assert not (await order(settings, LoadDemo())).done
    assert list(settings.var.glob("demo.*")) == []
