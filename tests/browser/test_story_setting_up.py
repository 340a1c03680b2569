"""A new administrator sets up 300 people from Excel, with the manual's words, and another one watches."""

from __future__ import annotations

import asyncio
from pathlib import Path

from playwright.async_api import Page, expect
from sqlalchemy import func, select

from server.auth.model import Privilege
from server.auth.tables import accounts
from server.serving import settle_company
from server.work.jobs import Worker
from tests.browser.test_admin import dialog, tab
from tests.browser.test_directory import row, search
from tests.browser.test_first_run import fill
from tests.tools import excel
from tests.tools.company import hire

WRONG = {2, 40, 62, 77, 90, 101, 102, 130}
PASSWORD = "horse battery"


async def test_three_hundred_people_come_from_excel_and_go_again(server, browser, window):
    page = await _first_day(server, browser)
    services = server.services
    watcher = await window(
        await hire(services, "mita", talk=False, privileges=frozenset({Privilege.ADMIN_USER})),
        viewport={"width": 1280, "height": 900},
    )
    await watcher.goto(f"{server.address}/directory")
    await expect(watcher.locator("[data-people] li")).to_have_count(2)

    await _departments(page, watcher, services)
    rows = await _everything_that_is_wrong(page, services)
    await _no_room_for_them(page, services, rows)
    await _room_is_made(page)
    await _they_come(page, watcher, services, rows)
    hashes = await services.readers.ask(_hashes)
    await _an_export_changes_nothing(page, rows)
    await _passwords_stay(page, rows)
    assert await services.readers.ask(_hashes) == hashes
    await _they_go(page, watcher, services)
    await page.context.close()


async def _first_day(server, browser) -> Page:
    """From the code to the first page."""
    code = await settle_company(server.services)
    context = await browser.new_context(locale="ja-JP", viewport={"width": 1280, "height": 900})
    page = await context.new_page()
    page.set_default_timeout(10_000)
    await page.goto(server.address)
    await fill(page, code)
    await page.get_by_role("link", name="はじめる").click()
    await page.get_by_role("link", name="管理").first.click()
    return page


async def _departments(page: Page, watcher: Page, services) -> None:
    """Step 2."""
    await tab(page, "部署").click()
    await _run(page, "dept.tsv", excel.department_table(excel.departments()))
    await expect(dialog(page)).to_contain_text("追加 42・変更 0・削除 0・変更なし 0")
    assert not await services.readers.ask(_number, "departments"), "nothing is written before OK"
    await expect(watcher.get_by_role("treeitem", name="静岡工場")).to_have_count(0)
    await _ok(page, "部署情報の登録完了")
    for site in ("東京本社", "静岡工場", "札幌営業所"):
        await expect(watcher.get_by_role("treeitem", name=site)).to_be_visible()
    await expect(page.get_by_role("list", name="部署の一覧")).to_contain_text("管理本部（㈱北斗）")


