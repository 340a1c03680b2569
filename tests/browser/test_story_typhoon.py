"""森 before the typhoon: a safety check by hand, from the privilege to the CSV (Steps 5-2 to 5-7)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.async_api import Browser, Download, Page, expect
from sqlalchemy import insert, select

from anpi import preparing, queries, upkeep
from server.auth import company as companies
from server.auth.changing import AccountChanges, change_account
from server.auth.model import Privilege, operator
from server.auth.tables import privileges
from server.clock import system_clock
from server.ports import people_listeners
from server.work.tables import mails
from tests.browser.conftest import PASSWORD
from tests.browser.test_admin import tab
from tests.browser.test_anpi_admin import dialog, listed, menu, send
from tests.tools.anpi_answering import Link, text_of
from tests.tools.anpi_incidents import Desk, asked, mailed, post, scope
from tests.tools.anpi_mailing import ended, sending, to, until
from tests.tools.company import hire
from tests.tools.directory import found, give
from tests.tools.relay import relay
from tests.tools.running import Running, running, settings_for

TITLE = "台風12号による出社可否の確認（𠮷野部長より）"
MESSAGE = "{氏名}さん、明日出社できるか回答してください。"
ADMINISTRATORS = 29
PLANT, ELSEWHERE = 12, 22


class Later:
    """The system's clock, and so much later."""

    def __init__(self) -> None:
        self.by = timedelta()

    def __call__(self) -> datetime:
        return system_clock() + self.by


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path, later: Later) -> AsyncIterator[Running]:
    settings = settings_for(tmp_path / "var", sqlite_template, outbound=False)
    # It is its own outside, as the demo is: mails carry a link to answer.
    (settings.var / "demo.txt").write_text("")
    async with running(settings, later) as here:
        yield here


@pytest.fixture
async def firm(server) -> SimpleNamespace:
    """森 has no 安否ログインID yet; 29 others administer the safety check; 三浦 has no privilege."""
    services = server.services

    def begin(tx):
        if companies.find(tx.connection) is None:
            companies.found(tx, "北斗精機株式会社")

    await services.writer.act(begin)
    plant = await found(services, "S00", name="静岡工場")
    line = await found(services, "S10", plant, name="第一製造課")
    office = await found(services, "N00", name="札幌営業所")
    people = await scope(services, PLANT + ELSEWHERE)
    await post(services, plant, people[:5])
    await post(services, line, people[5:PLANT])
    await post(services, office, people[PLANT:])
    rows = [{"account_id": id, "privilege": Privilege.ADMIN_ANPI} for id in people[:ADMINISTRATORS]]
    await services.writer.act(lambda tx: tx.connection.execute(insert(privileges), rows) and None)
    sano = await hire(services, "sano", privileges=frozenset({Privilege.ADMIN_USER}))
    mori, miura = await hire(services, "mori"), await hire(services, "miura")
    await give(services, mori.id, (office, "総務"), email1="mori@hokuto.example")
    return SimpleNamespace(sano=sano, mori=mori, miura=miura, people=people)


async def tick(page: Page, person: int, safety_id: str = "") -> None:
    """佐野 ticks 「安否」, with an 安否ログインID if one is given, and presses ［更新］."""
    await page.goto(re.sub(r"/admin/.*", f"/admin/users/{person}", page.url))
    if safety_id:
        await page.get_by_label("安否ログインID").fill(safety_id)
    await page.get_by_role("checkbox", name="安否", exact=True).check()
    await page.get_by_role("button", name="更新").click()


async def sign_in_at(browser: Browser, address: str, login_id: str) -> Page:
    """A new browser, by the sign-in page."""
    page = await (await browser.new_context(locale="ja-JP")).new_page()
    page.set_default_timeout(10_000)
    await page.goto(address)
    await page.get_by_label("ログインID").fill(login_id)
    await page.get_by_label("パスワード", exact=True).fill(PASSWORD)
    await page.get_by_role("button", name="ログイン").click()
    return page


