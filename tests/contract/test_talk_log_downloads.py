"""The talk log over HTTP: who may, what is found, and that a download ends where it began and proves itself."""

from __future__ import annotations

import asyncio
import csv
import io
import sys
import uuid
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec
import pytest
from sqlalchemy import Connection, delete, update

from chat.log import downloads, heads, queries, reading, routes
from chat.log.follower import follow
from chat.log.segments import EXPIRED
from chat.log.sources import source_of
from chat.log.tables import log_segments
from chat.log.verifying import Head, verify
from server.auth.changing import AccountChanges, change_account
from server.auth.model import Actor, Privilege, operator
from server.auth.tables import accounts, sessions
from server.clock import to_millis
from server.data.transaction import Transaction
from server.errors import NotFound
from server.operating import Feature, carry_out
from server.ports import people_listeners
from server.services import Services
from tests.tools.company import Someone, hire
from tests.tools.files import Bringer
from tests.tools.running import Running
from tests.tools.visitor import PASSWORD, Visitor

ROOT = "/api/talk-log"


@pytest.fixture(autouse=True)
async def following(server: Running) -> AsyncIterator[None]:
    """One process numbers the log, as it does when it is served."""
    task = asyncio.create_task(follow(server.services), name="talk log")
    yield
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def hori(server: Running) -> Someone:
    """Talk administrator with トークログダウンロード 有効, and a password."""
    return await reader(server, "hori", talk_log=True)


async def reader(server: Running, name: str, *, talk_log: bool) -> Someone:
    someone = await hire(server.services, name, privileges=frozenset({Privilege.ADMIN_GOTALK}))
    hashed = await server.services.passwords.hash(PASSWORD)

    def settle(tx: Transaction) -> None:
        row = update(accounts).where(accounts.c.id == someone.id)
        tx.connection.execute(row.values(talk_log=talk_log, password_hash=hashed))

    await server.services.writer.act(settle)
    return someone


async def numbered(server: Running) -> int:
    """Until the follower has given every entry its number; the last of them."""
    async with asyncio.timeout(20):
        while await server.services.readers.ask(queries.lag):
            await asyncio.sleep(0.02)
    return (await server.services.readers.ask(heads.current)).n


async def talked(server: Running, company: SimpleNamespace, *texts: str) -> int:
    """What Sato says to Suzuki alone; the number of their room."""
    sato = await server.connect(company.sato.token)
    room = (await sato.ask("room.direct", person=company.suzuki.id))["room"]["id"]
    for text in texts:
        await sato.post(room, text)
    return room


async def wish(server: Running, who: Someone, form: str = "csv", **wanted: Any) -> httpx2.Response:
    async with Visitor.of(server, who) as browser:
        body = {"password": PASSWORD, "reason": "相談案件 27-03", "form": form, "wanted": wanted}
        return await browser.send(f"{ROOT}/downloads", body)


async def fetched(server: Running, who: Someone, form: str = "csv", **wanted: Any) -> httpx2.Response:
    made = await wish(server, who, form, **wanted)
    assert made.status_code == 201, made.text
    async with Visitor.of(server, who) as browser:
        return await browser.get(made.json()["address"])


def rows_of(answer: httpx2.Response) -> list[dict[str, str]]:
    text = io.StringIO(answer.content.decode("utf-8-sig"), newline="")
    return list(csv.DictReader(text, strict=True))


# ---------------------------------------------------------------- who may