async def _everything_that_is_wrong(page: Page, services) -> dict[int, excel.Row]:
    """Step 3: one list; the rows as they are mended by hand afterwards."""
    rows = excel.people()
    await tab(page, "ユーザ").click()
    await _run(page, "user.tsv", excel.people_table(rows.values()))
    errors = dialog(page).locator("tr.error")
    await expect(errors).not_to_have_count(0)
    assert {int(text) for text in await errors.locator("td.row").all_inner_texts() if text} == WRONG
    for number, text in (
        (2, "PRIVILEGES"), (40, "9.01E+10"), (62, "内線番号は EXTENSION_NUMBER に"), (77, "12行目"), (90, "Z99"),
        (101, "安否ログインID"), (102, "安否ログインID"), (130, "30人まで"),
    ):  # fmt: skip
        await expect(_problem(page, "error", number)).to_contain_text(text)
    for number, text in ((17, "「?」があります"), (41, "0を補う")):
        await expect(_problem(page, "warning", number)).to_contain_text(text)
    for number in (42, 60, 61, 63):
        await expect(_problem(page, "repair", number)).to_contain_text("→ 03-1234-5678")
    await expect(page.get_by_role("checkbox", name="「?」のまま登録する")).to_be_visible()
    await page.get_by_role("checkbox", name="0を補う").check()
    await expect(_problem(page, "repair", 41)).to_contain_text("→ 09012345678")
    await expect(page.get_by_role("button", name="OK", exact=True)).to_be_disabled()
    assert PASSWORD not in await page.content(), "no password is shown"

    async with page.expect_download() as download:
        await page.get_by_role("link", name="修正用ファイルをダウンロード").click()
    wrong = excel.read(await _saved(download))
    assert {each["LOGIN_ID"] for each in wrong} == {rows[number]["LOGIN_ID"] for number in WRONG}
    assert {each["PASSWORD"] for each in wrong} == {"********"}
    await page.get_by_role("button", name="ファイルを選び直す").click()
    return excel.mended(rows)


async def _no_room_for_them(page: Page, services, rows: dict[int, excel.Row]) -> None:
    """Step 4."""
    await _choose(page, "user.txt", excel.people_table(rows.values(), "utf-16"))
    await page.get_by_role("button", name="実行").click()
    await expect(dialog(page)).to_contain_text("基本ユーザライセンス数 が上限（100 ID）に達しています。")
    await expect(dialog(page)).to_contain_text("2 → 301 / 100 ID")
    await expect(page.get_by_role("button", name="OK", exact=True)).to_be_disabled()
    assert await services.readers.ask(_number, "people") == 2
    await page.get_by_role("button", name="ファイルを選び直す").click()
    await dialog(page).get_by_role("button", name="閉じる").last.click()


async def _room_is_made(page: Page) -> None:
    await tab(page, "企業情報").click()
    await page.get_by_role("link", name="ライセンス").click()
    for label in ("基本ユーザライセンス数", "トークライセンス数", "安否確認機能数"):
        await page.get_by_label(label).fill("301")
    await page.get_by_role("button", name="更新").click()
    await expect(page.get_by_role("status").get_by_text("保存しました")).to_be_attached()


async def _they_come(page: Page, watcher: Page, services, rows: dict[int, excel.Row]) -> None:
    """Step 5."""
    await tab(page, "ユーザ").click()
    await _run(page, "user.txt", excel.people_table(rows.values(), "utf-16"))
    await expect(dialog(page)).to_contain_text("追加 299・変更 1・削除 0・変更なし 0")
    await _ok(page, "ユーザ情報の登録完了")
    await expect(watcher.get_by_text("301人").first).to_be_visible()
    await _indexed(services)
    for text in ("たかはし", "ﾀｶﾊｼ", "takahashi", "高橋"):
        await search(watcher, text)
        await expect(watcher.locator("[data-people] li").first).to_contain_text("髙橋 誠")
    for text in ("わたなべ", "渡辺"):
        await search(watcher, text)
        await expect(watcher.locator("[data-people] li").first).to_contain_text("渡邉 花子")
    await search(watcher, rows[excel.TWO_DEPARTMENTS[0]]["PHONE_NUMBER"])
    await expect(watcher.locator("[data-people] li")).to_have_count(1)
    await watcher.locator("[data-people] li").first.locator("a").first.click()
    card = watcher.locator("[data-card]")
    await expect(card).to_contain_text("総務課")
    await expect(card).to_contain_text("課長")
    await expect(card).to_contain_text("品質管理課")
    await expect(card).to_contain_text("部員")
    await watcher.goto(watcher.url.rpartition("/")[0])


