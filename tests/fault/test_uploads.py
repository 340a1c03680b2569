"""Uploads under kill -9, a cut line and a full disk: no row points at missing bytes, and what was told is there."""

from __future__ import annotations

import asyncio
import hashlib
import random
import sqlite3
from types import SimpleNamespace

import httpx2
import pytest

from chat.files import checking, uploads
from chat.files.naming import blob
from server.data.batch import Batch
from server.data.space import MEBIBYTE
from server.opening import opened
from tests.tools.company import hire
from tests.tools.files import PIECES, Bringer
from tests.tools.process import ServerProcess, free_port
from tests.tools.running import running, settings_for
from tests.tools.tmpfs import fill, small_disk

SIZE = 3_000_000


async def test_kill_nine_in_the_middle_loses_nothing_that_was_told(tmp_path, sqlite_template, tier):
    kills = tier(short=4, long=60)
    async with opened(settings_for(tmp_path / "var", sqlite_template)) as services:
        sato = await hire(services, "sato")
    server = ServerProcess(tmp_path / "var", free_port())
    here = SimpleNamespace(address=f"http://{server.host}")
    rng = random.Random(5)
    body = rng.randbytes(SIZE)
    told: dict[str, int] = {}
    done: list[str] = []
    try:
        for _ in range(kills):
            await server.start()
            async with Bringer.of(here, sato) as browser:
                bringing = asyncio.create_task(bring(browser, body, told, done))
                await asyncio.sleep(rng.uniform(0.05, 0.6))
                await server.kill()
                await bringing
            check(tmp_path / "var", body, told)
        await server.start()
        async with Bringer.of(here, sato) as browser:
            for id in told:
                assert hashlib.sha256(await finished(browser, id, body)).digest() == hashlib.sha256(body).digest()
    finally:
        await server.kill()
    assert told, "this test needs something that was told"


async def bring(browser, body, told, done):
    """Upload after upload in pieces, until the line breaks; what was told about each is remembered."""
    rng = random.Random(len(told))
    try:
        for id in [each for each in told if each not in done]:
            await go_on(browser, id, body, told, rng)
            done.append(id)
        while True:
            id = await browser.begun("図面.bin", SIZE)
            told[id] = 0
            await go_on(browser, id, body, told, rng)
            done.append(id)
    except httpx2.HTTPError:
        return


async def go_on(browser, id, body, told, rng):
    offset = await browser.offset(id)
    assert offset >= told[id], "less is there than was told"
    while offset < SIZE:
        piece = body[offset : offset + rng.randrange(1, 900_000)]
        answer = await browser.append(id, offset, piece)
        assert answer.status_code == 204, answer.text
        offset = told[id] = int(answer.headers["upload-offset"])


async def finished(browser, id, body):
    """The file's bytes, when the rest of them has been brought."""
    await go_on(browser, id, body, {id: 0}, random.Random(1))
    assert (await browser.upload(id))["state"] == "ready"
    return (await browser.file(id)).content


def check(var, body, told):
    with sqlite3.connect(var / "renraku.db") as database:
        rows = database.execute("SELECT key, state, sha256 FROM files").fetchall()
    states = {key: state for key, state, _ in rows}
    assert set(told) <= set(states)
    for key, state, sha256 in rows:
        if state == "ready":
            kept = next((var / "store").glob(f"*/{blob(key)}")).read_bytes()
            assert hashlib.sha256(kept).hexdigest() == sha256 == hashlib.sha256(body).hexdigest()
        else:
            lying = var / "incoming" / key
            there = lying.read_bytes() if lying.exists() else b""
            assert len(there) >= told.get(key, 0) and body.startswith(there)


@pytest.fixture
async def office(tmp_path, sqlite_template):
    async with running(settings_for(tmp_path / "var", sqlite_template)) as server:
        sato = await hire(server.services, "sato")
        async with Bringer.of(server, sato) as browser:
            yield SimpleNamespace(server=server, browser=browser, var=tmp_path / "var", sato=sato)


async def test_what_dies_between_the_rename_and_the_commit_is_finished_when_it_is_asked_for(office, monkeypatch):
    """The bytes are in the store, the row does not say so yet."""

    def dies(*_):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "ACCEPT", Batch("upload.keep", dies))
        id = await office.browser.begun("図面.bin", 5000)
        assert (await office.browser.append(id, 0, b"a" * 5000)).status_code == 500
    assert list((office.var / "store").glob(f"*/{blob(id)}")), "this test needs the bytes to be in the store"
    assert await office.browser.offset(id) == 5000
    assert (await office.browser.upload(id))["state"] == "ready"
    assert (await office.browser.file(id)).content == b"a" * 5000
    assert not (office.var / "incoming" / id).exists()