async def test_others_hear_what_they_hear_of_an_address_that_does_not_exist(
    server: Running, company: SimpleNamespace, hori: Someone
):
    ueda = await reader(server, "ueda", talk_log=False)
    paths = ["", "/rooms", "/people", "/holds", "/keys/9f86d081884c7d65", "/downloads/x", "/files/x"]
    for who in (ueda, company.ito):
        async with Visitor.of(server, who) as browser:
            nothing = await browser.get("/api/no-such-address")
            for path in paths:
                answer = await browser.get(ROOT + path)
                assert (answer.status_code, answer.content) == (nothing.status_code, nothing.content), path
            for path in ("/downloads", "/holds", "/holds/1/release"):
                answer = await browser.send(ROOT + path, {})
                assert (answer.status_code, answer.content) == (nothing.status_code, nothing.content), path
    async with Visitor.of(server, hori) as browser:
        assert (await browser.get(ROOT)).status_code == 200


async def test_a_right_that_is_taken_away_counts_at_once(server: Running, hori: Someone):
    made = (await wish(server, hori, latest=True)).json()

    def take(tx: Transaction) -> None:
        tx.connection.execute(update(accounts).where(accounts.c.id == hori.id).values(talk_log=False))

    await server.services.writer.act(take)
    async with Visitor.of(server, hori) as browser:
        assert (await browser.get(made["address"])).status_code == 404


async def test_a_download_is_nobody_elses(server: Running, hori: Someone):
    other = await reader(server, "sakai", talk_log=True)
    made = (await wish(server, hori, latest=True)).json()
    async with Visitor.of(server, other) as browser:
        assert (await browser.get(made["address"])).status_code == 404


async def test_there_is_no_download_without_a_reason_and_the_right_password(server: Running, hori: Someone):
    async with Visitor.of(server, hori) as browser:
        body = {"password": PASSWORD, "reason": " ", "form": "csv", "wanted": {"latest": True}}
        answer = await browser.send(f"{ROOT}/downloads", body)
        assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, "required", "reason")
        body |= {"password": "wrong horse 7", "reason": "調査"}
        answers = [await browser.send(f"{ROOT}/downloads", body) for _ in range(8)]
        codes = [answer.json()["code"] for answer in answers]
        assert codes[0] == "password_current_wrong"
        assert codes[-1] == "signin_wait", "guessing is slowed down as it is at the sign-in"


async def test_everybody_is_told_how_many_may_read_the_log(server: Running, company: SimpleNamespace, hori: Someone):
    ito = await server.connect(company.ito.token, hello=False)
    assert (await ito.hello())["log_readers"] == 1
    assert (await ito.ask("talk.policy"))["log_readers"] == 1
    services = server.services
    taken, listeners = AccountChanges(talk_log=False), people_listeners(services.ports)
    await services.writer.act(change_account, operator(), hori.id, taken, listeners)
    assert (await ito.expect("talk.policy"))["log_readers"] == 0


# ---------------------------------------------------------------- what is found


async def test_the_screen_shows_what_is_not_split_off_yet_and_who_may_read(
    server: Running, company: SimpleNamespace, hori: Someone
):
    await talked(server, company, "一", "二")
    n = await numbered(server)
    async with Visitor.of(server, hori) as browser:
        shown = (await browser.get(ROOT)).json()
        key = await browser.get(f"{ROOT}/keys/{shown['key']}")
    assert shown["latest"]["last_n"] == n
    assert shown["head"]["n"] == n
    assert shown["readers"] == 1
    assert shown["alarms"] == []
    assert shown["months"][0] == shown["month"]
    assert key.content.startswith(b"-----BEGIN PUBLIC KEY-----")


async def test_the_table_opens_in_excel_and_calculates_nothing(
    server: Running, company: SimpleNamespace, hori: Someone
):
    await talked(server, company, "=1+1", "二行\n目")
    await numbered(server)
    answer = await fetched(server, hori, people=[company.sato.id])
    assert answer.content.startswith(b"\xef\xbb\xbf")
    rows = rows_of(answer)
    said = [row for row in rows if row["種別"] == "送信"]
    assert [row["本文"] for row in said] == ["'=1+1", "二行\n目"]
    assert {(row["送信者"], row["受信者"], row["トークルーム"]) for row in said} == {("sato", "suzuki", "1対1トーク")}
    assert all(row["日時"].endswith("+09:00") for row in rows)


