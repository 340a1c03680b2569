"""What stands of a file once it was judged: what it is shown as, which mark it has, which record, and whose bytes."""

from __future__ import annotations

import asyncio
import base64
import io
import threading
import uuid
import zipfile

import pytest
from sqlalchemy import select, update

from chat.files import checking, transfer, uploads
from chat.files.receiving import Held
from chat.files.settings import Wanted, change_policy
from chat.files.space import Limits
from chat.files.sweeping import sweep
from chat.files.tables import files
from chat.tables import log_entries
from server.auth.model import Actor, Privilege
from server.auth.tables import audit
from tests.tools.company import hire
from tests.tools.files import EXECUTABLE, TUS, Bringer, picture

DAY_MS = 25 * 3600 * 1000


@pytest.fixture
async def his(server, company):
    async with Bringer.of(server, company.sato) as here:
        yield here


async def refusals(server):
    """Every refused file: its name and rule in the audit, and its name in the talk log."""

    def ask(connection):
        told = connection.execute(select(audit.c.target, audit.c.detail).where(audit.c.action == "file.refuse"))
        logged = select(log_entries.c.body).where(log_entries.c.kind == "file_refused")
        return [tuple(row) for row in told], list(connection.execute(logged).scalars())

    return await server.services.readers.ask(ask)


async def change(server, **choices):
    admin = await hire(
        server.services, f"admin-{uuid.uuid4().hex[:6]}", privileges=frozenset({Privilege.ADMIN_GOTALK})
    )
    defaults = {"mode": "default", "extra": [], "look_inside": True, "uninspected": "send", "executables": "send"}
    actor = Actor(admin.id, "admin", privileges=frozenset({Privilege.ADMIN_GOTALK}))
    await server.services.writer.act(change_policy, actor, Wanted(**{**defaults, **choices}))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