async def test_what_dies_before_the_verdict_has_it_when_it_is_asked_for(office, monkeypatch):
    async def dies(*_):
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(checking, "gather", dies)
        id = await office.browser.begun("図面.bin", 5000)
        assert (await office.browser.append(id, 0, b"a" * 5000)).status_code == 500
    assert (await office.browser.append(id, 5000, b"")).status_code == 204
    assert (await office.browser.upload(id))["state"] == "ready"


async def test_a_cut_line_leaves_what_came_and_the_rest_follows(office):
    browser, body = office.browser, bytes(range(256)) * 4000
    id = await browser.begun("図面.bin", len(body))
    half = len(body) // 2

    async def broken():
        yield body[:half]
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await browser.append(id, 0, broken())
    while (there := await browser.offset(id)) < half:
        await asyncio.sleep(0.01)
    assert there == half
    while (answer := await browser.append(id, half, body[half:])).status_code == 423:
        await asyncio.sleep(0.01)
    assert answer.status_code == 204
    assert (await browser.file(id)).content == body


async def test_a_whole_file_that_breaks_off_leaves_nothing_behind(office):
    services = office.server.services

    async def broken():
        yield b"a" * 700_000
        while not services.meter.uploads_open:
            await asyncio.sleep(0.01)
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await office.browser.put("図面.bin", broken())
    while services.meter.uploads_open or await rows(services) or any((office.var / "incoming").iterdir()):
        await asyncio.sleep(0.01)


async def rows(services):
    return await services.readers.ask(lambda c: c.exec_driver_sql("SELECT count(*) FROM files").scalar())


async def test_an_upload_that_is_too_slow_is_broken_off_and_taken_up_again(office, monkeypatch):
    monkeypatch.setattr("chat.files.receiving.WINDOW_SECONDS", 0.3)
    id = await office.browser.begun("遅い.bin", 200)
    reader, writer = await asyncio.open_connection("127.0.0.1", office.server.port)
    headers = {
        **PIECES,
        "Host": office.server.host,
        "Cookie": f"__Host-session={office.sato.token}",
        "Upload-Offset": "0",
        "Content-Length": "200",
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    writer.write(f"PATCH /api/files/{id} HTTP/1.1\r\n{lines}\r\n".encode() + b"a" * 100)
    answer = await reader.read()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 408 ") and b'"upload_slow"' in answer
    assert await office.browser.offset(id) == 100
    assert (await office.browser.append(id, 100, b"b" * 100)).status_code == 204


async def test_uploads_never_touch_the_reserve_and_talk_goes_on(tmp_path, sqlite_template):
    with small_disk(tmp_path / "disk", 64) as folder:
        settings = settings_for(folder / "var", sqlite_template, reserve_mb=16, ballast_mb=4)
        async with running(settings) as server:
            sato = await hire(server.services, "sato")
            talk = await server.connect(sato.token)
            room = (await talk.ask("room.create", kind="closed", name="営業", people=[]))["room"]["id"]
            async with Bringer.of(server, sato) as browser:
                kept = await browser.ready("小さい.bin", b"a" * MEBIBYTE)
                id = await browser.begun("大きい.bin", 10 * MEBIBYTE)
                fill(folder / "filler", leave=20 * MEBIBYTE)
                refused = await browser.append(id, 0, b"a" * 10 * MEBIBYTE)
                assert (refused.status_code, refused.json()["code"]) == (507, "disk_full")
                assert await browser.offset(id) == 0
                await talk.post(room, "まだ話せる")
                await talk.ask("post", channel=room, text="", client_id=CLIENT, files=[kept])

                (folder / "filler").unlink()
                server.services.space.look()
                assert (await browser.append(id, 0, b"a" * 10 * MEBIBYTE)).status_code == 204


async def test_a_disk_that_is_full_in_the_middle_keeps_what_it_took(tmp_path, sqlite_template):
    """Other programs take the room while an upload runs: it ends by name, and goes on when there is room."""
    with small_disk(tmp_path / "disk", 48) as folder:
        settings = settings_for(folder / "var", sqlite_template, reserve_mb=0, ballast_mb=0)
        async with running(settings) as server:
            async with Bringer.of(server, await hire(server.services, "sato")) as browser:
                size = 8 * MEBIBYTE
                id = await browser.begun("大きい.bin", size)
                # What the database may still need is its own.
                fill(folder / "filler", leave=3 * MEBIBYTE)
                server.services.space.require_room = lambda size: None
                answer = await browser.append(id, 0, b"a" * size)
                assert (answer.status_code, answer.json()["code"]) == (507, "disk_full")
                (folder / "filler").unlink()
                there = await browser.offset(id)
                assert 0 < there < size
                assert (await browser.append(id, there, b"a" * (size - there))).status_code == 204
                assert (await browser.file(id)).content == b"a" * size


CLIENT = "0198c0de-7a2b-7c3d-8e4f-5a6b7c8d9e0f"