async def test_a_download_ends_where_it_began_and_stands_in_the_log_itself(
    server: Running, company: SimpleNamespace, hori: Someone
):
    room = await talked(server, company, "前")
    n = await numbered(server)
    made = (await wish(server, hori, "jsonl", rooms=[room])).json()
    sato = await server.connect(company.sato.token)
    await sato.post(room, "後")
    await numbered(server)
    async with Visitor.of(server, hori) as browser:
        first = (await browser.get(made["address"])).content
        again = (await browser.get(made["address"])).content
    assert again == first
    assert msgspec.json.decode(first.splitlines()[-1])["n"] == n
    latest = await fetched(server, hori, "jsonl", latest=True)
    told = [msgspec.json.decode(line) for line in latest.content.splitlines()]
    body = next(each for each in told if each["kind"] == "download")["body"]
    assert (body["name"], body["reason"], body["until_n"]) == ("hori", "相談案件 27-03", n)
    assert body["wanted"]["rooms"][0]["id"] == room


async def test_a_download_is_taken_up_where_it_broke_off(server: Running, company: SimpleNamespace, hori: Someone):
    await talked(server, company, *(f"{i}" for i in range(20)))
    await numbered(server)
    for form in ("jsonl", "csv"):
        for wanted in ({"latest": True}, {"people": [company.sato.id]}):
            address = (await wish(server, hori, form, **wanted)).json()["address"]
            async with Visitor.of(server, hori) as browser:
                whole = await browser.get(address)
                half = len(whole.content) // 2
                asked = {"Range": f"bytes={half}-", "If-Range": whole.headers["etag"]}
                rest = await browser.get(address, **asked)
                assert rest.status_code == 206
                assert whole.content[:half] + rest.content == whole.content
                assert rest.headers["content-range"].endswith(f"/{len(whole.content)}")
                other = await browser.get(address, **(asked | {"If-Range": '"another"'}))
                assert (other.status_code, other.content) == (200, whole.content)


async def test_a_download_that_is_under_way_ends_when_the_right_goes(
    server: Running, company: SimpleNamespace, hori: Someone, monkeypatch: pytest.MonkeyPatch
):
    await talked(server, company, *(f"{i}" for i in range(20)))
    await numbered(server)
    made = (await wish(server, hori, "csv", people=[company.sato.id])).json()
    monkeypatch.setattr(routes, "ASK_AGAIN_BYTES", 1)
    asked = 0

    def gone(connection: Connection, actor: Actor) -> None:
        nonlocal asked
        asked += 1
        # The first time it is asked for the download as a whole.
        if asked > 1:
            raise NotFound()

    monkeypatch.setattr(reading, "require_reader", gone)
    async with Visitor.of(server, hori) as browser:
        with pytest.raises(httpx2.RemoteProtocolError):
            await browser.get(made["address"])
    assert asked == 2


async def test_a_download_that_finds_nothing_ends_when_its_session_does(
    server: Running, company: SimpleNamespace, hori: Someone, monkeypatch: pytest.MonkeyPatch
):
    await talked(server, company, "一")
    await numbered(server)
    made = (await wish(server, hori, "csv", people=[company.sato.id])).json()
    monkeypatch.setattr(routes, "ASK_AGAIN_SECONDS", 0.0)

    async def nothing(services: Services, plan: downloads.Plan, start: int = 0) -> AsyncIterator[bytes]:
        yield b"begun"
        await server.services.writer.act(lambda tx: tx.connection.execute(delete(sessions)))
        while True:
            yield b""

    monkeypatch.setattr(downloads, "content", nothing)
    async with Visitor.of(server, hori) as browser:
        with pytest.raises(httpx2.RemoteProtocolError):
            await browser.get(made["address"])


