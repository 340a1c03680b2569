"""管理, as the manual leads through it: 部署 and ユーザ from a file, rights, 企業情報, first passwords and codes."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.async_api import Page, expect

from directory import queries
from server.auth import company as companies
from server.auth.changing import AccountChanges, change_account
from server.auth.model import Privilege, operator
from server.ports import people_listeners
from tests.browser.test_accessible import IN_TURN, nothing_wrong
from tests.tools.company import hire
from tests.tools.directory import found, give

EVERYTHING = frozenset(
    {Privilege.ADMIN_USER, Privilege.ADMIN_DIVISION, Privilege.ADMIN_COMPANY, Privilege.ADMIN_ACTION_LOG}
)
DEPARTMENTS = "DEPARTMENT_CODE\tPARENT_DEPARTMENT_CODE\tDEPARTMENT_NAME\r\nS10\tS00\t製造部\r\nS00\t\t静岡工場\r\n"
USERS = (
    "LOGIN_ID\tPASSWORD\tNAME\tNAME_KANA\tDEPARTMENT_CODE\tPHONE_NUMBER\r\n"
    "watanabe@hokuto.example\thorse battery 71\t渡邉 花子\tワタナベ ハナコ\tS10\t054-123-4567\r\n"
    "oishi@hokuto.example\thorse battery 72\t大石 健\tオオイシ ケン\t{department}\t\r\n"
)


@pytest.fixture
async def firm(server, company) -> SimpleNamespace:
    """佐野 administers everything that there is to administer here."""
    services = server.services

    def begin(tx):
        if companies.find(tx.connection) is None:
            companies.found(tx, "北斗精機株式会社")

    await services.writer.act(begin)
    company.sano = await hire(services, "sano", privileges=EVERYTHING)
    return company


def tab(page: Page, name: str):
    return page.get_by_role("navigation", name="管理のタブ").get_by_role("link", name=name, exact=True)


def dialog(page: Page):
    return page.locator("dialog")


async def choose(page: Page, name: str, text: str, encoding: str) -> None:
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="ファイルを選択").click()
    file = {"name": name, "mimeType": "text/tab-separated-values", "buffer": text.encode(encoding)}
    await (await chooser.value).set_files(files=[file])


async def grant(server, someone, *privileges: Privilege) -> None:
    changes = AccountChanges(privileges=list(privileges))
    listeners = people_listeners(server.services.ports)
    await server.services.writer.act(change_account, operator(), someone.id, changes, listeners)


async def test_step_2_of_the_manual(server, firm, window):
    """部署, then ユーザ, each from a file by the manual's words."""
    page = await window(firm.sano)
    await page.get_by_role("link", name="管理").first.click()
    await tab(page, "部署").click()
    await expect(page.get_by_role("navigation", name="メニュー").locator("[aria-current]")).to_have_text("管理")
    async with page.expect_response("**/imports/departments/last"):
        await page.get_by_role("button", name="インポート/エクスポート").click()
    await expect(page.get_by_role("button", name="最後のインポートを元に戻す")).to_have_count(0)
    await choose(page, "【Sample】export_department_data_20270401090500.tsv", DEPARTMENTS, "cp932")
    await page.get_by_role("button", name="実行").click()
    await expect(dialog(page)).to_contain_text("追加 2・変更 0・削除 0・変更なし 0")
    await expect(dialog(page)).to_contain_text("まだ反映していません。")
    assert await server.services.readers.ask(_names) == [], "nothing is written before OK"
    await page.get_by_role("button", name="OK", exact=True).click()
    await expect(dialog(page)).to_contain_text("部署情報の登録完了")
    await expect(dialog(page)).to_contain_text("すぐに反映されます")
    await page.get_by_role("button", name="閉じる").last.click()
    await expect(page.get_by_role("list", name="部署の一覧")).to_contain_text("製造部")

    await tab(page, "ユーザ").click()
    await page.get_by_role("button", name="インポート/エクスポート").click()
    await choose(page, "user.tsv", USERS.format(department="Z99"), "utf-16")
    await page.get_by_role("button", name="実行").click()
    await expect(dialog(page)).to_contain_text("1行に誤りがあるため、反映できません。")
    wrong = dialog(page).locator("tr.error")
    await expect(wrong).to_contain_text("3")
    await expect(wrong).to_contain_text("DEPARTMENT_CODE")
    await expect(page.get_by_role("button", name="OK", exact=True)).to_be_disabled()
    await page.get_by_role("button", name="ファイルを選び直す").click()

    await choose(page, "user.tsv", USERS.format(department="S10"), "utf-8-sig")
    await page.get_by_role("button", name="実行").click()
    await expect(dialog(page)).to_contain_text("追加 2・")
    await page.get_by_role("button", name="OK", exact=True).click()
    await expect(dialog(page)).to_contain_text("ユーザ情報の登録完了")
    await page.get_by_role("button", name="閉じる").last.click()
    await expect(page.get_by_role("list", name="ユーザの一覧")).to_contain_text("渡邉 花子")

    await page.get_by_role("button", name="インポート/エクスポート").click()
    await page.get_by_role("button", name="最後のインポートを元に戻す").click()
    await expect(dialog(page)).to_contain_text("削除 2")
    await page.get_by_role("button", name="OK", exact=True).click()
    await expect(dialog(page)).to_contain_text("元に戻しました")
    await page.get_by_role("button", name="閉じる").last.click()
    await expect(page.get_by_role("list", name="ユーザの一覧")).not_to_contain_text("渡邉 花子")


