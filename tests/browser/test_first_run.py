"""The first run in a browser without JavaScript: from the code to the file one keeps, on a screen and on a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from server.serving import settle_company

PASSWORD = "北斗七星はいつも北に"


async def fill(page: Page, code: str) -> None:
    for label, value in (
        ("セットアップコード", code),
        ("社名", "北斗精機株式会社"),
        ("氏名", "佐野 遥"),
        ("氏名カナ", "サノ ハルカ"),
        ("ログインID", "sano@hokuto.example"),
        ("パスワード", PASSWORD),
        ("パスワード（確認）", PASSWORD),
    ):
        exact = page.get_by_label(label, exact=True)
        await (exact if await exact.count() else page.get_by_label(label)).fill(value)
    await page.get_by_role("button", name="登録する").click()


@pytest.mark.parametrize(("width", "height"), [(1280, 900), (390, 844)])
async def test_from_the_code_to_the_file_without_javascript(server, browser, width, height):
    code = await settle_company(server.services)
    context = await browser.new_context(
        locale="ja-JP", java_script_enabled=False, viewport={"width": width, "height": height}
    )
    page = await context.new_page()
    page.set_default_timeout(10_000)
    await page.goto(server.address)
    assert page.url == f"{server.address}/setup"

    await fill(page, "wrong-code")
    await expect(page.get_by_role("alert")).to_contain_text("あと9回")
    await fill(page, code)
    await expect(page.get_by_role("heading", name="開通案内")).to_be_visible()
    async with page.expect_download() as download:
        await page.get_by_role("button", name="ログイン情報を保存").click()
    file = await download.value
    assert file.suggested_filename == "北斗精機株式会社様_ログイン情報.txt"
    assert PASSWORD in (await file.path()).read_text("utf-8-sig")

    await page.get_by_role("link", name="はじめる").click()
    assert page.url == f"{server.address}/"
    await page.goto(f"{server.address}/setup")
    await expect(page.get_by_role("heading", name="ページがありません")).to_be_visible()
    await context.close()


@pytest.mark.parametrize("width", [320, 1280])
async def test_nothing_stands_beside_the_screen(server, browser, width):
    await settle_company(server.services)
    context = await browser.new_context(locale="en-GB", viewport={"width": width, "height": 700})
    page = await context.new_page()
    await page.goto(f"{server.address}/setup")
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    await context.close()
