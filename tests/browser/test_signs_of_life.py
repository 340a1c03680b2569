"""Two windows see each other: who is there, who is writing, who has read."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from server.live import presence
from tests.browser.test_two_people_talk import say, shown


@pytest.fixture(autouse=True)
def no_quiet_after_the_start(monkeypatch):
    monkeypatch.setattr(presence, "QUIET_SECONDS", 0.0)


@pytest.fixture
async def direct(server, company, window):
    """佐藤 and 鈴木 with their direct talk open."""
    sato = await server.connect(company.sato.token)
    room = (await sato.ask("room.direct", person=company.suzuki.id))["room"]["id"]
    first, second = [await window(each, at=f"/talk/{room}") for each in (company.sato, company.suzuki)]
    for page in (first, second):
        await expect(page.get_by_placeholder("メッセージを入力")).to_be_visible()
    return first, second


async def test_one_sees_that_the_other_writes_and_then_what(direct):
    first, second = direct
    await second.get_by_placeholder("メッセージを入力").press_sequentially("いま確認")
    await expect(first.locator("[data-typing]")).to_have_text("suzukiさんが入力中…")
    await expect(second.locator("[data-typing]")).to_have_count(0)
    await say(second, "いま確認しました")
    await expect(shown(first, "いま確認しました")).to_have_count(1)
    await expect(first.locator("[data-typing]")).to_have_count(0)


async def test_who_begins_to_write_moves_nothing_on_the_screen(direct):
    first, second = direct
    await say(first, "お待ちしています")
    message = shown(first, "お待ちしています")
    await expect(message).to_have_count(1)
    before = await message.bounding_box()
    await second.get_by_placeholder("メッセージを入力").press_sequentially("は")
    await expect(first.locator("[data-typing]")).to_have_count(1)
    assert await message.bounding_box() == before


async def test_a_message_is_marked_as_read_when_the_other_has_seen_it(direct):
    first, second = direct
    await second.goto("about:blank")
    await say(first, "読みましたか")
    message = shown(first, "読みましたか")
    await expect(message).to_have_count(1)
    await expect(message.locator("[data-read]")).to_have_count(0)
    await second.go_back()
    await second.bring_to_front()
    await expect(message.locator("[data-read]")).to_have_text("既読")


async def test_the_readers_of_a_message_are_named(server, company, window):
    sato, suzuki = await server.connect(company.sato.token), await server.connect(company.suzuki.token)
    people = [company.suzuki.id, company.ito.id]
    room = (await sato.ask("room.create", kind="closed", name="設計", people=people))["room"]["id"]
    page = await window(company.sato, at=f"/talk/{room}")
    await say(page, "図面を置きました")
    message = shown(page, "図面を置きました")
    await expect(message).to_have_count(1)
    await suzuki.ask("mark", channel=room, seq=1)
    await message.get_by_role("button", name="既読 1").click()
    dialog = page.get_by_role("dialog", name="既読のメンバー")
    await expect(dialog.get_by_role("listitem")).to_contain_text(["suzuki"])
    await dialog.get_by_role("tab", name="未読 1").click()
    await expect(dialog.get_by_role("listitem")).to_contain_text(["ito"])
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)


async def test_the_other_is_there_away_and_out_until_a_time(direct):
    first, second = direct
    there = first.locator("header [data-presence]")
    await expect(there).to_have_text("在席")
    await choose(second, "離席中")
    await expect(there).to_have_text("離席中")
    await choose(second, "不在")
    await second.get_by_role("button", name="1時間後").click()
    await expect(there).to_contain_text("に戻ります")
    await expect(second.get_by_role("button", name="自分の状態: 不在")).to_have_count(1)
    await second.reload()
    await expect(second.get_by_role("button", name="自分の状態: 不在")).to_have_count(1)


async def choose(page: Page, state: str) -> None:
    await page.get_by_role("button", name="自分の状態").click()
    await page.get_by_role("dialog", name="自分の状態").get_by_role("button", name=re.compile(f"^{state}")).click()


async def test_who_goes_leaves_no_sign(direct):
    first, second = direct
    await expect(first.locator("header [data-presence]")).to_have_text("在席")
    await second.close()
    # A page that is only reloaded is not taken for gone: the server waits a little.
    await expect(first.locator("header [data-presence]")).to_have_count(0, timeout=15_000)
