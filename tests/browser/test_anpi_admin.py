"""What the manual leads a safety administrator through: section 5, Steps 5-1 to 5-7, with its words."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from playwright.async_api import Page, expect
from sqlalchemy import update

from anpi import preparing, queries, settings
from anpi.sending.tables import mail_tests
from server.auth import company as companies
from server.auth import queries as accounts
from server.auth.changing import AccountChanges, change_account
from server.auth.model import Privilege, operator
from server.ports import people_listeners
from tests.browser.conftest import PASSWORD
from tests.browser.test_accessible import IN_TURN, nothing_wrong
from tests.browser.test_admin import grant, tab
from tests.tools.anpi_answering import Link
from tests.tools.anpi_incidents import asked, mailed, post, scope
from tests.tools.company import hire
from tests.tools.directory import found, give
from tests.tools.mailing import sink
from tests.tools.quakes import NOTO, Brought, Quake
from tests.tools.running import Running, running, settings_for

__all__ = ["sink"]

NOT_FOUND = "表示する権限がないか、存在しないページです。"
MESSAGE = "{氏名}さん、安否を回答してください。"


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Running]:
    """It is its own outside, as the demo is: mails carry a link to answer."""
    given = settings_for(tmp_path / "var", sqlite_template, outbound=False)
    (given.var / "demo.txt").write_text("")
    async with running(given) as here:
        yield here


@pytest.fixture
async def firm(server) -> SimpleNamespace:
    """佐野 administers users, 森 the safety check; 三浦 has no privilege. Nine people in two places are in scope."""
    services = server.services

    def begin(tx):
        if companies.find(tx.connection) is None:
            companies.found(tx, "北斗精機株式会社")

    await services.writer.act(begin)
    plant = await found(services, "S00", name="静岡工場")
    office = await found(services, "N00", name="札幌営業所")
    sano = await hire(services, "sano", privileges=frozenset({Privilege.ADMIN_USER}))
    mori = await hire(services, "mori", privileges=frozenset({Privilege.ADMIN_ANPI}))
    miura = await hire(services, "miura")
    await give(services, mori.id, (office, "総務"), email1="mori@hokuto.example")
    people = await scope(services, 9)
    await post(services, plant, people[:6])
    await post(services, office, people[6:])
    return SimpleNamespace(sano=sano, mori=mori, miura=miura, people=people, plant=plant, office=office)


def menu(page: Page, name: str):
    return page.get_by_role("navigation", name="管理者メニュー").get_by_role("link", name=name, exact=True)


def dialog(page: Page):
    return page.locator("dialog")


def listed(page: Page):
    return page.get_by_role("list", name="安否確認の対象ユーザ")


async def register(page: Page, title: str = "台風12号", message: str = MESSAGE) -> None:
    """管理者メニュー＞災害登録, with what is required."""
    await menu(page, "災害登録").click()
    await page.get_by_label("表題必須").fill(title)
    await page.get_by_label("メッセージ必須").fill(message)
    await page.get_by_role("button", name="登録", exact=True).click()
    await expect(page.get_by_role("heading", name=title)).to_be_visible()


async def send(server, page: Page, whom: str, people: int) -> None:
    """［発信］, with the number that is told."""
    await page.get_by_role("radio", name=re.compile(f"^{whom}")).check()
    await page.get_by_role("button", name="発信", exact=True).click()
    await expect(dialog(page).get_by_role("heading")).to_have_text(f"{people}人に発信します。")
    await dialog(page).get_by_role("button", name=f"{people}人に発信する").click()
    await expect(dialog(page)).to_have_count(0)
    await preparing.prepare_all(server.services)


async def only_incident(server) -> int:
    (incident,) = await server.services.readers.ask(queries.incidents_page, "open", 0, 2)
    return incident.id


async def test_step_5_1_the_safety_id_is_set_on_the_users_page(server, firm, window):
    """管理＞ユーザ＞安否ログインID＞［更新］; who administers the safety check may do it too."""
    page = await window(firm.mori, at=f"/admin/users/{firm.miura.id}")
    await page.get_by_label("安否ログインID").fill("あ")
    await page.get_by_role("button", name="更新").click()
    await expect(page.get_by_label("安否ログインID")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("安否ログインID").fill("miura01")
    await page.get_by_role("button", name="更新").click()
    await expect(page.get_by_role("status").get_by_text("更新しました")).to_be_attached()
    kept = await server.services.readers.ask(lambda db: accounts.account(db, firm.miura.id))
    assert kept.anpi_login_id == "miura01"


async def test_step_5_2_the_tab_appears_when_the_privilege_is_given(server, firm, window):
    """管理＞ユーザ＞権限コントロール＞「安否」: only who has an 安否ログインID; the other browser is open."""
    miura = await window(firm.miura)
    await expect(miura.get_by_role("link", name="社内電話帳").first).to_be_visible()
    await expect(miura.get_by_role("link", name="安否確認")).to_have_count(0)
    sano = await window(firm.sano, at=f"/admin/users/{firm.miura.id}")
    await sano.get_by_role("checkbox", name="安否", exact=True).check()
    await sano.get_by_role("button", name="更新").click()
    await expect(sano.get_by_text("先に安否ログインIDを登録してください。").first).to_be_visible()
    await sano.get_by_label("安否ログインID").fill("miura01")
    await sano.get_by_role("button", name="更新").click()
    await expect(sano.get_by_role("status").get_by_text("更新しました")).to_be_attached()

    await miura.get_by_role("link", name="管理").first.click()
    await tab(miura, "安否").click()
    await expect(miura.get_by_role("heading", name="自動発信の準備")).to_be_visible()
    code = (await server.services.readers.ask(companies.find)).group_code
    await expect(miura.get_by_text(code, exact=True)).to_be_visible()
    await expect(miura.get_by_text("サーバの設定で、外部への接続が止められています。")).to_be_visible()
    outside = miura.get_by_role("checkbox", name=re.compile("外部の情報源を使う"))
    await outside.click()
    await expect(outside).not_to_be_checked()
    assert (await server.services.readers.ask(settings.read)).outside is False


async def test_step_5_3_the_site_is_opened_by_its_group_code(server, firm, window, browser):
    """/anpi/?C=団体コード: the same sign-in page for any code; ID and password are the directory's."""
    await window(firm.mori)
    code = (await server.services.readers.ask(companies.find)).group_code
    for given in ("wrong999", code):
        context = await browser.new_context(locale="ja-JP")
        page = await context.new_page()
        await page.goto(f"{server.address}/anpi/?C={given}")
        await expect(page).to_have_url(re.compile("/signin"))
        await expect(page.get_by_text("団体コードが違います。")).to_have_count(0)
        await page.get_by_label("ログインID").fill(firm.mori.account.login_id)
        await page.get_by_label("パスワード", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="ログイン").click()
        after = "団体コードが違います。" if given != code else "管理者メニュー"
        await expect(page.get_by_role("heading", name=after)).to_be_visible()
        await context.close()

    page = await window(firm.miura, at=f"/anpi/?C={code}")
    await expect(page.get_by_text("いま受付中の安否確認はありません。")).to_be_visible()
    await expect(page.get_by_role("heading", name="管理者メニュー")).to_have_count(0)


