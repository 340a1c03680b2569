"""Two windows talk; one is away, misses a thousand things, returns, and shows exactly what the database has."""

from __future__ import annotations

import json

import pytest
from playwright.async_api import Page, expect

from server.auth import actions
from tests.tools.mirror import everything


@pytest.fixture
async def sato(server, company):
    """The one who never leaves; his socket does what a window would be slow at."""
    client = await server.connect(company.sato.token)
    people = [company.suzuki.id, company.ito.id]
    client.room = (await client.ask("room.create", kind="group", name="会議室", people=people))["room"]["id"]
    return client


async def say(page: Page, text: str) -> None:
    await page.get_by_placeholder("メッセージを入力").fill(text)
    await page.keyboard.press("Enter")


def shown(page: Page, text: str):
    return page.locator("article[data-seq]", has_text=text)


async def test_what_one_types_the_other_reads(server, company, sato, window):
    # As most people have it: what moves, moves.
    given = {"at": f"/talk/{sato.room}", "reduced_motion": "no-preference"}
    first, second = [await window(each, **given) for each in (company.sato, company.suzuki)]
    await say(first, "見積もりを送りました")
    await expect(shown(second, "見積もりを送りました")).to_have_count(1)
    await say(second, "確認します")
    await expect(shown(first, "確認します")).to_have_count(1)
    await expect(first.locator("[data-pending]")).to_have_count(0)


async def test_a_thousand_missed_things_and_the_window_shows_the_databases_list(server, company, sato, window):
    page = await window(company.suzuki)
    for number in range(30):
        await sato.post(sato.room, f"前 {number}")
    await page.goto(f"{server.address}/talk/{sato.room}")
    await expect(shown(page, "前 29")).to_have_count(1)

    await go_away(server, company, page)
    await say(page, "留守に書いた")
    await miss_a_thousand(sato, company)
    await page.context.set_offline(False)

    await expect(shown(page, "留守に書いた")).to_have_count(1, timeout=40_000)
    await expect(page.locator("[data-pending]")).to_have_count(0)
    truth = await everything(await server.connect(company.suzuki.token), sato.room)
    assert len(truth.messages) == 1031, "this test needs them all"
    assert await everything_shown(page) == [told(message) for _, message in sorted(truth.messages.items())]


async def go_away(server, company, page: Page) -> None:
    """No line, and none to be had: like a phone in a tunnel."""
    await page.context.set_offline(True)
    for connection in list(server.services.hub.connections()):
        if connection.account == company.suzuki.id:
            connection.line.transport.abort()


async def miss_a_thousand(sato, company) -> None:
    refs = [
        await sato.say("post", channel=sato.room, text=f"留守 {n}", client_id=f"00000000-0000-7000-8000-{n:012x}")
        for n in range(1000)
    ]
    for ref in refs:
        await sato.answer_to(ref)
    for seq in (3, 29, 31, 500, 1030):
        await sato.ask("edit", channel=sato.room, seq=seq, text=f"直した {seq}")
    for seq in (5, 30, 32, 501, 1029):
        await sato.ask("delete", channel=sato.room, seq=seq)
    await sato.ask("room.remove", channel=sato.room, person=company.ito.id)


def told(message: dict) -> list:
    """What a reader can tell of a message: its place, its words, whether it was deleted or edited."""
    deleted = bool(message.get("deleted"))
    return [message["seq"], "" if deleted else message["text"], deleted, not deleted and bool(message.get("edited"))]


READ_ROWS = """() => [...document.querySelectorAll('article[data-seq]')].map(row => {
    const deleted = row.querySelector('.content .deleted') !== null;
    const mark = row.querySelector('.content .edited');
    const said = [...(row.querySelector('.content p')?.childNodes ?? [])].filter(node => node !== mark);
    const text = deleted ? '' : said.map(node => node.textContent).join('');
    return [Number(row.dataset.seq), text, deleted, mark !== null];
})"""


async def everything_shown(page: Page) -> list:
    """Scroll from the end to the beginning, and collect every row that was ever on the screen."""
    rows: dict[int, list] = {}
    await page.mouse.move(700, 400)
    for _ in range(400):
        for row in await page.evaluate(READ_ROWS):
            assert rows.setdefault(row[0], row) == row, json.dumps(row)
        if 1 in rows:
            break
        await page.mouse.wheel(0, -4000)
        await page.wait_for_timeout(30)
    return [rows[seq] for seq in sorted(rows)]