def _names(connection) -> list[str]:
    return [each.name for each in queries.tree(connection).departments]


async def test_the_tabs_come_and_go_with_the_rights(server, firm, window):
    page = await window(firm.sato)
    await expect(page.get_by_role("link", name="設定").first).to_be_visible()
    await expect(page.get_by_role("link", name="管理")).to_have_count(0)
    await grant(server, firm.sato, Privilege.ADMIN_DIVISION)
    await page.get_by_role("link", name="管理").first.click()
    await expect(tab(page, "部署")).to_be_visible()
    await expect(tab(page, "ユーザ")).to_have_count(0)
    await grant(server, firm.sato, Privilege.ADMIN_DIVISION, Privilege.ADMIN_ACTION_LOG)
    await tab(page, "操作ログ").click()
    await expect(page.get_by_role("table")).to_contain_text("ユーザの変更")
    await grant(server, firm.sato)
    await expect(page.get_by_role("heading", name="表示する権限がないか、存在しないページです。")).to_be_visible()


async def test_on_a_phone_too_the_navigation_says_where_one_is(server, firm, window):
    page = await window(firm.sano, at="/", viewport={"width": 390, "height": 844})
    entries = page.get_by_role("navigation", name="メニュー").get_by_role("link")
    current = page.get_by_role("navigation", name="メニュー").locator("[aria-current=page]:visible")
    await expect(current).to_have_text("トップ")
    number = await entries.count()
    for path, name in (
        ("/admin", "管理"),
        ("/groups", "グループ電話帳"),
        ("/settings", "設定"),
        ("/directory", "社内電話帳"),
    ):
        await page.goto(server.address + path)
        await expect(current).to_have_text(name, use_inner_text=True)
        assert await entries.count() == number, "no more than a thumb can tell apart"


async def test_rights_talk_and_the_id_for_anpi_are_set_on_the_users_page(server, firm, window):
    page = await window(firm.sano, at=f"/admin/users/{firm.ito.id}")
    await expect(page.get_by_text("トークログダウンロード", exact=True)).to_have_count(0)
    await page.get_by_role("checkbox", name="トーク", exact=True).check()
    log = page.get_by_role("group", name="トークログダウンロード")
    await expect(log.get_by_label("無効")).to_be_checked()
    await log.get_by_label("有効").check()
    await page.get_by_label("安否ログインID").fill("ito01")
    await page.get_by_role("group", name="トーク", exact=True).get_by_label("無効").check()
    await page.get_by_role("button", name="更新").click()
    await expect(page.get_by_role("status").get_by_text("更新しました")).to_be_attached()

    await page.reload()
    await expect(log.get_by_label("有効")).to_be_checked()
    await expect(page.get_by_label("安否ログインID")).to_have_value("ito01")
    await page.get_by_role("checkbox", name="トーク", exact=True).uncheck()
    await expect(log).to_have_count(0)


async def test_what_was_typed_stays_when_somebody_else_was_first(server, firm, window):
    page = await window(firm.sano, at=f"/admin/users/{firm.ito.id}")
    await page.get_by_label("電話番号", exact=True).fill("03-1111-1111")
    await page.get_by_label("内線番号").fill("77")
    await give(server.services, firm.ito.id, phone_number="03-2222-2222")
    await page.get_by_role("button", name="更新").click()
    await expect(page.get_by_text("ほかの管理者が先に変更しました。入力した内容は残っています。")).to_be_visible()
    await expect(page.get_by_label("電話番号", exact=True)).to_have_value("03-1111-1111")
    clash = page.get_by_text("電話番号: ほかの管理者が「03-2222-2222」に変更しました")
    await clash.get_by_role("button", name="その値にする").click()
    await expect(page.get_by_label("電話番号", exact=True)).to_have_value("03-2222-2222")
    await page.get_by_role("button", name="更新").click()
    await expect(page.get_by_role("status").get_by_text("更新しました")).to_be_attached()
    await expect(page.get_by_label("内線番号")).to_have_value("77")


async def test_somebody_new_gets_a_sheet_and_who_forgot_gets_a_code(server, firm, window):
    page = await window(firm.sano, at="/admin/users/new")
    await page.get_by_role("button", name="登録", exact=True).click()
    await expect(page.get_by_text("ログインIDを入力してください。")).to_be_visible()
    await page.get_by_label("ログインID必須").fill("guyen@hokuto.example")
    await page.get_by_label("氏名必須").fill("グエン")
    await page.get_by_role("button", name="登録", exact=True).click()
    sheet = dialog(page).get_by_role("article")
    await expect(sheet).to_contain_text("guyen@hokuto.example")
    await expect(sheet.get_by_role("img", name="QRコード")).to_be_visible()
    await dialog(page).get_by_role("button", name="閉じる").last.click()
    await dialog(page).last.get_by_role("button", name="閉じる").last.click()
    await expect(page.get_by_role("heading", name="グエン")).to_be_visible()

    await page.get_by_role("button", name="8桁のコードを発行").click()
    await page.get_by_role("button", name="発行する").click()
    await expect(dialog(page).locator(".code")).to_have_text(re.compile(r"^\d{4} \d{4}$"))