async def test_step_5_4_an_incident_is_registered(server, firm, window):
    """管理者メニュー＞災害登録: every item, by its words; then it is 受付中 in 管理者メニュー＞安否確認."""
    page = await window(firm.mori, at="/anpi")
    await expect(page.get_by_text("いま受付中の安否確認はありません。")).to_be_visible()
    await menu(page, "定型文").click()
    await page.get_by_role("button", name="定型文を追加").click()
    await dialog(page).get_by_label("名前").fill("台風（出社可否）")
    await dialog(page).get_by_label("表題").fill("台風による出社可否の確認")
    await dialog(page).get_by_label("メッセージ").fill(MESSAGE)
    await dialog(page).get_by_role("button", name="保存").click()
    await expect(page.get_by_role("heading", name="台風（出社可否）")).to_be_visible()

    await menu(page, "災害登録").click()
    await page.get_by_role("button", name="定型文検索").click()
    await dialog(page).get_by_role("searchbox").fill("出社")
    await dialog(page).get_by_role("button", name=re.compile("この定型文を使う")).click()
    await expect(page.get_by_label("表題必須")).to_have_value("台風による出社可否の確認")
    await expect(page.get_by_label("メッセージ必須")).to_have_value(MESSAGE)
    begin = datetime.now() + timedelta(minutes=-5)
    await page.get_by_label("集計開始日時必須").fill(begin.strftime("%Y-%m-%dT%H:%M"))
    end = datetime.now() + timedelta(days=1)
    await page.get_by_label("終了案内メール発信日時").fill(end.strftime("%Y-%m-%dT17:00"))
    await page.get_by_label("終了案内メールアドレス").fill("bousai@example.co.jp")
    place = page.get_by_role("group", name="位置情報")
    await expect(place.get_by_label("取得しない")).to_be_checked()
    await place.get_by_label("取得する").check()
    await page.get_by_role("button", name="登録", exact=True).click()
    await expect(page.get_by_role("heading", name="台風による出社可否の確認")).to_be_visible()

    await menu(page, "安否確認").click()
    row = page.get_by_role("row", name=re.compile("台風による出社可否の確認"))
    await expect(row).to_contain_text("受付中")
    await expect(row).to_contain_text("未発信")
    (incident,) = await server.services.readers.ask(queries.incidents_page, "open", 0, 2)
    assert (incident.title, incident.message) == ("台風による出社可否の確認", MESSAGE)
    assert (incident.location, incident.closing_to) == (True, "bousai@example.co.jp")


