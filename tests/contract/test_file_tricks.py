"""An expert tries to get a file to another's screen that may not travel, or one that is not his to send or to see.

What his tricks with names and bytes come to alone stands in tests/unit/chat; here are those that need the server.
"""

from __future__ import annotations

import asyncio
import base64
import uuid

import pytest
from sqlalchemy import select

from chat import actions
from chat.files.settings import Wanted, change_policy
from server.auth import actions as people
from server.auth.changing import AccountChanges
from server.auth.model import Actor, Privilege, operator
from server.auth.tables import audit
from server.ports import people_listeners
from tests.tools.client import Refused
from tests.tools.company import hire
from tests.tools.files import EXECUTABLE, OURS, PIECES, TUS, Bringer, picture


@pytest.fixture
async def office(server, company):
    """佐藤 and 鈴木 talk in a room; 伊藤 has one of his own."""
    sato, ito = await server.connect(company.sato.token), await server.connect(company.ito.token)
    room = (await sato.ask("room.create", kind="closed", name="営業", people=[company.suzuki.id]))["room"]["id"]
    foreign = (await ito.ask("room.create", kind="closed", name="人事", people=[]))["room"]["id"]
    return sato, ito, room, foreign


@pytest.fixture
async def browsers(server, company):
    here = [Bringer.of(server, each) for each in (company.sato, company.suzuki, company.ito)]
    yield here
    for each in here:
        await each._client.aclose()


async def send(client, room, *files, text=""):
    return await client.ask("post", channel=room, text=text, client_id=str(uuid.uuid4()), files=list(files))


async def set_policy(server, mode="default", extra=(), **others):
    admin = await hire(
        server.services, f"admin-{uuid.uuid4().hex[:6]}", privileges=frozenset({Privilege.ADMIN_GOTALK})
    )
    choices = {"look_inside": True, "uninspected": "send", "executables": "send", **others}
    wanted = Wanted(mode=mode, extra=list(extra), **choices)
    actor = Actor(admin.id, "admin", privileges=frozenset({Privilege.ADMIN_GOTALK}))
    await server.services.writer.act(change_policy, actor, wanted)


async def test_what_was_brought_under_an_older_policy_is_judged_by_todays(server, office, browsers):
    sato, _, room, _ = office
    script, photo = await browsers[0].ready("設定.ps1"), await browsers[0].ready("現場.png", picture("PNG"))
    await set_policy(server, extra=["ps1"])
    with pytest.raises(Refused) as refused:
        await send(sato, room, photo, script)
    assert (refused.value.code, refused.value.frame["field"]) == ("file_blocked", f"files.{script}")
    assert (await sato.ask("history", channel=room))["messages"] == [], "nothing of it was sent"

    await set_policy(server, mode="images")
    await send(sato, room, photo)
    await set_policy(server, mode="off")
    with pytest.raises(Refused, match="file_disabled"):
        await send(sato, room, script)
    lines = select(audit.c.target, audit.c.actor_id).where(audit.c.action == "file.refuse")
    found = await server.services.readers.ask(lambda connection: connection.execute(lines).all())
    assert [row.target for row in found] == ["設定.ps1"] * 2


async def test_anothers_upload_cannot_be_sent_read_or_touched(office, browsers):
    _, ito, _, foreign = office
    his, _, stranger = browsers
    ready, begun = await his.ready(), await his.begun("途中.bin", 1000)
    with pytest.raises(Refused) as other:
        await send(ito, foreign, ready)
    with pytest.raises(Refused) as missing:
        await send(ito, foreign, "a" * 26)
    assert other.value.frame["code"] == missing.value.frame["code"] == "file_unknown"
    assert other.value.frame["message"] == missing.value.frame["message"]
    for id in (ready, begun):
        answers = [
            await stranger.get(f"/api/files/{id}"),
            await stranger.append(id, 0, b"x"),
            await stranger.give_up(id),
            await stranger.file(id),
        ]
        assert [each.status_code for each in answers] == [404] * 4
    assert await his.offset(begun) == 0


async def test_a_file_cannot_be_carried_into_a_room_that_is_not_ones_own(server, office, browsers, company):
    sato, _, room, foreign = office
    id = await browsers[0].ready()
    with pytest.raises(Refused, match="not_found"):
        await send(sato, foreign, id)
    assert (await browsers[2].file(id)).status_code == 404
    await send(sato, room, id)
    await server.services.writer.act(actions.remove, company.sato.id, room, company.suzuki.id)
    assert (await browsers[1].file(id)).status_code == 404, "who has left the room reads nothing of it any more"


async def test_who_may_not_talk_any_more_brings_and_reads_nothing(server, office, browsers, company):
    sato, _, room, _ = office
    id, begun = await browsers[0].ready(), await browsers[1].begun("途中.bin", 10)
    await send(sato, room, id)
    listeners = people_listeners(server.services.ports)
    await server.services.writer.act(
        people.change_account, operator(), company.suzuki.id, AccountChanges(talk=False), listeners
    )
    assert (await browsers[1].file(id)).status_code == 404
    assert (await browsers[1].append(begun, 0, b"0123456789")).status_code == 403
    assert (await browsers[1].put("x.txt", b"x")).json()["code"] == "talk_disabled"