@pytest.mark.limit(60)
async def test_the_privilege_is_given_to_thirty_at_most(server, firm, window):
    """1. Not without an ID, at once in the open browser, and never to a thirty-first."""
    mori = await window(firm.mori)
    await expect(mori.get_by_role("link", name="社内電話帳").first).to_be_visible()
    sano = await window(firm.sano, at=f"/admin/users/{firm.mori.id}")
    await tick(sano, firm.mori.id)
    await expect(sano.get_by_text("先に安否ログインIDを登録してください。").first).to_be_visible()
    await tick(sano, firm.mori.id, "mori01")
    await expect(sano.get_by_role("status").get_by_text("更新しました")).to_be_attached()
    await mori.get_by_role("link", name="管理").first.click()
    await expect(tab(mori, "安否")).to_be_visible()
    await tick(sano, firm.miura.id, "miura01")
    await expect(sano.get_by_text("安否の管理者は30人までです。").first).to_be_visible()


@pytest.mark.limit(120)
async def test_a_safety_check_before_a_typhoon(server, firm, window, browser, later):
    services = server.services
    changes = AccountChanges(anpi_login_id="mori01", privileges=[Privilege.ADMIN_ANPI])
    listeners = people_listeners(services.ports)
    await services.writer.act(change_account, operator(), firm.mori.id, changes, listeners)
    # Whoever has a window has the password with which he signs in below.
    await window(firm.mori)

    # 2. The site by its 団体コード, with the directory's password.
    code = (await services.readers.ask(companies.find)).group_code
    mori = await sign_in_at(browser, f"{server.address}/anpi/?C={code}", "mori@hokuto.example")
    await expect(mori.get_by_role("heading", name="管理者メニュー")).to_be_visible()

    # 3., 4. 災害登録, from a template.
    async with (desk := Desk(server, firm.mori)).visitor:
        await desk.post("templates", name="台風（出社可否）", title=TITLE, message=MESSAGE)
    await menu(mori, "災害登録").click()
    await mori.get_by_role("button", name="定型文検索").click()
    await dialog(mori).get_by_role("button", name="この定型文を使う: 台風（出社可否）").click()
    await mori.get_by_role("group", name="位置情報").get_by_label("取得しない").check()
    tomorrow = datetime.now() + timedelta(days=1)
    await mori.get_by_label("終了案内メール発信日時").fill(tomorrow.strftime("%Y-%m-%dT17:00"))
    await mori.get_by_role("button", name="登録", exact=True).click()
    await expect(mori.get_by_text("両方入力するか、両方とも空欄にしてください。")).to_be_visible()
    await mori.get_by_label("終了案内メールアドレス").fill("bousai@example.co.jp")
    await mori.get_by_role("button", name="登録", exact=True).click()
    await expect(mori.get_by_role("heading", name=TITLE)).to_be_visible()
    (incident,) = await services.readers.ask(queries.incidents_page, "open", 0, 2)

    # 5. 抽出者全件 of 静岡工場: exactly these, and their mails carry the 表題 byte for byte.
    await menu(mori, "安否確認").click()
    await mori.get_by_role("link", name=TITLE).click()
    await mori.get_by_label("部署", exact=True).select_option(label="静岡工場")
    await expect(mori.get_by_text(f"{PLANT}人", exact=True)).to_be_visible()
    async with relay() as sink, sending(services, to(sink)):
        await send(server, mori, "抽出者全件", PLANT)
        await until(services, ended)
        assert await asked(services, incident.id) == firm.people[:PLANT]
        assert [mail["Subject"] for mail in sink.mails()] == [TITLE] * PLANT
    await expect(mori.locator("dl").first).to_contain_text("発信中")
    await expect(mori.get_by_text(f"送信済 {PLANT} / {PLANT}")).to_be_visible()
    await expect(listed(mori).get_by_text("未回答")).to_have_count(PLANT)
    first = Link(server, incident.id, firm.people[0])
    await first.answer(self="safe", work="cannot", comment="=1+1")
    await expect(listed(mori).get_by_role("listitem").filter(has_text="回答済")).to_contain_text("出社できない")

    # 6., 7. Three more by hand, then everybody: nobody gets a second mail of the same round.
    await mori.get_by_role("button", name="条件を消す").click()
    await mori.get_by_label("発信状況").select_option(label="未発信")
    await expect(mori.get_by_text(f"{ELSEWHERE + 1}人", exact=True)).to_be_visible()
    for place in range(3):
        await listed(mori).get_by_role("checkbox").nth(place).check()
    await send(server, mori, "個別", 3)
    await mori.get_by_role("button", name="条件を消す").click()
    everybody = PLANT + ELSEWHERE + 1
    await send(server, mori, "全件", everybody - PLANT - 3)
    assert len(await asked(services, incident.id)) == everybody
    sent = await mailed(services, incident.id)
    assert len(sent) == len(set(sent)) == everybody

    # 8. ［集計］: totals = rows, and a CSV whose formulas are defused.
    silent = 9
    rest = [id for id in await asked(services, incident.id) if id not in (firm.people[0], firm.mori.id)]
    async with (desk := Desk(server, firm.mori)).visitor:
        answer = {"self": "safe", "work": "can"}
        body = {"accounts": rest[: everybody - silent - 1], "answer": answer, "name": "森", "reason": "電話で確認"}
        assert (await desk.post(f"incidents/{incident.id}/proxy", key=desk.key(), **body)).status_code == 200
    await expect(mori.get_by_text(f"未回答 {silent}人")).to_be_visible()
    await mori.get_by_role("link", name="集計").click()
    await mori.get_by_label("出社の可否").select_option(label="出社できない")
    await expect(mori.get_by_text("1人", exact=True).first).to_be_visible()
    async with mori.expect_download() as download:
        await mori.get_by_role("link", name="CSVをダウンロード").click()
    csv = await _bytes_of(await download.value)
    assert csv.startswith(b"\xef\xbb\xbf") and csv.count(b"\r\n") == 2
    assert "'=1+1" in csv.decode("utf-8-sig") and "出社できない" in csv.decode("utf-8-sig")

    # 4. Tomorrow at 17:00: one mail to that address only, and it stays 受付中.
    before = await _mails(services)
    later.by = timedelta(days=1, hours=24)
    await upkeep.close_notices(services)
    await upkeep.close_notices(services)
    assert (await _mails(services))[len(before) :] == ["bousai@example.co.jp"]
    assert (await services.readers.ask(queries.incidents_page, "open", 0, 2))[0].id == incident.id

    # 9., 10. 完了にする with nine unanswered; a second tab had ［発信］ ready.
    other = await window(firm.miura, at="/directory")
    await expect(other.get_by_text("無事").first).to_be_visible()
    await scope(services, 1)
    second = await window(firm.mori, at=f"/anpi/incidents/{incident.id}")
    await second.get_by_role("button", name="発信", exact=True).click()
    ready = dialog(second).get_by_role("button", name="1人に発信する")
    await expect(ready).to_be_visible()
    await mori.get_by_role("button", name="完了にする").click()
    await expect(dialog(mori)).to_contain_text(f"まだ{silent}人が未回答です。電話帳の安否表示はすべて消えます。")
    await dialog(mori).get_by_role("button", name="完了にする").click()
    await expect(mori.get_by_text("この安否確認は終了しました。")).to_be_visible()
    await preparing.prepare_all(services)
    await expect(other.get_by_text("未回答")).to_have_count(0)
    await expect(other.get_by_text("無事")).to_have_count(0)
    await ready.click()
    await expect(dialog(second)).to_contain_text("この安否確認は完了しています。")
    assert len(await asked(services, incident.id)) == everybody
    await expect(mori.get_by_role("link", name="CSVをダウンロード")).to_be_visible()
    assert "この安否確認は終了しました。" in text_of(await first.open())
    await first.close()


async def _mails(services) -> list[str]:
    """To whom single mails were queued, in their order."""
    return await services.readers.ask(
        lambda db: list(db.execute(select(mails.c.to_address).order_by(mails.c.id)).scalars())
    )


async def _bytes_of(download: Download) -> bytes:
    return await asyncio.to_thread(Path(await download.path()).read_bytes)