async def test_what_cannot_be_registered_is_named_at_its_field_and_stays(server, firm, window):
    page = await window(firm.mori, at="/anpi/register")
    title, message = page.get_by_label("表題必須"), page.get_by_label("メッセージ必須")
    go = page.get_by_role("button", name="登録", exact=True)
    await title.fill("𠮷" * 201)
    await expect(page.get_by_text("201 / 200文字")).to_be_visible()
    await expect(page.get_by_text("表題は200文字以内で入力してください。")).to_be_visible()
    await title.fill("👨‍👩‍👧")
    await expect(page.get_by_text("5 / 200文字")).to_be_visible()
    await title.fill("台風\n12号")
    await message.fill("あ" * 5001)
    await page.get_by_label("集計開始日時必須").fill("")
    await page.get_by_label("終了案内メールアドレス").fill("bousai@example.co.jp")
    await go.click()
    for sentence in (
        "改行は入力できません。1行で入力してください。",
        "メッセージは5,000文字以内で入力してください。",
        "集計開始日時を入力してください。",
        "発信日時とメールアドレスは、両方入力するか、両方とも空欄にしてください。",
    ):
        await expect(page.get_by_text(sentence)).to_be_visible()
    await expect(title).to_have_value("台風\n12号")
    await expect(title).to_be_focused()
    await expect(page.get_by_label("終了案内メールアドレス")).to_have_value("bousai@example.co.jp")
    assert await server.services.readers.ask(queries.incidents_page, "open", 0, 2) == []

    await title.fill("𠮷" * 200)
    await message.fill("あ" * 5000)
    await page.get_by_label("集計開始日時必須").fill("2027-04-01T09:05")
    await page.get_by_label("終了案内メールアドレス").fill("")
    await go.click()
    await expect(page.get_by_role("heading", name="𠮷" * 200)).to_be_visible()
    (incident,) = await server.services.readers.ask(queries.incidents_page, "open", 0, 2)
    assert (incident.title, incident.message) == ("𠮷" * 200, "あ" * 5000)


async def test_step_5_5_it_is_sent_and_the_answers_come_in(server, firm, window):
    """安否確認＞災害情報名: 全件, 抽出者全件, 個別, ［発信］; then 発信中, 回答状況 and the answers."""
    page = await window(firm.mori, at="/anpi")
    await register(page)
    await menu(page, "安否確認").click()
    await page.get_by_role("link", name="台風12号").click()
    await expect(page.get_by_text("10人", exact=True)).to_be_visible()
    for name, hint in (
        ("全件", "登録されている全ユーザ"),
        ("抽出者全件", "検索条件に合う人すべて"),
        ("個別", "個別に選択したユーザ"),
    ):
        await expect(page.get_by_role("radio", name=re.compile(f"^{name} ?{hint}"))).to_be_visible()

    await page.get_by_label("部署", exact=True).select_option(label="静岡工場")
    await expect(page.get_by_text("6人", exact=True)).to_be_visible()
    await send(server, page, "抽出者全件", 6)
    incident = await only_incident(server)
    assert await asked(server.services, incident) == firm.people[:6]
    await expect(page.locator("dl").first).to_contain_text("発信中")
    await expect(listed(page).get_by_text("未回答")).to_have_count(6)

    link = Link(server, incident, firm.people[0])
    await link.answer(self="safe", work="cannot")
    await link.close()
    first = listed(page).get_by_role("listitem").filter(has_text="回答済")
    await expect(first).to_contain_text("無事")
    await expect(first).to_contain_text("出社できない")
    await expect(page.get_by_text("回答 1 / 6人")).to_be_visible()

    await page.get_by_role("button", name="条件を消す").click()
    await page.get_by_label("発信状況").select_option(label="未発信")
    await expect(page.get_by_text("4人", exact=True)).to_be_visible()
    picks = listed(page).get_by_role("checkbox")
    await picks.nth(0).check()
    await picks.nth(1).check()
    await expect(page.get_by_text("2人を選択中")).to_be_visible()
    await send(server, page, "個別", 2)
    assert len(await asked(server.services, incident)) == 8
    await page.get_by_role("button", name="条件を消す").click()
    await send(server, page, "全件", 2)
    assert len(await asked(server.services, incident)) == 10
    sent = await mailed(server.services, incident)
    assert len(sent) == len(set(sent)) == 10, "nobody gets a second mail of the same round"