async def test_a_name_given_twice_or_in_two_ways_is_taken_from_nowhere_else(office, browsers):
    his = browsers[0]
    harmless, wicked = (base64.b64encode(name).decode() for name in (b"a.txt", b"a.exe"))
    for metadata in (
        f"filename {harmless},filename {wicked}",
        f"name {harmless}",
        f"filename {wicked[:-1]}!",
        "filename",
        "",
        f"filename {base64.b64encode(b'a.txt' + bytes([0]) + b'.exe').decode()}",
        f"filename {base64.b64encode(bytes([0x81, 0x20, 0x81])).decode()}",
    ):
        headers = {**TUS, "Upload-Length": "5", "Upload-Metadata": metadata}
        answer = await his.ask("POST", "/api/files", headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "file_name"), metadata
    twice = await his.ask("PUT", "/api/files?name=a.txt&name=a.exe", OURS, content=b"x")
    assert twice.json()["code"] == "invalid"
    # What says something else besides is not read: the name in the address is the one that was judged and is kept.
    beside = {**OURS, "Content-Disposition": 'attachment; filename="setup.exe"', "Content-Type": "text/html"}
    kept = (await his.ask("PUT", "/api/files?name=a.txt", beside, content=b"<script>")).json()
    got = await his.file(kept["id"], "setup.exe")
    assert got.headers["content-disposition"] == "attachment; filename*=UTF-8''a.txt"
    assert got.headers["content-type"] == "application/octet-stream"


async def test_japanese_names_of_older_systems_are_read_before_they_are_judged(browsers):
    his = browsers[0]
    for raw, name in (("表示.txt".encode("cp932"), "表示.txt"), ("C:\\写真\\ソ表.png".encode("cp932"), "ソ表.png")):
        answer = await his.begin(raw, 5)
        assert answer.status_code == 201, answer.text
        id = answer.headers["location"].rpartition("/")[2]
        assert (await his.upload(id))["name"] == name
    assert (await his.begin("表示.exe".encode("cp932"), 5)).json()["code"] == "file_blocked"


async def test_a_name_says_nothing_that_a_header_could_mean(office, browsers):
    his = browsers[0]
    name = "a\";filename=evil.exe;x='é 表%0d%0a.txt"
    id = await his.ready(name)
    got = await his.file(id)
    said = got.headers["content-disposition"]
    assert said.startswith("attachment; filename*=UTF-8''") and said.count(";") == 1 and '"' not in said
    assert (await his.put("a\r\nSet-Cookie: x=1.txt", b"x")).json()["code"] == "file_name"


async def test_an_executable_behind_a_good_beginning_is_found_when_the_last_byte_has_come(office, browsers):
    """The first piece looks harmless, the verdict is on the whole."""
    his = browsers[0]
    id = await his.begun("年賀状.png", len(EXECUTABLE))
    assert (await his.append(id, 0, EXECUTABLE[:1])).status_code == 204
    assert (await his.append(id, 1, EXECUTABLE[1:])).json()["code"] == "file_disguised"
    with pytest.raises(Refused, match="file_unknown"):
        await send(office[0], office[2], id)


async def test_bytes_cannot_be_exchanged_after_the_verdict(office, browsers):
    his = browsers[0]
    id = await his.ready("見積.txt", b"harmless")
    for offset in (0, 8):
        answer = await his.append(id, offset, EXECUTABLE)
        assert answer.status_code in (204, 409), answer.text
    assert (await his.file(id)).content == b"harmless"
    more = await his.begun("短い.txt", 8)
    assert (await his.append(more, 0, b"a" * 9)).status_code == 413
    assert (await his.upload(more))["state"] == "receiving"


async def test_an_upload_has_one_writer_at_a_time(server, office, browsers, company):
    his, size = browsers[0], 1000
    id, end = await his.begun("競争.bin", size), asyncio.Event()

    async def slowly():
        yield b"a" * 400
        await end.wait()
        yield b"a" * 600

    first = asyncio.create_task(his.append(id, 0, slowly()))
    while not server.services.meter.uploads_open:
        await asyncio.sleep(0.01)
    async with Bringer.of(server.processes[-1], company.sato) as elsewhere:
        second = await elsewhere.append(id, 0, b"b" * size)
    assert (second.status_code, second.json()["code"]) == (423, "upload_busy")
    end.set()
    assert (await first).status_code == 204
    assert (await his.file(id)).content == b"a" * size


async def test_two_messages_at_once_do_not_both_carry_a_file(office, browsers):
    sato, _, room, _ = office
    id = await browsers[0].ready()
    answers = await asyncio.gather(*(send(sato, room, id) for _ in range(5)), return_exceptions=True)
    refused = [each.code for each in answers if isinstance(each, Refused)]
    assert refused == ["file_unknown"] * 4
    with pytest.raises(Refused, match="file_unknown"):
        await send(sato, room, id, id)


async def test_a_replayed_piece_is_told_where_the_upload_is(office, browsers):
    his = browsers[0]
    id = await his.begun("再送.bin", 1000)
    for _ in range(2):
        answer = await his.append(id, 0, b"a" * 400)
    assert (answer.status_code, answer.headers["upload-offset"]) == (409, "400")
    assert (await his.append(id, 500, b"a" * 100)).status_code == 409
    foreign = await his.ask("PATCH", f"/api/files/{id}", {**PIECES, "Upload-Offset": "-1"}, content=b"x")
    assert foreign.status_code == 400
    no_tus = {**PIECES, "Upload-Offset": "400", "Tus-Resumable": "0.2.2"}
    answer = await his.ask("PATCH", f"/api/files/{id}", no_tus, content=b"x")
    assert (answer.status_code, answer.headers["tus-version"]) == (412, "1.0.0")


async def test_another_sites_page_cannot_bring_a_file_in_somebodys_name(browsers):
    his = browsers[0]
    for headers in ({}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        answer = await his.ask("PUT", "/api/files?name=a.txt", headers, content=b"x")
        assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")