async def test_what_has_expired_since_is_not_passed_over_in_silence(
    server: Running, company: SimpleNamespace, hori: Someone
):
    await talked(server, company, "一")
    await numbered(server)
    made = (await wish(server, hori, "csv")).json()
    gone = {"state": EXPIRED, "expired_at": to_millis(server.services.clock()) + 1000}
    await server.services.writer.act(lambda tx: tx.connection.execute(update(log_segments).values(gone)))
    async with Visitor.of(server, hori) as browser:
        answer = await browser.get(made["address"])
    assert (answer.status_code, answer.json()["code"]) == (404, "log_segment_gone")


async def test_no_more_than_a_few_are_sent_at_once(server: Running, hori: Someone):
    made = (await wish(server, hori, latest=True)).json()
    sending = server.services.state[downloads.SENDING]
    async with Visitor.of(server, hori) as browser:
        for _ in range(downloads.AT_ONCE):
            sending.begin()
        busy = await browser.get(made["address"])
        assert (busy.status_code, busy.json()["code"]) == (429, "log_downloads_busy")
        sending.end()
        for _ in range(3):
            assert (await browser.get(made["address"])).status_code == 200, "each gives its place back"
            head = await browser.ask("HEAD", made["address"], {})
            assert (head.status_code, head.content) == (200, b"")


async def test_a_filtered_log_can_be_verified(
    server: Running, company: SimpleNamespace, hori: Someone, tmp_path: Path
):
    room = await talked(server, company, "一", "二")
    sato = await server.connect(company.sato.token)
    aside = (await sato.ask("room.create", kind="closed", name="別件", people=[]))["room"]["id"]
    await sato.post(aside, "関係のない話")
    await sato.post(room, "三")
    n = await numbered(server)
    file = tmp_path / "filtered.jsonl"
    file.write_bytes((await fetched(server, hori, "jsonl", rooms=[room])).content)
    assert "関係のない話" not in file.read_text()
    verdict = verify(source_of(file))
    assert (verdict.faults, verdict.last_n) == ((), n)
    assert 0 < verdict.left_out < n


async def test_lines_count_while_somebody_was_in_the_room(server: Running, company: SimpleNamespace, hori: Someone):
    sato = await server.connect(company.sato.token)
    made = await sato.ask("room.create", kind="closed", name="営業", people=[company.ito.id])
    room, suzuki = made["room"]["id"], company.suzuki.id
    await sato.post(room, "鈴木がいない")
    await sato.ask("room.add", channel=room, people=[suzuki])
    await sato.post(room, "鈴木がいる")
    await sato.ask("room.remove", channel=room, person=suzuki)
    await sato.post(room, "鈴木はもういない")
    await sato.ask("room.add", channel=room, people=[suzuki])
    await sato.post(room, "鈴木がまたいる")
    await numbered(server)
    rows = rows_of(await fetched(server, hori, people=[suzuki]))
    assert [row["本文"] for row in rows if row["種別"] == "送信"] == ["鈴木がいる", "鈴木がまたいる"]


