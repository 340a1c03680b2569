"""堀 takes the log of an investigation: what she sees, what she gets, and that nobody can have changed it since."""

from __future__ import annotations

import asyncio
import csv
import io
import re
import sys
import zipfile
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import msgspec
import pytest
from click.testing import CliRunner
from PIL import Image
from playwright.async_api import Page, expect

from chat.log.commands import commands
from chat.log.segments import STORED
from server.auth import actions as account_actions
from server.auth import company as companies
from server.auth.model import Privilege, new_account, operator
from server.clock import system_clock
from server.ports import people_listeners
from server.work.jobs import Worker
from tests.browser.conftest import PASSWORD
from tests.browser.test_story_talk_admin import NOT_FOUND
from tests.tools.client import Client
from tests.tools.company import Someone, sign_in
from tests.tools.files import Bringer, picture
from tests.tools.running import Running, running, settings_for
from tests.tools.talk_log import following, in_state, numbered, told
from tests.tools.visitor import Visitor

TOKYO = ZoneInfo("Asia/Tokyo")
REASON = "相談案件 27-03"
NAMES = {
    "hori": "堀 直樹",
    "ueda": "上田 翔",
    "miura": "三浦 恵",
    "watanabe": "渡邉 花子",
    "kacho_a": "課長A",
    "kacho_b": "課長B",
}