async def test_enter_inside_a_conversion_does_not_send(server, company, sato, window):
    page = await window(company.suzuki, at=f"/talk/{sato.room}")
    field = page.get_by_placeholder("メッセージを入力")
    await field.fill("へんかん")
    await field.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "keyCode": 229})
    await expect(field).to_have_value("へんかん")
    assert (await everything(sato, sato.room)).messages == {}


async def test_who_is_removed_sees_the_room_go(server, company, sato, window):
    page = await window(company.ito, at=f"/talk/{sato.room}")
    await sato.post(sato.room, "またね")
    await expect(shown(page, "またね")).to_have_count(1)
    await sato.ask("room.remove", channel=sato.room, person=company.ito.id)
    await expect(page.locator(f"[data-room='{sato.room}']")).to_have_count(0)
    await expect(shown(page, "またね")).to_have_count(0)


async def test_a_session_that_is_ended_elsewhere_leads_to_the_sign_in(server, company, sato, window):
    first, second = [await window(company.suzuki, at=at) for at in (f"/talk/{sato.room}", "/settings")]
    await second.get_by_role("button", name="ほかの端末をすべてログアウト").click()
    confirm = second.get_by_role("dialog").get_by_role("button", name="ログアウト")
    if await confirm.count():
        await confirm.click()
    await first.wait_for_url("**/signin**")


KEPT = "() => Object.keys(localStorage).map(key => key.split('.').slice(0, 2).join('.')).sort()"


async def dark_with_a_draft(server, room: int, page: Page) -> None:
    await page.goto(f"{server.address}/settings")
    await page.locator("input[name=scheme][value=dark]").check()
    await page.goto(f"{server.address}/talk/{room}")
    await page.get_by_placeholder("メッセージを入力").fill("まだ途中の")
    await page.wait_for_function("() => Object.keys(localStorage).some(key => key.startsWith('renraku.draft.'))")


async def test_who_signs_out_leaves_the_colours_and_no_draft(server, company, sato, window):
    page = await window(company.suzuki)
    await dark_with_a_draft(server, sato.room, page)
    # Within the app: the draft lives in the page too, which stores it when it goes.
    await page.evaluate("() => document.querySelector('nav a[href=\"/settings\"]').click()")
    await page.locator("form[action='/signout'] button").click()
    await page.wait_for_url("**/signin")
    assert await page.evaluate(KEPT) == ["renraku.scheme"]


async def test_who_signs_out_with_something_unsent_is_asked(server, company, sato, window):
    page = await window(company.suzuki)
    # From here on no line opens: what is written waits.
    await page.route_web_socket("**/socket", lambda _: None)
    await page.goto(f"{server.address}/talk/{sato.room}")
    await page.evaluate("id => localStorage.setItem(...id)", kept_unsent(company.suzuki.id, sato.room))
    await page.goto(f"{server.address}/settings")
    leave = page.locator("form[action='/signout'] button")
    await leave.click()
    asked = page.get_by_role("dialog", name="まだ送信されていないメッセージが1件")
    await asked.get_by_role("button", name="キャンセル").click()
    await expect(asked).to_have_count(0)
    await leave.click()
    await asked.get_by_role("button", name="ログアウトする").click()
    await page.wait_for_url("**/signin")
    assert await page.evaluate(KEPT) == []


def kept_unsent(account: int, room: int) -> list[str]:
    """A message as the page keeps it over a reload."""
    name = "0198c0de-7a2b-7c3d-8e4f-5a6b7c8d9e0f"
    item = {"client_id": name, "channel": room, "text": "まだ送れない", "at": 1, "state": "failed"}
    return [f"renraku.outbox.{account}.{name}", json.dumps(item)]


async def test_who_is_signed_out_from_elsewhere_leaves_no_draft_either(server, company, sato, window):
    page = await window(company.suzuki)
    await dark_with_a_draft(server, sato.room, page)
    await server.services.writer.act(actions.end_all_sessions, company.suzuki.id)
    await page.wait_for_url("**/signin**")
    assert await page.evaluate(KEPT) == ["renraku.scheme"]