async def _an_export_changes_nothing(page: Page, rows: dict[int, excel.Row]) -> None:
    """Step 6."""
    await page.get_by_role("button", name="インポート/エクスポート").click()
    async with page.expect_download() as download:
        await dialog(page).get_by_role("link", name="エクスポート", exact=True).click()
    exported = await _saved(download)
    told = {each["LOGIN_ID"]: each for each in excel.read(exported)}
    assert {each["PASSWORD"] for each in told.values()} == {""}
    assert all(told[row["LOGIN_ID"]]["NAME"] == row["NAME"] for row in rows.values())
    await _choose(page, "export.tsv", exported)
    await page.get_by_role("button", name="実行").click()
    await expect(dialog(page)).to_contain_text("追加 0・変更 0・削除 0・変更なし 301")
    await page.get_by_role("button", name="ファイルを選び直す").click()


async def _passwords_stay(page: Page, rows: dict[int, excel.Row]) -> None:
    """Step 7."""
    await _choose(page, "user.txt", excel.people_table(rows.values(), "utf-16"))
    await page.get_by_role("button", name="実行").click()
    await expect(dialog(page)).to_contain_text("変更なし 300")
    await expect(dialog(page).get_by_role("list").get_by_text("パスワードを変える 300人")).to_be_visible()
    await expect(page.get_by_role("checkbox", name="既存ユーザのパスワードは変えない")).to_be_checked()
    await expect(dialog(page)).to_contain_text("変更する内容はありません。")
    await expect(page.get_by_role("button", name="OK", exact=True)).to_be_disabled()
    await page.get_by_role("button", name="ファイルを選び直す").click()
    await dialog(page).get_by_role("button", name="閉じる").last.click()


async def _they_go(page: Page, watcher: Page, services) -> None:
    """Step 8."""
    await page.get_by_role("button", name="インポート/エクスポート").click()
    await page.get_by_role("button", name="最後のインポートを元に戻す").click()
    await expect(dialog(page)).to_contain_text("削除 299")
    await _ok(page, "元に戻しました")
    await expect(watcher.locator("[data-people] li")).to_have_count(2)
    await expect(row(watcher, "佐野")).to_have_count(1)
    await expect(watcher.get_by_role("treeitem", name="静岡工場")).to_be_visible()
    await tab(page, "企業情報").click()
    await page.get_by_role("link", name="ライセンス").click()
    await expect(page.get_by_text("使用中 2 / 301 ID").first).to_be_visible()
    assert await services.readers.ask(_number, "people") == 2


async def _indexed(services) -> None:
    """What they are found by follows the import as a job."""
    worker = Worker(services)
    while await worker.work_one():
        pass


async def _saved(download) -> bytes:
    path = Path(await (await download.value).path())
    return await asyncio.to_thread(path.read_bytes)


def _problem(page: Page, level: str, number: int):
    return dialog(page).locator(f"tr.{level}").filter(has_text=f"{number}行目").first


async def _run(page: Page, name: str, data: bytes) -> None:
    await page.get_by_role("button", name="インポート/エクスポート").click()
    await _choose(page, name, data)
    await page.get_by_role("button", name="実行").click()


async def _choose(page: Page, name: str, data: bytes) -> None:
    file = {"name": name, "mimeType": "text/tab-separated-values", "buffer": data}
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="ファイルを選択").click()
    await (await chooser.value).set_files(files=[file])


async def _ok(page: Page, said: str) -> None:
    await page.get_by_role("button", name="OK", exact=True).click()
    await expect(dialog(page)).to_contain_text(said)
    await page.get_by_role("button", name="閉じる").last.click()


def _number(connection, of: str) -> int:
    gone = "SELECT count(*) FROM departments WHERE NOT gone" if of == "departments" else None
    return connection.exec_driver_sql(gone or "SELECT count(*) FROM people WHERE NOT gone").scalar_one()


def _hashes(connection) -> list[tuple[int, str]]:
    kept = select(accounts.c.id, func.coalesce(accounts.c.password_hash, "")).order_by(accounts.c.id)
    return [tuple(each) for each in connection.execute(kept)]
