"""What 管理 does for who types and looks: nothing typed is lost, nothing shown is out of date."""

from __future__ import annotations

import io

from openpyxl import Workbook
from playwright.async_api import Page, expect

from server.auth.company_changing import CompanyChanges, LicenceChanges, change_company
from server.auth.model import operator
from server.ports import company_listeners
from tests.browser.test_admin import EVERYTHING, dialog, firm, tab
from tests.tools.company import hire
from tests.tools.directory import found, give

__all__ = ["firm"]

FIFTY = "𠮷" * 50


async def test_fifty_characters_are_fifty_whatever_they_are_made_of(server, firm, window):
    page = await window(firm.sano, at=f"/admin/users/{firm.ito.id}")
    name = page.get_by_label("氏名必須")
    await name.fill("")
    await name.press_sequentially(FIFTY)
    await expect(name).to_have_value(FIFTY)
    await page.get_by_role("button", name="更新").click()
    await expect(page.get_by_role("heading", name=FIFTY)).to_be_visible()
    await name.press("End")
    await name.press_sequentially("野")
    await expect(page.get_by_text("氏名は50文字以内で入力してください。")).to_be_visible()
    await page.get_by_role("button", name="更新").click()
    await expect(page.get_by_role("heading", name=FIFTY, exact=True)).to_be_visible()
    await expect(name).to_have_value(f"{FIFTY}野")


async def test_a_link_away_from_what_is_not_saved_asks_first(server, firm, window):
    page = await window(firm.sano, at="/admin/users")
    await page.goto(f"{server.address}/admin/users/{firm.ito.id}")
    await page.get_by_label("内線番号").fill("77")
    await tab(page, "部署").click()
    await _stay(page)
    await expect(page.get_by_label("内線番号")).to_have_value("77")
    await page.get_by_role("link", name="設定").first.click()
    await _leave(page)
    await page.wait_for_url(f"{server.address}/settings")

    await page.get_by_role("link", name="プロフィール").first.click()
    await page.get_by_label("コメント").fill("午前中は現場にいます。")
    await page.go_back()
    await _stay(page)
    assert page.url == f"{server.address}/settings/profile"
    await expect(page.get_by_label("コメント")).to_have_value("午前中は現場にいます。")
    await page.go_back()
    await _leave(page)
    await page.wait_for_url(f"{server.address}/settings")


async def _stay(page: Page) -> None:
    await expect(dialog(page)).to_contain_text("変更を保存せずに閉じますか？")
    await dialog(page).get_by_role("button", name="キャンセル").click()
    await expect(dialog(page)).to_have_count(0)


async def _leave(page: Page) -> None:
    await dialog(page).get_by_role("button", name="閉じる").click()


async def test_an_area_is_understood_while_it_is_typed(server, firm, window):
    page = await window(firm.sano, at=f"/admin/users/{firm.ito.id}")
    areas = page.get_by_label("自宅の地域")
    await areas.press_sequentially("焼津市\nどこでもない")
    await expect(page.get_by_text("「焼津市」→ 静岡県焼津市")).to_be_visible()
    await expect(page.get_by_text("地域「どこでもない」が見つかりません。")).to_be_visible()
    await areas.fill("府中市")
    await expect(page.get_by_text("（東京都府中市、広島県府中市）")).to_be_visible()


async def test_what_others_change_shows_in_both_lists(server, firm, window):
    services = server.services
    mori = await hire(services, "mori", privileges=EVERYTHING)
    page, other = await window(firm.sano, at="/admin/departments"), await window(mori)
    await expect(page.get_by_text("部署はまだありません。")).to_be_visible()
    await found(services, "S00", name="静岡工場")
    await expect(page.get_by_role("list", name="部署の一覧")).to_contain_text("静岡工場")

    await other.goto(f"{server.address}/admin/users")
    people = other.get_by_role("list", name="ユーザの一覧")
    await other.get_by_role("searchbox").fill("ito")
    await expect(people.locator("button")).to_have_count(1)
    await give(services, firm.ito.id, name="渡邉 花子")
    await expect(people).to_contain_text("渡邉 花子")
    await expect(other.get_by_role("searchbox")).to_have_value("ito")
    await expect(people.locator("button")).to_have_count(1)


async def test_without_a_licence_nothing_is_shown_of_an_option(server, firm, window):
    services = server.services
    page = await window(firm.sano, at="/admin/users/new")
    await expect(page.get_by_label("安否ログインID")).to_be_visible()
    await expect(page.get_by_role("group", name="トーク", exact=True)).to_be_visible()

    def without_anpi(tx):
        changes = CompanyChanges(licences=LicenceChanges(anpi=0))
        change_company(tx, operator(), changes, company_listeners(services.ports))

    await services.writer.act(without_anpi)
    await page.goto(f"{server.address}/admin/users/{firm.ito.id}")
    await expect(page.get_by_role("group", name="トーク", exact=True)).to_be_visible()
    await expect(page.get_by_label("安否ログインID")).to_have_count(0)
    await expect(page.get_by_role("checkbox", name="安否", exact=True)).to_have_count(0)


async def test_a_heading_is_given_a_meaning_and_a_sheet_is_chosen(server, firm, window):
    page = await window(firm.sano, at="/admin/users")
    await page.get_by_role("button", name="インポート/エクスポート").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="ファイルを選択").click()
    await (await chooser.value).set_files(files=[_book()])
    await page.get_by_role("button", name="実行").click()
    await expect(dialog(page)).to_contain_text("1行に誤り")
    await dialog(page).get_by_label("読み込むシート").select_option("社員")
    await dialog(page).get_by_label("「席」の意味").select_option("REMARKS")
    await expect(dialog(page)).to_contain_text("REMARKS: 3階")
    await expect(dialog(page)).to_contain_text("追加 1・")
    await page.get_by_role("button", name="OK", exact=True).click()
    await expect(dialog(page)).to_contain_text("ユーザ情報の登録完了")


def _book() -> dict[str, object]:
    """Its first sheet is a table of something else."""
    book = Workbook()
    book.active.title = "表紙"
    book.active.append(["社員名簿"])
    book.active.append(["2027年4月"])
    people = book.create_sheet("社員")
    people.append(["ログインID", "パスワード", "氏名", "席"])
    people.append(["watanabe@hokuto.example", "horse battery 71", "渡邉 花子", "3階"])
    file = io.BytesIO()
    book.save(file)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    return {"name": "名簿.xlsx", "mimeType": kind, "buffer": file.getvalue()}
