"""社内電話帳 in a window: somebody is found, called and talked to; what others change shows at once, and nobody loses
his place."""

from __future__ import annotations

import struct
import zlib
from datetime import timedelta

import pytest
from playwright.async_api import Page, expect

from directory import departments
from directory.demo.filling import fill
from directory.people import remove
from directory.status import clear_status, set_status
from server.auth import company as companies
from server.auth.company_changing import CompanyChanges, change_company
from server.auth.model import operator
from server.ports import company_listeners, people_listeners
from tests.browser.test_accessible import IN_TURN, nothing_wrong
from tests.tools.directory import found, give

SCHEME = "com050voipbiz://keypad?tel="


@pytest.fixture
async def factory(server, company):
    """鈴木 is 渡邉 花子 in 第一製造課; 伊藤 is 渡辺 誠 in 営業部."""
    services = server.services

    def begin(tx):
        if companies.find(tx.connection) is None:
            companies.found(tx, "北斗精機株式会社")
        change_company(tx, operator(), CompanyChanges(phone_scheme=SCHEME), company_listeners(services.ports))

    await services.writer.act(begin)
    plant = await found(services, "F", name="静岡工場")
    making = await found(services, "F1", plant, name="製造部")
    first = await found(services, "F11", making, name="第一製造課")
    selling = await found(services, "S", name="営業部")
    await give(
        services, company.suzuki.id, (first, "課長"), (selling, "兼務"),
        name="渡邉 花子", kana="ワタナベ ハナコ", phone_number="054-123-4567#12", email1="hanako@hokuto.example",
    )  # fmt: skip
    await give(services, company.ito.id, (selling, ""), name="渡辺 誠", kana="ワタナベ マコト", phone_number="03-1")
    company.making, company.first, company.selling = making, first, selling
    return company


def row(page: Page, name: str):
    return page.locator("[data-people] li", has_text=name)


async def search(page: Page, text: str) -> None:
    await page.get_by_role("searchbox").fill(text)


async def test_somebody_is_found_called_and_talked_to(server, factory, window):
    page = await window(factory.sato, at="/directory")
    await expect(page.locator("[data-people] li")).to_have_count(3)

    await search(page, "watanabe 製造")
    await expect(page.locator("[data-people] li")).to_have_count(1)
    await expect(row(page, "渡邉 花子").locator("mark")).to_have_text(["製造"])
    number = row(page, "渡邉 花子").get_by_role("link", name="電話をかける")
    await expect(number).to_have_attribute("href", SCHEME + "0541234567%2312")
    await expect(number).to_have_text("054-123-4567#12")

    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{server.address}/directory/{factory.suzuki.id}")
    card = page.locator("[data-card]")
    await expect(card).to_contain_text("製造部")
    await expect(card.get_by_role("link", name="電話をかける")).to_have_attribute("href", SCHEME + "0541234567%2312")
    watanabe = await server.connect(factory.suzuki.token)
    await page.get_by_role("button", name="トークする").click()
    await page.get_by_placeholder("メッセージを入力").fill("10時までに折り返しをお願いします")
    await page.keyboard.press("Enter")
    await watanabe.expect("room.added")
    said = await watanabe.expect("message.posted")
    assert said["message"]["text"] == "10時までに折り返しをお願いします"


async def test_whose_department_is_nearest_stands_on_top(server, factory, window):
    """三浦's story: of two 製造の渡辺さん the one of her own 製造部 comes first, whatever the order of names."""
    services = server.services
    other = await found(services, "G", name="富士工場")
    welding = await found(services, "G1", other, name="製造課")
    second = await found(services, "F12", factory.making, name="第二製造課")
    await give(services, factory.ito.id, (welding, ""), sort_score=1)
    await give(services, factory.sato.id, (second, ""))
    page = await window(factory.sato, at="/directory")
    await expect(page.locator("[data-people] li")).to_have_count(3)

    rows = page.locator("[data-people] li")
    await expect(rows.first).to_contain_text("渡辺 誠")
    await search(page, "watanabe 製造")
    await expect(rows).to_have_count(2)
    await expect(rows.nth(0)).to_contain_text("渡邉 花子")
    await expect(rows.nth(1)).to_contain_text("渡辺 誠")


