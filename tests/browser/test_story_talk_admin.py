"""What the manual leads a talk administrator through: Steps 3-1 to 3-4, with its words."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from playwright.async_api import Page, expect

from chat.files.settings import current_policy
from server.auth import company as companies
from server.auth import queries
from server.auth.changing import AccountChanges, change_account
from server.auth.company_changing import CompanyChanges, LicenceChanges, change_company
from server.auth.model import Privilege, operator
from server.ports import company_listeners, people_listeners
from tests.browser.test_accessible import IN_TURN, nothing_wrong
from tests.browser.test_admin import grant, tab
from tests.tools.company import Someone, hire

ALL_BUT_EXECUTABLES = "一部の実行形式を除くすべてのファイルを許可"
IMAGES_ONLY = "画像のみ許可"
OFF = "無効"
NOT_SENDABLE = (
    "ade, adp, apk, bat, chm, cmd, com, cpl, dll, dmg, exe, hta, ins, isp, iso, jar, js, jse, lib, lnk, mde, msc, "
    "msi, msp, mst, nsh, pif, scr, sct, shb, sys, vb, vbe, vbs, vxd, wsc, wsf, wsh, cab"
)
NOT_FOUND = "表示する権限がないか、存在しないページです。"
NO_TALK = "トークを利用できません。管理者にお問い合わせください。"


@pytest.fixture
async def firm(server) -> SimpleNamespace:
    """佐野 administers users; 上田 and 堀 are to administer the talk; 大石 may not talk; 三浦 has no privilege."""
    services = server.services

    def begin(tx):
        if companies.find(tx.connection) is None:
            companies.found(tx, "北斗精機株式会社")

    await services.writer.act(begin)
    everything = frozenset({Privilege.ADMIN_USER, Privilege.ADMIN_DIVISION, Privilege.ADMIN_COMPANY})
    people = {name: await hire(services, name, talk=name != "oishi") for name in ("ueda", "hori", "oishi", "miura")}
    return SimpleNamespace(**people, sano=await hire(services, "sano", privileges=everything))


async def let_read(server, someone: Someone) -> None:
    """「トーク」 and 「トークログダウンロード」, by the operator."""
    changes = AccountChanges(privileges=[Privilege.ADMIN_GOTALK], talk_log=True)
    listeners = people_listeners(server.services.ports)
    await server.services.writer.act(change_account, operator(), someone.id, changes, listeners)


async def update(page: Page) -> None:
    await page.get_by_role("button", name="更新", exact=True).click()
    await expect(page.get_by_role("status").filter(has_text="更新しました").first).to_be_attached()


async def test_step_3_1_the_tab_appears_when_talk_is_ticked(server, firm, window):
    """管理＞ユーザ＞権限コントロール＞「トーク」: the other browser is open, and nobody signs in again."""
    ueda = await window(firm.ueda)
    await expect(ueda.get_by_role("link", name="トークを開く")).to_be_visible()
    await expect(ueda.get_by_role("link", name="管理")).to_have_count(0)
    sano = await window(firm.sano)
    await sano.get_by_role("link", name="管理").first.click()
    await expect(tab(sano, "トーク")).to_have_count(0)
    await tab(sano, "ユーザ").click()
    await sano.get_by_role("list", name="ユーザの一覧").get_by_role("button", name="ueda").click()
    await sano.get_by_role("checkbox", name="トーク", exact=True).check()
    await update(sano)

    await ueda.get_by_role("link", name="管理").first.click()
    await tab(ueda, "トーク").click()
    await expect(ueda.get_by_role("heading", name="送信出来るファイル種別")).to_be_visible()

    await sano.get_by_role("checkbox", name="トーク", exact=True).uncheck()
    await update(sano)
    await expect(ueda.get_by_role("heading", name=NOT_FOUND)).to_be_visible()


async def test_step_3_2_what_files_can_be_sent(server, firm, window):
    """トークタブ＞送信出来るファイル種別."""
    await grant(server, firm.ueda, Privilege.ADMIN_GOTALK)
    page = await window(firm.ueda)
    await page.goto(f"{server.address}/admin/talk")
    kinds = page.get_by_role("group", name="送信出来るファイル種別")
    await expect(kinds.locator("strong")).to_have_text([ALL_BUT_EXECUTABLES, IMAGES_ONLY, OFF])
    await expect(kinds.get_by_label(ALL_BUT_EXECUTABLES)).to_be_checked()
    await expect(page.get_by_role("heading", name="※送信不可ファイル形式")).to_be_visible()
    await expect(page.locator("[data-listed]")).to_have_text(NOT_SENDABLE)
    await expect(page.get_by_role("checkbox", name="ZIPの中のファイル名も確認する")).to_be_checked()
    await expect(page.get_by_role("button", name="更新", exact=True)).to_be_disabled()

    for name, mode in ((IMAGES_ONLY, "images"), (OFF, "off"), (ALL_BUT_EXECUTABLES, "default")):
        await kinds.get_by_label(name).check()
        await expect(page.get_by_text("保存していない変更があります")).to_be_visible()
        await update(page)
        assert (await server.services.readers.ask(current_policy)).mode == mode
    await page.reload()
    await expect(kinds.get_by_label(ALL_BUT_EXECUTABLES)).to_be_checked()


async def test_more_formats_are_added_and_archives_are_treated_as_told(server, firm, window):
    await grant(server, firm.ueda, Privilege.ADMIN_GOTALK)
    page = await window(firm.ueda)
    await page.goto(f"{server.address}/admin/talk")
    added = page.get_by_role("list", name="追加する送信不可ファイル形式")
    await page.get_by_label("拡張子").fill("．ＡＢＣ, exe a/b")
    await page.keyboard.press("Enter")
    await expect(added).to_have_text("abc")
    await expect(page.get_by_text("「a/b」は拡張子ではありません。")).to_be_visible()
    await page.get_by_role("button", name=re.compile("よく禁止される形式をまとめて追加")).click()
    await expect(added).to_contain_text("ps1")
    await page.get_by_role("button", name=".abcを外す").click()
    await page.get_by_role("checkbox", name="ZIPの中のファイル名も確認する").uncheck()
    for group in ("中身を確認できない圧縮ファイル", "一覧にない実行形式"):
        await page.get_by_role("group", name=re.compile(group)).get_by_label("送信できないようにする").check()
    await update(page)
    policy = await server.services.readers.ask(current_policy)
    assert {"ps1", "reg", "msix", "vhd"} <= policy.extra and "abc" not in policy.extra
    assert (policy.look_inside, policy.uninspected, policy.executables) == (False, "refuse", "refuse")


async def test_what_another_administrator_sets_is_shown_and_overwrites_nothing_unseen(server, firm, window):
    for someone in (firm.ueda, firm.hori):
        await grant(server, someone, Privilege.ADMIN_GOTALK)
    ueda, hori = await window(firm.ueda), await window(firm.hori)
    for page in (ueda, hori):
        await page.goto(f"{server.address}/admin/talk")
        await expect(page.get_by_label(ALL_BUT_EXECUTABLES)).to_be_checked()
    await ueda.get_by_label(IMAGES_ONLY).check()
    await update(ueda)
    await expect(hori.get_by_label(IMAGES_ONLY)).to_be_checked()

    await hori.get_by_role("checkbox", name="ZIPの中のファイル名も確認する").uncheck()
    await ueda.get_by_role("group", name="送信出来るファイル種別").get_by_label(OFF).check()
    await update(ueda)
    await expect(hori.get_by_text("ほかの管理者がこの設定を変更しました。")).to_be_visible()
    await hori.get_by_role("button", name="変更後の内容を表示").click()
    await expect(hori.get_by_role("group", name="送信出来るファイル種別").get_by_label(OFF)).to_be_checked()
    await expect(hori.get_by_role("checkbox", name="ZIPの中のファイル名も確認する")).to_be_checked()


async def test_who_hears_of_no_change_overwrites_nothing_unseen_either(server, firm, window):
    """大石 may not talk himself, and is told nothing."""
    for someone in (firm.ueda, firm.oishi):
        await grant(server, someone, Privilege.ADMIN_GOTALK)
    ueda, oishi = await window(firm.ueda), await window(firm.oishi)
    for page in (ueda, oishi):
        await page.goto(f"{server.address}/admin/talk")
        await expect(page.get_by_label(ALL_BUT_EXECUTABLES)).to_be_checked()
    await ueda.get_by_label(OFF).check()
    await update(ueda)

    # By script: who clicks looks anew, because his window has the focus again.
    await oishi.evaluate("document.querySelector('#policy [type=checkbox]').click()")
    await oishi.evaluate("document.querySelector('#policy').requestSubmit()")
    await expect(oishi.get_by_text("ほかの管理者がこの設定を変更しました。")).to_be_visible()
    held = await server.services.readers.ask(current_policy)
    assert (held.mode, held.look_inside) == ("off", True)


async def test_step_3_3_who_may_download_the_talk_log(server, firm, window):
    """権限コントロール＞「トーク」＞トークログダウンロード「有効」."""
    hori, sano = await window(firm.hori), await window(firm.sano)
    navigation = hori.get_by_role("navigation", name="メニュー")
    await expect(navigation.get_by_role("link", name="トークログ")).to_have_count(0)
    await sano.goto(f"{server.address}/admin/users/{firm.hori.id}")
    item = sano.get_by_role("group", name="トークログダウンロード")
    tick = sano.get_by_role("checkbox", name="トーク", exact=True)
    await expect(tick).not_to_be_checked()
    await expect(item).to_have_count(0)
    await tick.check()
    await expect(item.get_by_label("無効")).to_be_checked()
    await update(sano)
    await item.get_by_label("有効").check()
    await update(sano)

    await navigation.get_by_role("link", name="トークログ").click()
    await expect(hori.get_by_role("heading", name="トークログダウンロード")).to_be_visible()
    await expect(hori.get_by_role("heading", name="最新のトークログ")).to_be_visible()

    await tick.uncheck()
    await expect(item).to_have_count(0)
    await update(sano)
    await expect(hori.get_by_role("heading", name=NOT_FOUND)).to_be_visible()
    account = await server.services.readers.ask(queries.account, firm.hori.id)
    assert (account.talk_log, account.privileges) == (False, frozenset())


async def test_step_3_4_everybody_is_let_into_the_talk(server, firm, window):
    """ユーザ＞画面下部「トーク」「有効」: he who waits in his browser talks at once, and a licence is taken."""
    oishi = await window(firm.oishi)
    await oishi.goto(f"{server.address}/talk")
    await expect(oishi.get_by_text(NO_TALK).first).to_be_visible()
    await grant(server, firm.ueda, Privilege.ADMIN_GOTALK)
    ueda = await window(firm.ueda)
    await ueda.goto(f"{server.address}/admin/talk/users")
    await expect(ueda.get_by_text("使用中 4 / 100 ID")).to_be_visible()
    await ueda.get_by_role("link", name="oishi@hokuto.example").click()
    talk = ueda.get_by_role("group", name="トーク", exact=True)
    await expect(talk.get_by_label("無効")).to_be_checked()
    await talk.get_by_label("有効").check()
    await update(ueda)
    await expect(oishi.get_by_role("button", name="新しいトーク").first).to_be_visible()

    await tab(ueda, "トーク").click()
    await ueda.get_by_role("link", name="ユーザのトーク利用設定").click()
    await expect(ueda.get_by_text("使用中 5 / 100 ID")).to_be_visible()
    switch = ueda.get_by_role("switch", name="oishiのトーク")
    await expect(switch).to_be_checked()
    await switch.press("Space")
    await expect(switch).not_to_be_checked()
    await expect(ueda.get_by_text("使用中 4 / 100 ID")).to_be_visible()
    await expect(oishi.get_by_text(NO_TALK).first).to_be_visible()
    await ueda.get_by_role("combobox", name="トーク").select_option(label="トーク 無効")
    await expect(ueda.get_by_role("switch")).to_have_count(1)


async def test_without_a_free_licence_the_switch_stays_and_says_why(server, firm, window):
    def full(tx):
        changes = CompanyChanges(licences=LicenceChanges(talk=4))
        change_company(tx, operator(), changes, company_listeners(server.services.ports))

    await server.services.writer.act(full)
    await grant(server, firm.ueda, Privilege.ADMIN_GOTALK)
    page = await window(firm.ueda)
    await page.goto(f"{server.address}/admin/talk/users")
    await page.get_by_role("switch", name="oishiのトーク").click()
    said = page.get_by_role("status").filter(has_text="上限（4 ID）に達しています。")
    await expect(said.first).to_be_attached()
    await expect(page.get_by_role("switch", name="oishiのトーク")).not_to_be_checked()


@pytest.mark.parametrize("form", IN_TURN)
async def test_axe_finds_nothing_wrong(server, firm, window, form):
    await let_read(server, firm.hori)
    page = await window(firm.hori, **form)
    await page.goto(f"{server.address}/admin/talk")
    await page.get_by_role("button", name=re.compile("よく禁止される形式をまとめて追加")).click()
    await nothing_wrong(page)
    await page.get_by_role("button", name="変更を取り消す").click()
    await page.goto(f"{server.address}/admin/talk/users")
    await expect(page.get_by_role("switch").first).to_be_visible()
    await nothing_wrong(page)
    await page.goto(f"{server.address}/talk-log")
    await expect(page.get_by_role("heading", name="最新のトークログ")).to_be_visible()
    await page.get_by_label("メンバー", exact=True).click()
    await expect(page.get_by_role("list", name="メンバー").get_by_role("button").first).to_be_visible()
    await nothing_wrong(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="ダウンロードへ進む").click()
    await page.get_by_role("button", name="ダウンロードする").click()
    await expect(page.get_by_text("理由を入力してください。")).to_be_visible()
    await nothing_wrong(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="保全を追加").click()
    await nothing_wrong(page)