async def test_step_5_6_it_is_completed_by_hand(server, firm, window):
    """完了にする says how many have not answered; then nothing is sent any more, and the directory is empty again."""
    page = await window(firm.mori, at="/anpi")
    await register(page)
    await send(server, page, "全件", 10)
    other = await window(firm.miura, at="/directory")
    await expect(other.get_by_text("未回答")).to_have_count(10)
    ready = await window(firm.mori, at=f"/anpi/incidents/{await only_incident(server)}")
    await ready.get_by_role("button", name="発信", exact=True).click()
    await expect(dialog(ready)).to_contain_text("発信する相手がいません。")

    await page.get_by_role("button", name="完了にする").click()
    await expect(dialog(page)).to_contain_text("まだ10人が未回答です。電話帳の安否表示はすべて消えます。")
    await dialog(page).get_by_role("button", name="完了にする").click()
    await expect(page.get_by_text("この安否確認は終了しました。")).to_be_visible()
    await preparing.prepare_all(server.services)
    await expect(page.get_by_role("button", name="発信", exact=True)).to_have_count(0)
    await expect(other.get_by_text("未回答")).to_have_count(0)
    await expect(ready.get_by_text("この安否確認は終了しました。")).to_be_visible()
    await menu(page, "安否確認").click()
    await expect(page.get_by_text("いま受付中の安否確認はありません。")).to_be_visible()
    await page.get_by_role("radio", name="完了", exact=True).check()
    await expect(page.get_by_role("row", name=re.compile("台風12号"))).to_contain_text("完了")


async def test_step_5_7_totals_are_behind_a_button(server, firm, window):
    """［集計］, from the incident."""
    page = await window(firm.mori, at="/anpi")
    await register(page)
    await send(server, page, "全件", 10)
    await page.get_by_role("link", name="集計").click()
    await expect(page).to_have_url(re.compile("/totals$"))
    await expect(page.get_by_role("heading", name="集計").first).to_be_visible()


async def test_nobody_is_called_unanswered_by_a_notice(server, firm, window):
    """お知らせのみ: it asks nothing, so that nobody has answered or not answered it, nowhere."""
    page = await window(firm.mori, at="/anpi/register")
    await page.get_by_role("radio", name=re.compile("^お知らせのみ")).check()
    await page.get_by_label("表題必須").fill("計画停電")
    await page.get_by_label("メッセージ必須").fill("あすの朝、停電します。")
    await page.get_by_role("button", name="登録", exact=True).click()
    await expect(page.get_by_role("heading", name="計画停電")).to_be_visible()
    await send(server, page, "全件", 10)
    address = page.url
    unanswered = page.get_by_text(re.compile("未回答|まだ回答のない"))

    await expect(listed(page)).to_contain_text(re.compile("発信中|送信済|ファイルに保存"), timeout=15_000)
    await expect(unanswered).to_have_count(0)
    await expect(page.get_by_role("link", name="集計")).to_have_count(0)
    await expect(page.get_by_role("combobox", name="回答状況")).to_have_count(0)
    await listed(page).get_by_role("button").first.click()
    await expect(dialog(page).get_by_role("heading", name="送信の状況")).to_be_visible()
    await expect(dialog(page).get_by_role("button", name="代理回答")).to_have_count(0)
    await expect(unanswered).to_have_count(0)
    for part in ("board", "totals"):
        await page.goto(f"{address}/{part}")
        await expect(page.get_by_text("お知らせのみのため、回答と集計はありません。")).to_be_visible()
        await expect(unanswered).to_have_count(0)

    people = await window(firm.miura, at="/directory")
    await expect(people.get_by_text("sano", exact=True).first).to_be_visible()
    await expect(people.get_by_text("未回答")).to_have_count(0)

    await page.get_by_role("button", name="完了にする").click()
    await expect(dialog(page)).to_contain_text("このお知らせは発信できなくなります。記録は残ります。")
    await dialog(page).get_by_role("button", name="完了にする").click()
    await expect(page.get_by_text("このお知らせは終了しました。")).to_be_visible()
    await menu(page, "安否確認").click()
    await page.get_by_role("radio", name="完了", exact=True).check()
    await expect(page.get_by_role("row", name=re.compile("計画停電"))).to_contain_text("お知らせのみ")
    await expect(unanswered).to_have_count(0)