async def test_one_matter_as_a_zip_proves_itself(
    server: Running, company: SimpleNamespace, hori: Someone, tmp_path: Path
):
    room = await talked(server, company, "<b>見積もり</b>", "取り消す言葉")
    sato = await server.connect(company.sato.token)
    await sato.ask("edit", channel=room, seq=1, text="<b>見積書</b>")
    await sato.ask("delete", channel=room, seq=2)
    ito = await server.connect(company.ito.token)
    aside = (await ito.ask("room.create", kind="closed", name="別件", people=[]))["room"]["id"]
    await ito.post(aside, "関係のない話")
    await numbered(server)
    head = await server.services.readers.ask(heads.current)
    answer = await fetched(server, hori, "zip", rooms=[room])
    file = tmp_path / "matter.zip"
    file.write_bytes(answer.content)
    with zipfile.ZipFile(file) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        page = archive.read(f"rooms/{room}.html").decode()
        everything = "".join(archive.read(name).decode("utf-8", "replace") for name in names)
    assert "&lt;b&gt;見積もり&lt;/b&gt;" in page
    assert "&lt;b&gt;見積書&lt;/b&gt;" in page
    assert "取り消す言葉" in page
    assert "関係のない話" not in everything
    assert {"index.html", "talk.csv", "verify.py", "export.json", "export.sig"} <= set(names)
    keys = server.services.state["chat.log"].keys
    verdict = verify(source_of(file), {keys.current: keys.public(keys.current)}, Head(head.n, head.hash))
    assert verdict.proven
    assert verdict.left_out > 0
    with zipfile.ZipFile(file) as archive:
        archive.extractall(tmp_path / "out")
    command = [sys.executable, "-I", "-S", str(tmp_path / "out" / "verify.py"), str(tmp_path / "out")]
    auditor = await asyncio.create_subprocess_exec(*command, f"{head.n}:{head.hash}")
    assert await asyncio.wait_for(auditor.wait(), 30) == 0, "the short verifier finds the same"


@pytest.mark.parametrize("spoilt", ["talk.csv", "index.html", "segments", "dropped", "added"])
async def test_whatever_is_changed_in_a_zip_is_named(
    server: Running, company: SimpleNamespace, hori: Someone, tmp_path: Path, spoilt: str
):
    room = await talked(server, company, "見積もり")
    await numbered(server)
    data = (await fetched(server, hori, "zip", rooms=[room])).content
    file = tmp_path / "spoilt.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as whole, zipfile.ZipFile(file, "w") as other:
        for name in whole.namelist():
            inside = whole.read(name)
            if name == spoilt or (spoilt == "segments" and name.endswith(".jsonl")):
                inside = inside.replace("見積もり".encode(), "見積書だ".encode())
                inside = inside.replace("相談案件".encode(), "相談事件".encode())
            if not (spoilt == "dropped" and name == "talk.csv"):
                other.writestr(name, inside)
        if spoilt == "added":
            other.writestr("files/x/note.txt", b"nothing")
    expected = {"segments": "line_changed", "dropped": "file_missing", "added": "file_added"}
    assert expected.get(spoilt, "file_changed") in {each.name for each in verify(source_of(file)).faults}


async def test_a_deleted_messages_file_is_read_here_alone_and_each_reading_is_a_line(
    server: Running, company: SimpleNamespace, hori: Someone, tmp_path: Path
):
    room = await talked(server, company, "一")
    sato = await server.connect(company.sato.token)
    async with Bringer.of(server, company.sato) as browser:
        file = (await browser.put("証拠#1 100%.txt", "見せたくない".encode())).json()["id"]
        posted = await sato.ask("post", channel=room, client_id=str(uuid.uuid4()), text="", files=[file])
        await sato.ask("delete", channel=room, seq=posted["seq"])
        assert (await browser.file(file)).status_code == 404, "this test needs a file that members see no more"
    key = (await wish(server, hori, rooms=[room])).json()["id"]
    async with Visitor.of(server, hori) as browser:
        for invented in ("", "?download=x"):
            assert (await browser.get(f"{ROOT}/files/{file}{invented}")).status_code == 404
        answer = await browser.get(f"{ROOT}/files/{file}?download={key}")
    assert answer.content == "見せたくない".encode()
    assert answer.headers["content-disposition"].startswith("attachment")
    await numbered(server)
    lines = (await fetched(server, hori, "jsonl", latest=True)).content.splitlines()
    told = [msgspec.json.decode(line) for line in lines]
    (read,) = [each["body"] for each in told if each["kind"] == "file_read"]
    assert (read["name"], read["file"]["name"], read["download"]) == ("hori", "証拠#1 100%.txt", key)
    assert read["reason"] == "相談案件 27-03"
    packed = tmp_path / "matter.zip"
    packed.write_bytes((await fetched(server, hori, "zip", rooms=[room])).content)
    with zipfile.ZipFile(packed) as archive:
        (inside,) = [name for name in archive.namelist() if name.startswith("files/")]
        assert archive.read(inside) == "見せたくない".encode()
        assert quote(inside) in archive.read(f"rooms/{room}.html").decode()
    await numbered(server)
    lines = (await fetched(server, hori, "jsonl", latest=True)).content.splitlines()
    (carried,) = [told["body"]["carried"] for told in map(msgspec.json.decode, lines) if "carried" in told["body"]]
    assert [each["id"] for each in carried] == [file], "each file in a ZIP is a reading too"