async def test_nobody_found_says_how_else_to_look(server, factory, window):
    page = await window(factory.sato, at="/directory")
    await search(page, "該当しない名前")
    await expect(page.get_by_text("見つかりませんでした。ひらがなやローマ字でも探せます。")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.locator("[data-people] li")).to_have_count(3)


async def test_the_keyboard_alone_finds_a_department_and_a_person(server, factory, window):
    page = await window(factory.sato, at="/directory")
    plant = page.get_by_role("treeitem", name="静岡工場")
    await plant.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"):
        await page.keyboard.press(key)
    await expect(page.get_by_role("treeitem", name="第一製造課")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-people] li")).to_have_count(1)

    await page.keyboard.press("/")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowRight")
    await expect(page.get_by_role("link", name="電話をかける")).to_be_focused()
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-card]")).to_contain_text("渡邉 花子")
    await page.reload()
    await page.goto(f"{server.address}/directory")
    await expect(page.get_by_role("treeitem", name="第一製造課")).to_have_attribute("aria-selected", "true")


async def test_what_others_change_shows_at_once(server, factory, window):
    page = await window(factory.sato, at="/directory")
    await expect(row(page, "渡邉 花子")).to_have_count(1)

    await give(server.services, factory.suzuki.id, name="高橋 花子", phone_number="054-9")
    await expect(row(page, "高橋 花子").get_by_role("link", name="電話をかける")).to_have_text("054-9")
    await found(server.services, "N", name="新しい部")
    await expect(page.get_by_role("treeitem", name="新しい部")).to_be_visible()
    await server.services.writer.act(departments.remove, operator(), factory.selling, 2)
    await expect(page.get_by_role("treeitem", name="営業部")).to_have_count(0)
    await server.services.writer.act(remove, operator(), factory.ito.id, people_listeners(server.services.ports))
    await expect(row(page, "渡辺 誠")).to_have_count(0)


async def test_the_reader_keeps_his_place(server, company, window):
    """Somebody who stood far below moves to the top of the list: what one reads does not move."""
    await server.services.writer.act(lambda tx: fill(tx.connection, 300) and None)
    sato = await server.connect(company.sato.token)
    total = (await sato.ask("directory.people"))["total"]
    page = await window(company.sato, at="/directory")
    await expect(page.locator("[data-people] li").first).to_be_visible()
    await page.locator("[data-people]").evaluate("list => list.scrollTo(0, 6000)")
    read = page.locator('[data-people] li[aria-posinset="106"]')
    await expect(read.locator("[data-row]")).to_be_visible()
    name, before = await read.locator("[data-row]").get_attribute("data-row"), await read.bounding_box()

    last = (await sato.ask("directory.people", **{"from": total - 1}))["people"][0]["id"]
    await give(server.services, last, sort_score=0)

    moved = page.locator('[data-people] li[aria-posinset="107"] [data-row]')
    await expect(moved).to_have_attribute("data-row", name)
    after = await page.locator('[data-people] li[aria-posinset="107"]').bounding_box()
    assert before and after and abs(before["y"] - after["y"]) < 1


async def test_a_badge_comes_and_goes(server, factory, window):
    page = await window(factory.sato, at="/directory")
    await expect(row(page, "渡邉 花子")).to_have_count(1)
    people, act = {factory.suzuki.id: "unanswered"}, server.services.writer.act
    now = server.services.clock() - timedelta(minutes=1)

    await act(lambda tx: set_status(tx, 1, people, now, drill=True))
    await expect(row(page, "渡邉 花子")).to_contain_text("訓練")
    await expect(row(page, "渡邉 花子")).to_contain_text("未回答")
    await act(lambda tx: clear_status(tx, 1))
    await expect(row(page, "渡邉 花子")).not_to_contain_text("未回答")


