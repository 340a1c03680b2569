"""The operator's door to a running server, and the one owner of a data folder."""

from __future__ import annotations

import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import select

from server.auth.tables import audit
from server.clients import order
from server.control import ControlDoor, NobodyListens, send
from server.folder import FolderInUse, owned
from server.operating import AddUser, Delete, Disable, Enable, GivePassword, SetTalk
from tests.tools.running import Running, running, settings_for
from tests.tools.visitor import PASSWORD, Visitor

ADD = AddUser(login_id="mori@hokuto.example", name="森 由美", password=PASSWORD, talk=True)


@pytest.fixture
async def door(server: Running) -> AsyncIterator[Path]:
    control = ControlDoor(server.services)
    await control.open()
    yield server.services.settings.var
    await control.close()


async def test_an_order_is_carried_out_and_audited_under_the_operators_name(server: Running, door: Path):
    for wish in (ADD, SetTalk(login_id="MORI@hokuto.example", talk=False), Disable(login_id=ADD.login_id)):
        assert (await send(door, wish)).done

    async with Visitor(server) as visitor:
        assert (await visitor.sign_in(ADD.login_id, PASSWORD)).status_code == 400
        await send(door, Enable(login_id=ADD.login_id))
        await send(door, GivePassword(login_id=ADD.login_id, password="another long one"))
        opened = await visitor.sign_in(ADD.login_id, "another long one")
        assert opened.headers["location"] == "/password", "what the operator gives must be changed"
    await send(door, Delete(login_id=ADD.login_id))

    rows = await server.services.readers.ask(lambda db: db.execute(select(audit)).all())
    own = [row for row in rows if row.action.startswith("account.")]
    assert [row.action for row in own] == [
        "account.add",
        "account.change",
        "account.change",
        "account.change",
        "account.password",
        "account.delete",
    ]
    assert all(row.actor.startswith("operator ") and row.actor_id is None for row in own)
    assert PASSWORD not in str(rows) and "another long one" not in str(rows)


async def test_a_refusal_comes_back_as_a_sentence(door: Path):
    await send(door, ADD)
    assert (await send(door, ADD)).code == "login_id_taken"
    unknown = await send(door, Disable(login_id="nobody"))
    assert (unknown.code, unknown.message) == ("no_such_login", "There is no login ID “nobody”.")
    weak = AddUser(login_id="a@b.example", name="青木", password="password")
    assert (await send(door, weak)).message.startswith("This password is very common.")
    wrong = AddUser(login_id="a@b.example", name="青木", password=PASSWORD, privileges=["ADMIN_EVERYTHING"])
    assert (await send(door, wrong)).code == "format"


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"rubbish\n",
        b"\xff\n",
        b'{"do":"user.add"}\n',
        b'{"do":"drop"}\n',
        b'{"do":"demo","x":1}\n',
        b"[" * 30_000 + b"\n",
    ],
)
async def test_rubbish_is_refused_and_the_door_stays_open(door: Path, line: bytes):
    reader, writer = await asyncio.open_unix_connection(door / "control.sock")
    writer.write(line)
    assert json.loads(await reader.readline())["code"] == "invalid"
    writer.close()
    assert (await send(door, ADD)).done


async def test_an_endless_line_is_cut_off(door: Path):
    reader, writer = await asyncio.open_unix_connection(door / "control.sock")
    writer.write(b"x" * 200_000)
    assert await reader.read() == b""
    writer.close()


async def test_only_the_owner_can_knock(door: Path):
    assert stat.S_IMODE((door / "control.sock").stat().st_mode) == 0o600


async def test_a_folder_that_lies_deep_has_a_door_too(tmp_path: Path, sqlite_template: Path):
    deep = tmp_path / ("d" * 100) / "var"
    async with running(settings_for(deep, sqlite_template)) as server:
        control = ControlDoor(server.services)
        await control.open()
        assert (await send(deep, ADD)).done
        await control.close()
        with pytest.raises(NobodyListens):
            await send(deep, ADD)


async def test_a_folder_has_one_owner(tmp_path: Path):
    with owned(tmp_path / "var"):
        assert stat.S_IMODE((tmp_path / "var").stat().st_mode) == 0o700
        with pytest.raises(FolderInUse), owned(tmp_path / "var"):
            pytest.fail("two own it")
    with owned(tmp_path / "var"):
        pass


async def test_without_a_server_the_command_does_it_alone(tmp_path: Path, sqlite_template: Path):
    settings = settings_for(tmp_path / "var", sqlite_template)
    assert (await order(settings, ADD)).done
    assert (await order(settings, ADD)).code == "login_id_taken"
    with owned(settings.var), pytest.raises(FolderInUse):
        await order(settings, ADD)


def test_the_lock_ends_with_its_process(tmp_path: Path):
    child = os.fork()
    if child == 0:
        with owned(tmp_path):
            os._exit(0)
    os.waitpid(child, 0)
    with owned(tmp_path):
        pass