async def test_a_hold_is_placed_listed_and_released(server: Running, company: SimpleNamespace, hori: Someone):
    async with Visitor.of(server, hori) as browser:
        made = await browser.send(f"{ROOT}/holds", {"kind": "person", "target": company.ito.id, "reason": "訴訟"})
        assert (made.status_code, made.json()["name"], made.json()["by"]) == (201, "ito", "hori")
        listed = (await browser.get(f"{ROOT}/holds")).json()["holds"]
        assert [each["id"] for each in listed] == [made.json()["id"]]
        path = f"{ROOT}/holds/{made.json()['id']}/release"
        assert (await browser.send(path, {"reason": "終了"})).json()["released_at"] > 0
        assert (await browser.send(path, {"reason": "終了"})).json()["code"] == "hold_released"
        nobody = await browser.send(f"{ROOT}/holds", {"kind": "room", "target": 99_999, "reason": "訴訟"})
        assert nobody.status_code == 404


async def test_rooms_and_people_are_found_by_name(server: Running, company: SimpleNamespace, hori: Someone):
    room = await talked(server, company, "一")
    async with Visitor.of(server, hori) as browser:
        rooms = (await browser.get(f"{ROOT}/rooms?text=sato")).json()["rooms"]
        assert [(each["id"], each["name"]) for each in rooms] == [(room, "sato・suzuki")]
        people = (await browser.get(f"{ROOT}/people?text=suz")).json()["people"]
        assert [each["name"] for each in people] == ["suzuki"]


async def test_people_of_an_import_that_is_not_finished_are_found_by_nobody(
    server: Running, company: SimpleNamespace, hori: Someone
):
    async def found(**row: Any) -> list[tuple[str, bool]]:
        mine = update(accounts).where(accounts.c.id == company.ito.id)
        await server.services.writer.act(lambda tx: tx.connection.execute(mine.values(state="deleted", **row)))
        async with Visitor.of(server, hori) as browser:
            people = (await browser.get(f"{ROOT}/people?text=ito")).json()["people"]
        return [(each["name"], each.get("gone", False)) for each in people]

    assert await found(login_key="new 1 2") == []
    assert await found(login_key=f"deleted {company.ito.id}") == [("ito", True)]


async def test_a_period_that_ends_before_it_begins_is_refused(server: Running, hori: Someone):
    answer = await wish(server, hori, **{"from": "2027-04-15", "to": "2027-04-14"})
    assert (answer.status_code, answer.json()["code"]) == (400, "log_period")


async def test_the_operator_lists_and_takes_lines_out_too(server: Running, company: SimpleNamespace, tmp_path: Path):
    await talked(server, company, "一")
    n = await numbered(server)
    file = tmp_path / "out.zip"
    given = {"file": str(file), "reason": "監査", "people": ["sato@hokuto.example"]}
    report = await carry_out(server.services, operator(), Feature(feature="chat", what="talklog.export", given=given))
    assert str(file) in report.said[0]
    assert verify(source_of(file)).ok
    listed = await carry_out(server.services, operator(), Feature(feature="chat", what="talklog.list"))
    assert listed.said[-1].startswith(f"head {n + 1}:") or listed.said[-1].startswith(f"head {n}:")