async def test_groups_and_favourites_are_ones_own_on_every_device(server, factory, window):
    page, other = [await window(factory.sato, at=at) for at in ("/directory", "/groups")]
    await row(page, "渡辺 誠").get_by_role("button", name="お気に入りに追加").click()
    await expect(row(other, "渡辺 誠")).to_have_count(1)

    await page.goto(f"{server.address}/groups")
    await page.get_by_role("button", name="グループを作成").click()
    await page.get_by_label("グループの名前").fill("製造の人")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="人を追加").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("searchbox").fill("わたなべ 花子")
    await dialog.get_by_role("button", name="渡邉 花子").click()
    await dialog.get_by_role("button", name="保存").click()
    await expect(row(page, "渡邉 花子")).to_have_count(1)
    await expect(other.get_by_role("link", name="製造の人")).to_have_count(1)

    await row(page, "渡邉 花子").get_by_role("button", name="グループから外す").click()
    await expect(page.get_by_text("まだ誰もいません。社内電話帳から追加できます。")).to_be_visible()
    await page.get_by_role("button", name="グループを削除する").click()
    await page.get_by_role("dialog").get_by_role("button", name="グループを削除する").click()
    await expect(other.get_by_role("link", name="製造の人")).to_have_count(0)


async def test_ones_own_profile_and_photo(server, factory, window):
    page = await window(factory.sato, at="/settings/profile")
    await page.get_by_label("コメント").fill("午前中は現場にいます。")
    await page.get_by_role("button", name="保存").click()
    await expect(page.get_by_role("button", name="保存")).to_be_disabled()
    photo = {"name": "me.png", "mimeType": "image/png", "buffer": png(120)}
    await page.locator("input[type=file]").set_input_files(photo)
    await expect(page.get_by_role("button", name="写真を変える")).to_be_visible()

    await page.get_by_role("link", name="社内電話帳での表示を見る").click()
    card = page.locator("[data-card]")
    await expect(card).to_contain_text("午前中は現場にいます。")
    picture = card.locator("img")
    await expect(picture).to_be_visible()
    assert await picture.evaluate("image => image.decode().then(() => image.naturalWidth)") > 0


@pytest.mark.parametrize("form", IN_TURN)
async def test_axe_finds_nothing_wrong(server, factory, window, form):
    people = {factory.suzuki.id: "support", factory.ito.id: "safe"}
    await server.services.writer.act(lambda tx: set_status(tx, 1, people, server.services.clock()))
    page = await window(factory.sato, **form, at="/directory")
    await expect(row(page, "渡邉 花子")).to_contain_text("要支援")
    await nothing_wrong(page)
    await search(page, "わたなべ")
    await expect(page.locator("mark").first).to_be_visible()
    await nothing_wrong(page)
    if form["viewport"]["width"] < 720:
        await search(page, "")
        await page.get_by_role("button", name="全員").click()
        await expect(page.get_by_role("treeitem", name="静岡工場")).to_be_visible()
        await nothing_wrong(page)

    await page.goto(f"{server.address}/directory/{factory.suzuki.id}")
    await page.get_by_role("button", name="グループに追加").click()
    await nothing_wrong(page)

    sato = await server.connect(factory.sato.token)
    group = (await sato.ask("group.add", name="製造の人"))["groups"][0]["id"]
    await sato.ask("group.people", group=group, add=[factory.suzuki.id])
    await page.goto(f"{server.address}/groups/{group}")
    await expect(row(page, "渡邉 花子")).to_contain_text("要支援")
    await nothing_wrong(page)
    await page.get_by_role("button", name="人を追加").click()
    await expect(page.get_by_role("dialog").locator("li").first).to_be_visible()
    await nothing_wrong(page)

    await page.goto(f"{server.address}/settings/profile")
    await expect(page.get_by_label("コメント")).to_be_visible()
    await nothing_wrong(page)


def png(side: int) -> bytes:
    """A grey picture, small and honest."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = (b"\0" + b"\x80" * side) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