class Days:
    """A clock that can be set, and goes on from there."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.ahead

    def to(self, month: int, day: int, hour: int = 9) -> None:
        self.ahead = datetime(2027, month, day, hour, tzinfo=TOKYO) - system_clock()


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Running]:
    clock = Days()
    clock.to(2, 10)
    async with running(settings_for(tmp_path / "var", sqlite_template), clock) as here:
        here.clock = clock  # type: ignore[attr-defined]
        async with following(here.services):
            yield here


@pytest.fixture
async def firm(server: Running) -> SimpleNamespace:
    """Two months of talk, on the morning of 15 April: 課長A has left on the 10th."""
    services = server.services

    def begin(tx):
        companies.found(tx, "北斗精機株式会社")

    await services.writer.act(begin)
    firm = SimpleNamespace(**{name: await _hired(server, name, called) for name, called in NAMES.items()})
    await _two_months(server, firm)
    await numbered(services)
    return firm


async def _hired(server: Running, name: str, called: str) -> Someone:
    """With every right from the first moment.

    Who is given one later must come back, and hears so a second time when the clock jumps in between.
    """
    rights = frozenset({Privilege.ADMIN_GOTALK} if name in ("hori", "ueda") else ())
    new = new_account(f"{name}@hokuto.example", called, talk=True, privileges=rights, talk_log=name == "hori")
    listeners = people_listeners(server.services.ports)

    def add(tx):
        return account_actions.add_account(tx, operator(), new, None, must_change=False, listeners=listeners)

    account = await server.services.writer.act(add)
    return Someone(account, await sign_in(server.services, account.id))


async def _two_months(server: Running, firm: SimpleNamespace) -> None:
    a, b, miura = await _at(server, firm, "kacho_a", "kacho_b", "miura")
    others = [firm.kacho_b.id, firm.miura.id]
    sales = (await a.ask("room.create", kind="closed", name="営業", people=others))["room"]["id"]
    await a.post(sales, "二月のはじめの話")

    server.clock.to(3, 1)
    a, b, miura = await _at(server, firm, "kacho_a", "kacho_b", "miura")
    for seq, text in enumerate(("=HYPERLINK(1)", "一つめの元の文", "二つめの元の文", "消した文"), start=2):
        assert (await a.post(sales, text))["seq"] == seq
    await a.ask("edit", channel=sales, seq=3, text="一つめの直した文")
    await a.ask("edit", channel=sales, seq=4, text="二つめの直した文")
    await a.ask("delete", channel=sales, seq=5)
    pair = (await a.ask("room.direct", person=firm.miura.id))["room"]["id"]
    await a.post(pair, "二人だけの話")
    office = (await miura.ask("room.create", kind="closed", name="総務", people=[firm.watanabe.id]))["room"]["id"]
    await miura.post(office, "関係のない話")

    server.clock.to(4, 9)
    a, b, _ = await _at(server, firm, "kacho_a", "kacho_b", "miura")
    async with Bringer.of(server, firm.kacho_a) as bringer:
        firm.picture = picture(exif=_where_it_was_taken())
        file = (await bringer.put("証拠.jpg", firm.picture)).json()["id"]  # type: ignore[attr-defined]
    sent = await a.ask("post", channel=sales, text="", files=[file], client_id="c0ffee00-0000-4000-8000-000000000001")
    await a.ask("delete", channel=sales, seq=sent["seq"])
    await a.ask("room.rename", channel=sales, name="営業一課")

    server.clock.to(4, 10)
    listeners = people_listeners(server.services.ports)
    await server.services.writer.act(account_actions.delete_account, operator(), firm.kacho_a.id, listeners)
    worker = Worker(server.services)
    while await worker.work_one():
        pass
    server.clock.to(4, 14)
    b, _ = await _at(server, firm, "kacho_b", "miura")
    await b.post(sales, "昨日の話")
    server.clock.to(4, 15, 10)
    b, _ = await _at(server, firm, "kacho_b", "miura")
    await b.post(sales, "今日の話")


def _where_it_was_taken() -> bytes:
    exif = Image.Exif()
    exif.get_ifd(0x8825).update({1: "N", 2: (34.0, 52.0, 0.0), 3: "E", 4: (138.0, 19.0, 0.0)})
    return exif.tobytes()


async def _at(server: Running, firm: SimpleNamespace, *names: str) -> list[Client]:
    """These people, signed in on this day."""
    found = []
    for name in names:
        someone: Someone = getattr(firm, name)
        fresh = Someone(someone.account, await sign_in(server.services, someone.id))
        setattr(firm, name, fresh)
        found.append(await server.connect(fresh.token))
    return found


async def fetched(page: Page, *, form: str, reason: str = REASON) -> bytes:
    """What the dialog gives when it is filled in."""
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label(form).check()
    await dialog.get_by_label("ダウンロードの理由（記録されます）").fill(reason)
    await dialog.get_by_label("あなたのパスワード").fill(PASSWORD)
    async with page.expect_download() as download:
        await dialog.get_by_role("button", name="ダウンロードする").click()
    path = Path(await (await download.value).path())
    await expect(dialog).to_contain_text("ダウンロードを始めました")
    await dialog.get_by_role("button", name="閉じる").last.click()
    return await asyncio.to_thread(path.read_bytes)


async def choose(page: Page, name: str) -> None:
    await page.get_by_label("メンバー", exact=True).fill(name)
    found = page.get_by_role("list", name="メンバー", exact=True).get_by_role("button", name=name)
    await found.click()
    await page.keyboard.press("Escape")


async def select_the_matter(page: Page) -> None:
    """Two months, 課長A and B."""
    await page.get_by_label("開始日").fill("2027-02-15")
    await page.get_by_label("終了日").fill("2027-04-15")
    await choose(page, "課長A")
    await choose(page, "課長B")
    await expect(page.get_by_role("button", name="課長A（退職）を外す")).to_be_visible()
    await page.get_by_role("button", name="ダウンロードへ進む").click()


async def test_who_may_not_download_hears_what_a_missing_address_says(server, firm, window):
    """Step 2: 上田 administers the talk, 三浦 nothing; for both there is no such page."""
    for someone in (firm.ueda, firm.miura):
        page = await window(someone, at="/talk-log")
        await expect(page.get_by_role("heading", name=NOT_FOUND)).to_be_visible()
        await expect(page.get_by_role("navigation").get_by_role("link", name="トークログ")).to_have_count(0)
        async with Visitor.of(
            server, Someone(someone.account, await sign_in(server.services, someone.id))
        ) as visitor:
            missing = await visitor.get("/api/talk-lag")
            for path in ("", "/downloads/abc", "/rooms?text=", "/people?text=", "/keys/0123456789abcdef", "/holds"):
                answer = await visitor.get(f"/api/talk-log{path}")
                assert (answer.status_code, answer.content) == (404, missing.content), path


async def test_segments_of_this_month_and_what_is_not_split_yet(server, firm, window):
    """Step 3: when the date changes the log is split; the rest is 「最新のトークログ」."""
    await in_state(server.services, STORED, 5)
    page = await window(firm.hori, at="/talk-log")
    await expect(page.get_by_role("combobox", name="月")).to_have_value("2027-04")
    rows = page.get_by_role("region", name="分割されたトークログ").locator("tbody tr")
    days = ["2027/04/14(水)", "2027/04/10(土)", "2027/04/09(金)"]
    await expect(rows.locator("td:first-child")).to_have_text(days)
    await expect(rows.first.locator("td").nth(1)).to_have_text("1")
    await expect(rows.first).to_contain_text(re.compile(r"\d件"))
    await expect(rows.first).to_contain_text(re.compile(r"[\d.]+ (B|KB)"))
    await expect(rows.first).to_contain_text("検証済み")
    await expect(rows.first).to_contain_text("改ざんは見つかりませんでした。")
    latest = page.get_by_role("region", name="最新のトークログ")
    await expect(latest).to_contain_text("1件")
    await page.get_by_role("button", name="前の月").click()
    await expect(rows.locator("td:first-child")).to_have_text(["2027/03/01(月)"])
    await latest.get_by_role("button", name="ダウンロード").click()
    text = (await fetched(page, form="CSV（Excel）")).decode("utf-8-sig")
    assert "今日の話" in text and "昨日の話" not in text


async def test_without_a_reason_nothing_leaves_and_the_table_holds_the_matter(server, firm, window):
    """Steps 4 and 5: two months, two members, their 1:1 talk too; every text as it was and as it became."""
    page = await window(firm.hori, at="/talk-log")
    await select_the_matter(page)
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("button", name="ダウンロードする").click()
    await expect(dialog.get_by_text("理由を入力してください。")).to_be_visible()
    await dialog.get_by_label("ダウンロードの理由（記録されます）").fill(REASON)
    await dialog.get_by_label("あなたのパスワード").fill("wrong")
    await dialog.get_by_role("button", name="ダウンロードする").click()
    await expect(dialog.locator("[data-wrong]")).to_contain_text("あなたのパスワード")
    data = await fetched(page, form="CSV（Excel）")

    assert data.startswith(b"\xef\xbb\xbf") and b"\r\n" in data
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    texts = [row["本文"] for row in rows]
    assert all(row["日時"].endswith("+09:00") for row in rows)
    assert "'=HYPERLINK(1)" in texts and "二人だけの話" in texts and "今日の話" in texts
    assert not {"二月のはじめの話", "関係のない話"} & set(texts)

    changed = [(row["変更前"], row["本文"]) for row in rows if row["種別"] == "編集"]
    assert changed == [("一つめの元の文", "一つめの直した文"), ("二つめの元の文", "二つめの直した文")]
    gone = [row for row in rows if row["種別"] == "削除"]
    assert gone[0]["変更前"] == "消した文" and gone[0]["送信者"] == "課長A"
    assert gone[1]["SHA-256（送信時）"] == sha256(firm.picture).hexdigest()
    assert [row["トークルーム"] for row in rows if row["本文"] in ("一つめの直した文", "今日の話")] == [
        "営業",
        "営業一課",
    ]
    assert next(row["受信者"] for row in rows if row["本文"] == "二人だけの話") == "三浦 恵"

    await numbered(server.services)
    recorded = next(line for line in reversed(await told(server.services)) if line["kind"] == "download")
    assert recorded["body"]["name"] == "堀 直樹" and recorded["body"]["reason"] == REASON
    assert str(firm.kacho_a.id) in str(recorded["body"]["wanted"])


async def test_a_download_ends_where_it_began_while_talk_goes_on_over_midnight(server, firm, window):
    """Step 7: whole up to where it began, and it stands in the log of its day."""
    page = await window(firm.hori, at="/talk-log")
    miura = await server.connect(firm.miura.token)
    room = (await miura.ask("room.create", kind="closed", name="夜の話", people=[firm.watanabe.id]))["room"]["id"]
    # A minute before midnight: on a slow machine the click must not come on the next day.
    server.clock.ahead += timedelta(hours=13, minutes=59)

    async def talk_on() -> None:
        for n in range(10_000):
            assert (await miura.post(room, f"夜 {n}"))["seq"]

    talking = asyncio.create_task(talk_on())
    latest = page.get_by_role("region", name="最新のトークログ")
    await latest.get_by_role("button", name="ダウンロード").click()
    data = await fetched(page, form="JSONL")
    server.clock.ahead += timedelta(seconds=55)
    while server.clock().astimezone(TOKYO).day == 15:
        await asyncio.sleep(0.05)
    before = len(await told(server.services))
    while len(lines := await told(server.services)) <= before:
        await asyncio.sleep(0.05)
    talking.cancel()
    await asyncio.gather(talking, return_exceptions=True)

    got = [msgspec.json.decode(line) for line in data.splitlines()]
    recorded = next(line for line in reversed(lines) if line["kind"] == "download")
    assert (recorded["body"]["name"], recorded["body"]["reason"]) == ("堀 直樹", REASON)
    assert got[-1]["n"] == recorded["body"]["until_n"] < recorded["n"]
    assert [line["n"] for line in got] == list(range(got[0]["n"], got[-1]["n"] + 1)), "nothing is missing in between"
    assert got == lines[got[0]["n"] - 1 : got[-1]["n"]]
    assert lines[-1]["n"] == len(lines), "what was said over midnight follows without a gap"


async def test_the_matter_as_one_file_is_verified_on_another_machine(server, firm, window, tmp_path):
    """Steps 5 and 6: with the picture that was deleted; whatever is changed of it is found, and named."""
    await in_state(server.services, STORED, 5)
    page = await window(firm.hori, at="/talk-log")
    proof = page.get_by_role("region", name="検証のための控え")
    head = re.search(r"--head (\d+:[0-9a-f]{64})", await proof.locator("code").inner_text())
    assert head is not None
    async with page.expect_download() as download:
        await proof.get_by_role("link", name="公開鍵をダウンロード").click()
    key = tmp_path / "key.pem"
    await (await download.value).save_as(key)
    await select_the_matter(page)
    data = await fetched(page, form="ZIP（案件一式）")

    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        files = {name: packed.read(name) for name in packed.namelist()}
    kept = next(body for name, body in files.items() if name.endswith("証拠.jpg"))
    table = list(csv.DictReader(io.StringIO(files["talk.csv"].decode("utf-8-sig"))))
    stored = next(row["SHA-256（保存時）"] for row in table if row["SHA-256（保存時）"])
    assert sha256(kept).hexdigest() == stored and b"Exif\0\0" not in kept
    assert "課長A（退職）" in files["index.html"].decode()

    other = tmp_path / "another machine"
    other.mkdir()
    whole = await _verified(_packed(other / "whole.zip", files), key, head[1])
    said = [
        await _asked(_packed(other / f"{name}.zip", change(dict(files))), key, head[1]) for name, change in TAMPERED
    ]
    byte, line, segment, swapped = said
    assert whole[0] == 0 and "改ざんは見つかりませんでした" in whole[1]
    assert byte[0] != 0 and "the line was changed" in byte[1]
    assert line[0] != 0 and "a line is missing" in line[1]
    assert segment[0] != 0 and "missing" in segment[1] and "talk_20270415_01" in segment[1]
    assert swapped[0] != 0 and "another segment stands in its place" in swapped[1]


Files = dict[str, bytes]


def _segments(files: Files) -> list[str]:
    return sorted(name for name in files if name.endswith(".jsonl"))


def _one_byte_changed(files: Files) -> Files:
    name = _segments(files)[0]
    assert "一つめの元の文".encode() in files[name], "this test needs the segment of that day"
    files[name] = files[name].replace("一つめの元の文".encode(), "二つめの元の文".encode(), 1)
    return files


def _one_line_out(files: Files) -> Files:
    name = _segments(files)[0]
    lines = files[name].splitlines(keepends=True)
    assert len(lines) > 3, "this test needs a line between others"
    files[name] = b"".join(lines[:1] + lines[2:])
    return files


def _last_segment_missing(files: Files) -> Files:
    last = _segments(files)[-1].removesuffix(".jsonl")
    return {name: body for name, body in files.items() if not name.startswith(last)}


def _two_swapped(files: Files) -> Files:
    one, two = _segments(files)[:2]
    files[one], files[two] = files[two], files[one]
    return files


TAMPERED: tuple[tuple[str, Callable[[Files], Files]], ...] = (
    ("one byte", _one_byte_changed),
    ("one line", _one_line_out),
    ("last segment", _last_segment_missing),
    ("two swapped", _two_swapped),
)


def _packed(path: Path, files: Files) -> Path:
    with zipfile.ZipFile(path, "w") as packed:
        for name, body in files.items():
            packed.writestr(name, body)
    return path


async def _verified(path: Path, key: Path, head: str) -> tuple[int, str]:
    """What `renraku talklog verify` says, without a server and without its folder."""
    command = "from server.cli import main; main(prog_name='renraku')"
    given = ["talklog", "verify", str(path), "--pubkey", str(key), "--head", head]
    pipe, same = asyncio.subprocess.PIPE, asyncio.subprocess.STDOUT
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", command, *given, cwd=path.parent, stdout=pipe, stderr=same
    )
    said, _ = await process.communicate()
    assert process.returncode is not None
    return process.returncode, said.decode()


async def _asked(path: Path, key: Path, head: str) -> tuple[int, str]:
    """The same command, without beginning a program for it."""
    (group,) = commands(lambda *_: [])
    given = ["verify", str(path), "--pubkey", str(key), "--head", head]
    result = await asyncio.to_thread(CliRunner().invoke, group, given)
    return result.exit_code, result.output