async def test_nobody_else_finds_the_menu(server, firm, window):
    page = await window(firm.miura, at="/anpi/register")
    await expect(page.get_by_role("heading", name=NOT_FOUND)).to_be_visible()
    await grant(server, firm.mori)
    page = await window(firm.mori, at="/anpi/settings")
    await expect(page.get_by_role("heading", name=NOT_FOUND)).to_be_visible()


async def test_the_automatic_start_is_set(server, firm, window):
    """震度設定 is there from the beginning, at 5強; it and the initial values can be customised, but the title."""
    page = await window(firm.mori, at="/anpi/settings")
    rule = page.get_by_role("group", name="条件1")
    await expect(rule.get_by_label("基準")).to_have_value("5+")
    await expect(page.get_by_text("災害発生/Disaster occurred")).to_be_visible()
    await expect(
        page.get_by_text("緊急地震速報は未接続です。震度速報（揺れの約2～3分後）で発信します。")
    ).to_be_visible()
    await rule.get_by_label("基準").select_option(label="震度6弱以上")
    await rule.get_by_label("地域を追加").select_option(label="静岡県")
    await page.get_by_role("region", name="震度設定").get_by_role("button", name="保存").click()
    await expect(page.get_by_role("status").filter(has_text="震度設定を保存しました").first).to_be_attached()
    await page.get_by_label("余震で再びたずねない時間").fill("99")
    await page.locator("form").last.get_by_role("button", name="保存").click()
    await expect(page.get_by_text("0～72の数字を入力してください。")).to_be_visible()
    await page.get_by_label("余震で再びたずねない時間").fill("12")
    await page.locator("form").last.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("status").filter(has_text="保存しました").last).to_be_attached()
    await page.reload()
    await expect(rule.get_by_label("基準")).to_have_value("6-")
    await expect(rule.get_by_role("list", name="地域")).to_contain_text("静岡県")
    await expect(page.get_by_label("余震で再びたずねない時間")).to_have_value("12")


async def test_why_it_was_sent_or_not_is_told_and_tried_again(server, firm, window):
    """発信の理由, of a quake that started a check and of one that did not; 「この情報で試す」 sends nothing."""
    brought = Brought(server.services)
    await brought.telegram(Quake(server.services.clock, ago=900).observed({NOTO: "3"}))
    await brought.telegram(Quake(server.services.clock).observed({NOTO: "6+"}))
    await preparing.prepare_all(server.services)
    page = await window(firm.mori, at="/anpi/why")
    rows = page.get_by_role("list", name="受信した情報の一覧").get_by_role("listitem")
    await expect(rows).to_have_count(2)
    await expect(rows.filter(has_text="震度3")).to_contain_text("発信しない")
    await expect(rows.filter(has_text="震度3")).to_contain_text("どの地域も基準に達していません。")
    await rows.filter(has_text="震度6強").get_by_role("link").click()
    await expect(page.get_by_text("当てはまった地域: 石川県能登 震度6強")).to_be_visible()
    await expect(page.get_by_role("region", name="受信した電文")).to_contain_text("VXSE51 発表")
    await page.get_by_role("button", name="この情報で試す").click()
    await expect(dialog(page)).to_contain_text("10人にたずねます")
    await page.keyboard.press("Escape")
    await page.get_by_role("link", name="この安否確認を開く").click()
    await expect(page.get_by_role("heading", name="災害発生/Disaster occurred")).to_be_visible()
    await expect(page.get_by_text("自動発信", exact=True)).to_be_visible()
    assert len(await asked(server.services, await only_incident(server))) == 10

    await page.goto(f"{server.address}/anpi/why")
    await page.get_by_role("button", name="仮の地震で試す").click()
    await dialog(page).get_by_role("combobox", name="地域").select_option(label="石川県")
    await dialog(page).get_by_role("button", name="計算する").click()
    await expect(dialog(page).get_by_role("status")).to_contain_text("人にたずねます")
    assert await only_incident(server)