async def test_a_picture_that_does_not_decode_is_shown_as_none(his, kind):
    whole = picture(kind)
    file = (await his.put(f"現場.{kind.lower()}", whole[: len(whole) // 2])).json()
    assert "media" not in file and "thumbnail" not in file
    got = await his.file(file["id"])
    assert got.headers["content-type"] == "application/octet-stream"
    assert got.headers["content-disposition"].startswith("attachment;")


async def test_a_picture_of_a_kind_that_is_not_decoded_is_told_as_none(his):
    file = (await his.put("現場.webp", picture("WEBP"))).json()
    assert "media" not in file


async def test_a_name_that_no_file_can_have_stands_in_the_records(server, his):
    assert (await his.begin("請求書\u202egpj.exe", 5)).json()["code"] == "file_name"
    assert (await his.begin("a\0.txt", 5)).json()["code"] == "file_name"
    assert (await his.put("setup.exe:図面.txt", b"x")).json()["code"] == "file_name"
    twice = ",".join(f"filename {base64.b64encode(each).decode()}" for each in (b"a.txt", b"a.exe"))
    answer = await his.ask("POST", "/api/files", {**TUS, "Upload-Length": "5", "Upload-Metadata": twice})
    assert answer.json()["code"] == "file_name"
    told, logged = await refusals(server)
    names = ["請求書\ufffdgpj.exe", "a\ufffd.txt", "setup.exe:図面.txt", twice]
    assert [target for target, _ in told] == names and len(logged) == 4
    assert all("control" in detail for _, detail in told)


async def test_a_stream_of_bytes_that_grows_too_large_is_refused_like_any_other_file(server, his):
    for process in server.processes:
        process.services.state["chat.files"].limits = Limits(file=1000, person=0, company=0)

    async def parts():
        for _ in range(3):
            yield b"a" * 400

    answer = await his.put("長い.bin", parts())
    assert (answer.status_code, answer.json()["code"]) == (413, "file_too_big")
    told, logged = await refusals(server)
    assert [target for target, _ in told] == ["長い.bin"] and len(logged) == 1


def encrypted() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("memo.docx", b"data")
    data = bytearray(file.getvalue())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


@pytest.mark.parametrize("at_first", [True, False])
async def test_the_mark_is_that_of_the_policy_when_it_is_sent(server, company, his, at_first):
    sato = await server.connect(company.sato.token)
    room = (await sato.ask("room.create", kind="closed", name="営業", people=[]))["room"]["id"]
    await change(server, look_inside=at_first)
    file = (await his.put("図面.zip", encrypted())).json()
    assert file.get("uninspected", False) is at_first
    await change(server, look_inside=not at_first)
    await sato.ask("post", channel=room, text="", client_id=str(uuid.uuid4()), files=[file["id"]])
    (message,) = (await sato.ask("history", channel=room))["messages"]
    assert message["files"][0].get("uninspected", False) is not at_first
    assert (await his.upload(file["id"]))["file"].get("uninspected", False) is not at_first


async def test_other_bytes_of_the_same_upload_are_not_kept_under_its_verdict(server, his, monkeypatch):
    """Two machines, each with a part of an upload on its own disk: the bytes of one count."""
    id = await his.begun("現場.txt", 10)
    keep = checking._keep

    async def beside(services, incoming, key, gathered, file, sha256):
        if sha256 in seen:
            return await keep(services, incoming, key, gathered, file, sha256)
        seen.add(sha256)
        with pytest.raises(Held):
            await services.writer.ask(uploads.CLAIM, uploads.Claim(row.account_id, key, "f" * 64))
        return await keep(services, incoming, key, gathered, file, sha256)

    seen = set()
    row = await server.services.readers.ask(lambda c: c.execute(select(files).where(files.c.key == id)).one())
    monkeypatch.setattr(checking, "_keep", beside)
    assert (await his.append(id, 0, b"0123456789")).status_code == 204
    assert len(seen) == 1
    assert (await his.file(id)).content == b"0123456789"
    late = uploads.Kept(10, "f" * 64, 10, "f" * 64, False, "", False)
    with pytest.raises(Held):
        await server.services.writer.ask(uploads.ACCEPT, uploads.Accept(row.account_id, id, late))


async def test_a_refusal_that_another_machine_has_written_is_told_here_too(server, company, his):
    id = await his.begun("議事録.txt", len(EXECUTABLE))
    assert (await his.append(id, 0, EXECUTABLE)).json()["code"] == "file_disguised"
    late, sato = uploads.Kept(10, "f" * 64, 10, "f" * 64, False, "", False), company.sato.id
    asked = ((uploads.ACCEPT, uploads.Accept(sato, id, late)), (uploads.CLAIM, uploads.Claim(sato, id, "f" * 64)))
    for batch, request in asked:
        with pytest.raises(Exception) as refused:
            await server.services.writer.ask(batch, request)
        assert refused.value.code == "file_disguised"


async def test_the_bytes_of_a_refused_file_stay_until_the_refusal_stands(server, his, monkeypatch):
    def dies(*_):
        raise MemoryError

    id = await his.begun("議事録.txt", len(EXECUTABLE))
    with monkeypatch.context() as patch:
        patch.setattr(uploads, "refuse", dies)
        assert (await his.append(id, 0, EXECUTABLE)).status_code == 500
    assert await his.offset(id) == len(EXECUTABLE), "nothing need be sent again"
    assert (await his.upload(id))["state"] == "refused"
    assert not (server.services.settings.var / "incoming" / id).exists()


async def test_an_upload_whose_bytes_come_for_days_is_not_swept_away(server, his, monkeypatch):
    monkeypatch.setattr(transfer, "SEEN_SECONDS", 0.0)
    id, go_on = await his.begun("大きい.bin", 20), asyncio.Event()
    aged = update(files).where(files.c.key == id).values(moved_at=files.c.moved_at - DAY_MS)

    async def slowly():
        yield b"a" * 10
        await go_on.wait()
        yield b"b" * 5
        await swept.wait()
        yield b"c" * 5

    swept, going = asyncio.Event(), asyncio.create_task(his.append(id, 0, slowly()))
    while not server.services.meter.uploads_open:
        await asyncio.sleep(0.01)
    await server.services.writer.act(lambda tx: tx.connection.execute(aged))
    before = await moved(server, id)
    go_on.set()
    while await moved(server, id) == before:
        await asyncio.sleep(0.01)
    await sweep(server.services)
    swept.set()
    assert (await going).status_code == 204
    assert (await his.upload(id))["state"] == "ready"


async def moved(server, id):
    wanted = select(files.c.moved_at).where(files.c.key == id)
    return await server.services.readers.ask(lambda c: c.execute(wanted).scalar_one())


async def test_an_import_that_is_applied_keeps_no_upload_waiting(server, his):
    begun, go_on = threading.Event(), threading.Event()
    if server.services.settings.embedded:
        # There is one writer, whose line it takes.
        go_on.set()

    def slow(tx):
        tx.lock("company")
        begun.set()
        assert go_on.wait(20), "a file has been brought meanwhile"

    apart = asyncio.create_task(server.services.writer.apart(slow))
    await asyncio.to_thread(begun.wait)
    id = await his.ready("見積.txt")
    assert (await his.give_up(id)).status_code == 204
    go_on.set()
    await apart