async def test_a_department_is_added_moved_by_keyboard_and_removed(server, firm, window):
    services = server.services
    plant = await found(services, "S00", name="静岡工場")
    await found(services, "N00", name="札幌営業所")
    await give(services, firm.ito.id, (plant, "課長"))
    page = await window(firm.sano, at="/admin/departments")
    await page.get_by_role("button", name="部署を追加", exact=True).click()
    await page.get_by_label("部署コード").fill("S10")
    await page.get_by_label("部署名必須").fill("製造部")
    await page.get_by_role("button", name="保存").click()
    tree = page.get_by_role("list", name="部署の一覧")
    await tree.get_by_role("button", name="製造部 S10").click()
    await page.get_by_role("button", name="移動…", exact=True).last.click()
    await page.get_by_label("上位部署").select_option(label="静岡工場")
    await page.get_by_role("button", name="移動する").click()
    await expect(tree.get_by_role("button", name="静岡工場の下を隠す")).to_be_visible()

    await tree.get_by_role("button", name="製造部 S10").drag_to(tree.get_by_role("button", name="札幌営業所 N00"))
    await expect(tree.get_by_role("button", name="札幌営業所の下を隠す")).to_be_visible()

    await tree.get_by_role("button", name="静岡工場 S00").hover()
    await tree.get_by_role("button", name="削除する: 静岡工場").click()
    await expect(dialog(page)).to_contain_text("1人の所属がここから外れます。ユーザは削除されません。")
    await dialog(page).get_by_role("button", name="削除する").click()
    await expect(tree).not_to_contain_text("静岡工場")


async def test_the_company_is_described_and_its_licences_are_counted(server, firm, window):
    page = await window(firm.sano, at="/admin")
    await tab(page, "企業情報").click()
    await page.get_by_label("電話番号URLスキーム").fill("javascript:")
    await page.get_by_role("button", name="更新").click()
    await expect(page.locator("[data-wrong] .wrong")).to_be_visible()
    await page.get_by_label("電話番号URLスキーム").fill("com050voipbiz://keypad?tel=")
    await expect(page.get_by_text("com050voipbiz://keypad?tel=0541234567 を開きます。")).to_be_visible()
    await page.get_by_role("button", name="更新").click()
    await expect(page.get_by_role("status").get_by_text("保存しました")).to_be_attached()
    await page.get_by_role("link", name="ライセンス").click()
    await expect(page.get_by_text("使用中 4 / 100 ID").first).to_be_visible()
    await page.get_by_label("基本ユーザライセンス数").fill("3")
    await page.get_by_role("button", name="更新").click()
    await expect(page.locator(".wrong").first).to_be_visible()


async def test_who_administers_talk_changes_nothing_but_talk(server, firm, window):
    await grant(server, firm.sato, Privilege.ADMIN_GOTALK)
    page = await window(firm.sato, at=f"/admin/users/{firm.ito.id}")
    await expect(page.get_by_text("あなたの権限で変更できる項目だけ")).to_be_visible()
    await expect(page.get_by_label("氏名必須")).to_be_disabled()
    await page.get_by_role("group", name="トーク", exact=True).get_by_label("無効").check()
    await page.get_by_role("button", name="更新").click()
    await expect(page.get_by_role("status").get_by_text("更新しました")).to_be_attached()


@pytest.mark.parametrize("form", IN_TURN)
async def test_axe_finds_nothing_wrong(server, firm, window, form):
    plant = await found(server.services, "S00", name="静岡工場")
    await found(server.services, "S10", plant, name="製造部")
    await give(server.services, firm.ito.id, (plant, "課長"))
    page = await window(firm.sano, **form)
    parts = ("licences", "visibility", "purpose", "domains")
    paths = (
        "departments",
        f"users/{firm.ito.id}",
        "users/new",
        "log",
        "company",
        *(f"company/{one}" for one in parts),
    )
    for path in paths:
        await page.goto(f"{server.address}/admin/{path}")
        await expect(page.locator(".content h2, .content li, .content td").first).to_be_visible()
        await nothing_wrong(page)
    await page.goto(f"{server.address}/admin/users")
    await expect(page.get_by_role("list", name="ユーザの一覧").locator("button").first).to_be_visible()
    await nothing_wrong(page)
    await page.get_by_role("button", name="インポート/エクスポート").click()
    await choose(page, "user.tsv", USERS.format(department="Z99"), "utf-16")
    await expect(page.get_by_role("button", name="実行")).to_be_enabled()
    await nothing_wrong(page)
    await page.get_by_role("button", name="実行").click()
    await expect(dialog(page).locator("tr.error")).to_be_visible()
    await nothing_wrong(page)