async def test_the_first_page_of_administrators_is_red_while_something_is_missing(server, firm, window):
    page = await window(firm.mori)
    line = page.get_by_role("link", name=re.compile("安否確認の自動発信に、準備できていない項目があります。"))
    await expect(line).to_contain_text("管理者2人以上")
    await line.click()
    await expect(page.get_by_role("heading", name="自動発信の準備")).to_be_visible()
    page = await window(firm.miura)
    await expect(page.get_by_role("link", name="社内電話帳").first).to_be_visible()
    await expect(page.get_by_text("準備できていない項目")).to_have_count(0)


async def test_who_does_not_manage_the_settings_changes_nothing(server, firm, window):
    """設定を管理するユーザ: as soon as somebody is named, the others only look."""
    other = await hire(server.services, "ueda")
    changes = AccountChanges(anpi_login_id="ueda01", privileges=[Privilege.ADMIN_ANPI])
    listeners = people_listeners(server.services.ports)
    await server.services.writer.act(change_account, operator(), other.id, changes, listeners)
    page = await window(firm.mori, at="/anpi/settings")
    managers = page.get_by_role("group", name="設定を管理するユーザ")
    await managers.get_by_label("mori").check()
    await page.locator("form").last.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("status").filter(has_text="保存しました").last).to_be_attached()
    page = await window(other, at="/anpi/settings")
    await expect(page.get_by_text("この設定は、設定を管理するユーザだけが変更できます。")).to_be_visible()
    await expect(page.get_by_label("余震で再びたずねない時間")).to_be_disabled()


@pytest.mark.parametrize("form", IN_TURN)
async def test_axe_finds_nothing_wrong(server, firm, window, form):
    page = await window(firm.mori, at="/anpi", **form)
    await register(page)
    await send(server, page, "全件", 10)
    await expect(listed(page).get_by_text("未回答")).not_to_have_count(0)
    await nothing_wrong(page)
    await listed(page).get_by_role("button").first.click()
    await expect(dialog(page)).to_be_visible()
    await nothing_wrong(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="完了にする").click()
    await nothing_wrong(page)
    await page.keyboard.press("Escape")
    for place in ("", "/register", "/templates", "/settings", "/why", "/unreachable"):
        await page.goto(f"{server.address}/anpi{place}")
        await expect(page.locator("h2:visible").first).to_be_visible()
        await nothing_wrong(page)
    await page.goto(f"{server.address}/admin/anpi")
    await expect(page.locator("h2:visible").first).to_be_visible()
    await nothing_wrong(page)


# ---------------------------------------------------------------- 自動発信の準備


async def test_a_test_mail_is_sent_from_the_panel_and_its_outcome_told(server, firm, window, sink):
    page = await window(firm.mori, at="/anpi/settings")
    line = page.get_by_role("listitem").filter(has_text="メール送信")
    await expect(line).to_contain_text("まだ1通も送信していません。")
    server.services.settings.__dict__["smtp_url"] = sink.url
    sink.to_recipients.append("550 5.1.1 no such user")
    await line.get_by_role("button", name="テストメールを送る").click()
    await expect(line.get_by_role("status")).to_contain_text("メールサーバに拒否されました。")
    await expect(line.get_by_role("status")).to_contain_text("550 5.1.1 no such user")
    await expect(line.get_by_role("status")).to_contain_text("mori@hokuto.example あて")
    await line.get_by_role("button", name="テストメールを送る").click()
    await expect(line.get_by_role("alert")).to_contain_text("秒後にもう一度お試しください")

    an_hour_ago = update(mail_tests).values(at=server.services.clock() - timedelta(hours=1))
    await server.services.writer.act(lambda tx: tx.connection.execute(an_hour_ago))
    await line.get_by_role("button", name="テストメールを送る").click()
    await expect(line.get_by_role("status")).to_contain_text("メールサーバが受け付けました。")
    await expect(line).to_contain_text("最後に送信できた日時")
    assert [mail["subject"] for mail in sink.mails()] == ["【テスト】安否確認メールの送信テスト"]
    await nothing_wrong(page)
