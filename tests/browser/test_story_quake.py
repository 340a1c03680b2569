"""大石 answers on a phone after the quake, and everybody who may sees it within the second (STORIES, story 7)."""

from __future__ import annotations

import asyncio
import email
import email.policy
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx2
import pytest
from playwright.async_api import Browser, Page, expect
from sqlalchemy import func, select

from anpi import preparing
from anpi.answers.answering import ANSWER, Given
from anpi.answers.frames import Said
from anpi.sending.talking import talker
from anpi.tables import answers, targets
from server.auth import company as companies
from server.auth.company_changing import CompanyChanges, change_company
from server.auth.model import Privilege, operator
from server.ports import company_listeners
from server.services import Services
from server.work.tables import mails
from tests.browser.test_accessible import IN_TURN, nothing_wrong
from tests.tools import anpi_mailing
from tests.tools.anpi_incidents import Desk
from tests.tools.company import Someone, hire
from tests.tools.directory import found, give
from tests.tools.running import Running, running, settings_for

PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
SHIZUOKA = {"latitude": 34.867, "longitude": 138.323, "accuracy": 25}
SCHEME = "com050voipbiz://keypad?tel="
PAGE_BYTES = 14 * 1024
TITLE = "地震 震度6弱 静岡県中部"
CLOSED = "この安否確認は終了しました。"
INVALID = "このリンクは使えません。届いた最新のメールからお試しください。"


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Running]:
    """It is its own outside, as the demo is: mails carry a link to answer."""
    settings = settings_for(tmp_path / "var", sqlite_template, outbound=False)
    (settings.var / "demo.txt").write_text("")
    async with running(settings) as here:
        yield here


@pytest.fixture
async def firm(server: Running) -> AsyncIterator[SimpleNamespace]:
    """森 administers the safety check; 渡邉 花子 and 大石 健 work in 静岡工場, グエン reads English."""
    services = server.services

    def begin(tx):
        if companies.find(tx.connection) is None:
            companies.found(tx, "北斗精機株式会社")
        change_company(tx, operator(), CompanyChanges(phone_scheme=SCHEME), company_listeners(services.ports))

    await services.writer.act(begin)
    plant = await found(services, "F", name="静岡工場")
    making = await found(services, "F1", plant, name="第一製造課")
    office = await found(services, "S", name="総務部")
    mori = await hire(services, "mori", privileges=frozenset({Privilege.ADMIN_ANPI}))
    names = ("oishi", "watanabe", "nguyen", "miura")
    people = {name: await hire(services, name) for name in names}
    shizuoka = {"work_areas": ["静岡県焼津市"]}
    given = {
        "oishi": ((making, ""), {"name": "大石 健", "company_mobile_number": "090-1111-2222#3", **shizuoka}),
        "watanabe": ((making, "課長"), {"name": "渡邉 花子", "company_mobile_number": "090-3333-4444", **shizuoka}),
        "nguyen": ((office, ""), {"name": "グエン", "language": "en"}),
        "miura": ((office, ""), {"name": "三浦 誠"}),
    }
    for name, (post, fields) in given.items():
        await give(
            services, people[name].id, post, anpi_login_id=f"{name}01", email1=f"{name}@hokuto.example", **fields
        )
    await give(services, mori.id, (office, ""), name="森 由美", email1="mori@hokuto.example")
    desk = Desk(server, mori)
    async with desk.visitor:
        yield SimpleNamespace(mori=mori, desk=desk, **people)


async def quake(server: Running, firm: SimpleNamespace, title: str = TITLE, **given: Any) -> int:
    """森 has asked everybody, and the mails lie in var/mail."""
    whom = {"picked": [firm.oishi.id, firm.watanabe.id, firm.nguyen.id, firm.miura.id]}
    about = await firm.desk.sent(whom, title=title, **given)
    async with anpi_mailing.sending(server.services):
        await anpi_mailing.until(server.services, mailed)
    return about


def mailed(rows: list[Any]) -> bool:
    by_mail = [row for row in rows if row.channel == "mail"]
    return bool(by_mail) and all(row.ended_at is not None for row in by_mail)


def links(server: Running) -> dict[str, list[str]]:
    """Every link of var/mail, by who was written to, in the order of the mails."""
    found: dict[str, list[str]] = {}
    for file in sorted((server.services.settings.var / "mail").glob("*.eml"), key=lambda one: one.stat().st_mtime_ns):
        mail = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        body = mail.get_body()
        assert body is not None
        link = re.search(r"^http://127\.0\.0\.1:\d+(/a/\S+)\r?$", body.get_content(), re.MULTILINE)
        assert link is not None, "this mail has no link on a line of its own"
        # The test's server does not know on which port it listens.
        found.setdefault(str(mail["To"]).split("@")[0].strip("<"), []).append(server.address + link[1])
    return found


@pytest.fixture
async def phone(browser: Browser) -> AsyncIterator[Any]:
    """``await phone(link)``: the mail app's browser, which knows nobody; not signed in, no cookies."""
    contexts = []

    async def open_link(link: str, locale: str = "ja-JP", **options: Any) -> Page:
        context = await browser.new_context(locale=locale, **PHONE, **options)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        await page.goto(link)
        return page

    yield open_link
    for context in contexts:
        await context.close()


def row(page: Page, name: str):
    return page.locator("[data-people] li", has_text=name)


async def answers_of(services: Services, person: Someone) -> list[Any]:
    wanted = select(answers).where(answers.c.account_id == person.id).order_by(answers.c.id)
    return await services.readers.ask(lambda db: list(db.execute(wanted)))


async def counts(services: Services, about: int) -> dict[str, int]:
    wanted = select(targets.c.self, func.count()).where(targets.c.incident_id == about).group_by(targets.c.self)
    return {said: number for said, number in await services.readers.ask(lambda db: db.execute(wanted).all())}


async def say(page: Page, *labels: str) -> None:
    for label in labels:
        await page.get_by_text(label, exact=True).tap()


async def submit(page: Page, name: str = "回答する") -> None:
    await page.get_by_role("button", name=name, exact=True).tap()


# ---------------------------------------------------------------- the link of the mail


async def test_a_scanner_that_opens_everything_and_runs_the_page_answers_nothing(server, firm, phone, tier):
    about = await quake(server, firm)
    every = [link for found in links(server).values() for link in found]
    assert len(every) == 4
    async with httpx2.AsyncClient(timeout=10) as scanner:
        for _ in range(tier(short=10, long=100)):
            for link in every:
                assert (await scanner.get(link)).status_code == 200
                assert (await scanner.head(link)).status_code == 200
    for link in every:
        await phone(link)

    assert await counts(server.services, about) == {"": 4}


async def test_the_page_is_small_needs_no_script_and_has_nothing_chosen(server, firm, phone):
    await quake(server, firm)
    (link,) = links(server)["oishi"]
    async with httpx2.AsyncClient(timeout=10) as client:
        told = await client.get(link)
    assert len(told.content) <= PAGE_BYTES
    assert not {"渡邉", "グエン", "三浦", "森"} & set(re.findall(r"[一-龥ァ-ヶー]+", told.text))

    page = await phone(link, java_script_enabled=False)
    await expect(page.get_by_text("大石 健 様")).to_be_visible()
    await expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    assert await page.locator("input:checked").count() == 0
    for words in ("無事です", "軽いけがをした", "大けがをした"):
        button = await page.locator("label", has_text=words).first.bounding_box()
        assert button and button["height"] >= 44 and button["width"] > 300
    await say(page, "無事です", "出社できない")
    await submit(page)
    await expect(page.get_by_text("回答を受け付けました")).to_be_visible()
    await expect(page.get_by_text("出社できない")).to_be_visible()


async def test_letters_of_twice_the_size_fit_the_phone(server, firm, phone):
    await quake(server, firm)
    page = await phone(links(server)["oishi"][0])
    await page.evaluate("() => (document.documentElement.style.fontSize = '200%')")
    assert await page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    await say(page, "無事です")
    await submit(page)
    await expect(page.get_by_text("回答を受け付けました")).to_be_visible()


async def test_the_line_dies_after_the_post_he_taps_again_and_all_see_one_answer(server, firm, phone, window):
    about = await quake(server, firm, location=True)
    miura = await window(firm.miura, at="/directory")
    await expect(row(miura, "大石 健")).to_contain_text("未回答")
    card = await window(firm.miura, at=f"/directory/{firm.oishi.id}")
    await expect(card.locator("[data-card]")).to_contain_text("未回答")
    mori = await window(firm.mori, at=f"/anpi/incidents/{about}/board")
    await expect(mori.get_by_text("4人中0人が回答（0%）")).to_be_visible()

    page = await phone(links(server)["oishi"][0], geolocation=SHIZUOKA, permissions=["geolocation"])
    await say(page, "無事です", "出社できない")
    await page.locator("textarea").fill("家の前の道が通れません")
    await page.get_by_text("いまいる場所を送る", exact=True).tap()
    await expect(page.locator("input[name=lat]")).to_have_value(re.compile("34"))

    dead = asyncio.Event()

    async def dies(route):
        if route.request.method == "POST":
            await route.fetch(max_redirects=0)
            # The page stays where it is, as when nothing comes back.
            await route.fulfill(status=204)
            dead.set()
        else:
            await route.continue_()

    await page.route("**/a/*", dies)
    await submit(page)
    await expect(row(miura, "大石 健")).to_contain_text("無事")
    await dead.wait()
    await page.unroute("**/a/*")
    await submit(page)
    await expect(page.get_by_text("回答を受け付けました")).to_be_visible()

    await expect(card.locator("[data-card]")).to_contain_text("無事")
    await expect(mori.get_by_text("4人中1人が回答（25%）")).to_be_visible()
    await expect(mori.get_by_role("list").locator("li", has_text="渡邉 花子").first).to_be_visible()
    (given,) = await answers_of(server.services, firm.oishi)
    assert (given.channel, given.self, given.work) == ("mail", "safe", "cannot")
    assert given.comment == "家の前の道が通れません" and round(given.lat, 3) == 34.867
    assert await counts(server.services, about) == {"": 3, "safe": 1}


async def test_an_older_mail_answers_the_newest_quake_and_the_history_shows_both(server, firm, phone, window):
    first = await quake(server, firm, title="最初の地震")
    newest = await quake(server, firm, title="二度目の地震")
    older = links(server)["oishi"][0]
    page = await phone(links(server)["oishi"][-1])
    await say(page, "無事です")
    await submit(page)
    await expect(page.get_by_text("回答を受け付けました")).to_be_visible()
    page = await phone(older)
    await expect(page.get_by_role("heading", name="二度目の地震")).to_be_visible()
    await say(page, "軽いけがをした")
    await submit(page)
    await expect(page.get_by_text("回答を受け付けました")).to_be_visible()

    for about in (first, newest):
        assert (await counts(server.services, about)).get("minor") == 1
    mori = await window(firm.mori, at=f"/anpi/incidents/{newest}/totals")
    await mori.get_by_role("button", name="大石 健", exact=True).click()
    history = mori.get_by_role("dialog").get_by_role("list").first
    await expect(history.get_by_role("listitem")).to_have_count(2)
    await expect(history.get_by_role("listitem").first).to_contain_text("軽傷")
    await expect(history.get_by_role("listitem").last).to_contain_text("無事")
    await expect(history.get_by_text("メール")).to_have_count(2)


async def test_what_matches_is_counted_kept_as_csv_and_printed(server, firm, window):
    about = await quake(server, firm)
    for person, said in (
        (firm.oishi, Said(self="safe", work="cannot", comment="=1+1")),
        (firm.miura, Said(self="safe")),
    ):
        given = Given(key=f"given-{person.id:04d}", account=person.id, incident=about, channel="mail", said=said)
        await server.services.writer.ask(ANSWER, given)
    page = await window(firm.mori, at=f"/anpi/incidents/{about}/totals", accept_downloads=True)
    await expect(page.get_by_text("4人中2人が回答（50%）")).to_be_visible()
    await page.get_by_label("出社の可否").select_option(label="出社できない")
    await expect(page.get_by_text("1人中1人が回答（100%）")).to_be_visible()
    await expect(page.get_by_role("button", name="大石 健", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="三浦 誠", exact=True)).to_have_count(0)

    async with page.expect_download() as saving:
        await page.get_by_role("link", name="CSVをダウンロード").click()
    kept = await asyncio.to_thread(Path(await (await saving.value).path()).read_bytes)
    assert kept.startswith(b"\xef\xbb\xbf") and b"\r\n" in kept
    head, *rows = kept.decode("utf-8-sig").splitlines()
    assert "氏名" in head and len(rows) == 1 and "大石 健" in rows[0] and "'=1+1" in rows[0]

    await page.evaluate(
        "() => (window.print = () => (window.paper = document.querySelector('.print-answers').textContent))"
    )
    await page.get_by_role("button", name="印刷").click()
    paper = await (await page.wait_for_function("() => window.paper")).json_value()
    assert TITLE in paper and "大石 健" in paper and "三浦" not in paper


async def test_after_the_end_the_link_says_so_and_the_badges_are_gone(server, firm, phone, window):
    about = await quake(server, firm)
    miura = await window(firm.miura, at="/directory")
    await expect(row(miura, "大石 健")).to_contain_text("未回答")

    assert (await firm.desk.complete(about, unanswered=4)).status_code == 200
    await preparing.prepare_all(server.services)

    await expect(row(miura, "大石 健")).not_to_contain_text("未回答")
    page = await phone(links(server)["oishi"][0])
    await expect(page.get_by_role("heading", name=CLOSED)).to_be_visible()


async def test_an_answer_in_english_and_one_by_reply_count(server, firm, phone, window):
    about = await quake(server, firm)
    page = await phone(links(server)["nguyen"][0], locale="en-GB")
    await say(page, "I am safe")
    await submit(page, "Submit")
    await expect(page.get_by_text("Received at")).to_be_visible()
    reply = Given(key="reply-to-1", account=firm.watanabe.id, incident=about, channel="reply", said=Said(self="safe"))
    await server.services.writer.ask(ANSWER, reply)

    mori = await window(firm.mori, at=f"/anpi/incidents/{about}/totals")
    await expect(mori.get_by_text("4人中2人が回答（50%）")).to_be_visible()
    await expect(mori.locator("li", has_text="渡邉 花子").last).to_contain_text("メール返信")


async def test_a_link_that_is_not_ones_own_says_one_thing_only(server, firm, phone):
    await quake(server, firm)
    (link,) = links(server)["oishi"]
    head, token = link.rsplit("/", 1)
    for place in (0, len(token) // 2, len(token) - 1):
        other = "A" if token[place] != "A" else "B"
        page = await phone(f"{head}/{token[:place]}{other}{token[place + 1 :]}")
        await expect(page.get_by_role("heading", name=INVALID)).to_be_visible()
        await expect(page.get_by_text("大石")).to_have_count(0)


# ---------------------------------------------------------------- in the app


async def test_in_the_app_he_is_asked_on_every_screen_and_nothing_is_chosen(server, firm, window):
    await quake(server, firm)
    page = await window(firm.oishi, at="/talk", **PHONE)
    banner = page.get_by_role("status").filter(has_text="ご無事ですか？")
    await expect(banner).to_contain_text(TITLE)
    await page.goto(f"{server.address}/directory")
    await banner.get_by_role("link", name="回答する").tap()
    await expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    assert await page.locator("input:checked").count() == 0
    await expect(page.get_by_text("いまいる場所を送る")).to_have_count(0)
    await submit(page)
    await expect(page.get_by_role("alert")).to_have_text("あてはまるものを1つ選んでください。")
    await say(page, "無事です", "出社できない")
    await submit(page)

    await expect(page.get_by_text("回答を受け付けました")).to_be_visible()
    await page.goto(f"{server.address}/talk")
    await expect(page.get_by_role("navigation", name="メニュー")).to_be_visible()
    await expect(banner).to_have_count(0)
    (given,) = await answers_of(server.services, firm.oishi)
    assert (given.channel, given.self, given.work) == ("directory", "safe", "cannot")


async def test_the_card_in_talk_answers_by_the_session(server, firm, window):
    about = await quake(server, firm, location=True)
    says = talker(server.services)
    assert says is not None, "this test needs the talk"
    await says.say_waiting()

    page = await window(firm.oishi, at="/talk", **PHONE)
    await page.get_by_role("navigation", name="トークルーム").get_by_text(TITLE).first.tap()
    card = page.get_by_role("article", name=TITLE)
    await card.get_by_role("button", name="回答する").tap()
    await expect(card.get_by_text("ご無事ですか？")).to_be_visible()
    assert await card.locator("input:checked").count() == 0
    await expect(page.get_by_placeholder("メッセージを入力")).to_have_count(0)
    await card.get_by_text("無事です", exact=True).tap()
    await card.get_by_role("button", name="回答する").tap()

    await expect(card).to_contain_text("回答を受け付けました")
    (given,) = await answers_of(server.services, firm.oishi)
    assert (given.channel, given.self, given.lat) == ("talk", "safe", None)
    await firm.desk.complete(about, unanswered=3)
    await preparing.prepare_all(server.services)
    await expect(card).to_contain_text(CLOSED)


async def test_an_address_of_ones_own_is_confirmed_by_its_mail(server, firm, window, phone):
    page = await window(firm.oishi, at="/settings", **PHONE)
    region = page.get_by_role("region", name="安否の連絡先")
    await region.get_by_label("メールアドレス").fill("ken..oishi@docomo.ne.jp")
    await region.get_by_role("button", name="追加").tap()
    await expect(region.get_by_role("listitem")).to_contain_text("未確認")
    body = await server.services.readers.ask(lambda db: db.execute(select(mails.c.body)).scalars().one())
    path = re.search(r"(/c/\S+)", body)
    assert path is not None
    link = await phone(server.address + path[1])
    await link.get_by_role("button").first.tap()

    await page.reload()
    await expect(region.get_by_role("listitem")).to_contain_text("確認済")
    await region.get_by_role("button", name="削除する").tap()
    await page.get_by_role("dialog").get_by_role("button", name="削除する").tap()
    await expect(region.get_by_text("まだ登録されていません。")).to_be_visible()


async def test_the_service_worker_is_served_to_the_whole_of_the_site(server, firm, window):
    page = await window(firm.oishi)
    scope = await page.evaluate("async () => (await navigator.serviceWorker.register('/sw.js')).scope")
    assert scope == f"{server.address}/"
    await page.evaluate("async () => void (await navigator.serviceWorker.ready)")


async def test_without_a_line_the_answer_waits_and_goes_out_with_the_next_one(server, firm, window):
    about = await quake(server, firm)
    page = await window(firm.oishi, at="/anpi/mine", **PHONE)
    await expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    await page.context.set_offline(True)
    for connection in list(server.services.hub.connections()):
        connection.line.transport.abort()
    await say(page, "軽いけがをした")
    await submit(page)
    await expect(page.get_by_text("つながりしだい回答を送信します")).to_be_visible(timeout=30_000)
    assert await answers_of(server.services, firm.oishi) == []

    await page.context.set_offline(False)
    await expect(page.get_by_text("回答を受け付けました")).to_be_visible(timeout=30_000)
    (given,) = await answers_of(server.services, firm.oishi)
    assert (given.channel, given.self) == ("queue", "minor")
    assert await counts(server.services, about) == {"": 3, "minor": 1}


# ---------------------------------------------------------------- at 森's desk


async def test_who_is_called_is_called_once_and_answered_for_with_a_reason(server, firm, window):
    about = await quake(server, firm)
    sano = await hire(server.services, "sano")
    await give(server.services, sano.id, name="佐野 剛", anpi_login_id="sano01", privileges=[Privilege.ADMIN_ANPI])
    mori, other = [await window(one, at=f"/anpi/incidents/{about}/board") for one in (firm.mori, sano)]

    def silent(page: Page):
        return page.get_by_role("region", name="まだ回答のない人").locator("li", has_text="大石 健")

    call = silent(mori).get_by_role("link", name="大石 健さんに電話をかける")
    await expect(call).to_have_attribute("href", f"{SCHEME}09011112222%233")
    await silent(mori).get_by_role("button", name="対応中にする").click()
    await expect(silent(mori)).to_contain_text("対応中（")
    await expect(silent(other)).to_contain_text("森 由美さんが対応中")
    await expect(silent(other).get_by_role("button", name="対応中にする")).to_have_count(0)

    await silent(mori).get_by_role("button", name="代理回答").click()
    dialog = mori.get_by_role("dialog")
    await dialog.get_by_role("button", name="回答する").click()
    await expect(dialog.get_by_role("alert")).to_have_text("あてはまるものを1つ選んでください。")
    await dialog.get_by_text("軽傷", exact=True).click()
    await dialog.get_by_role("button", name="回答する").click()
    await expect(dialog.get_by_role("alert")).to_contain_text("理由")
    await dialog.get_by_label("理由").fill("電話で本人に確認")
    await dialog.get_by_role("button", name="回答する").click()
    await expect(dialog).to_have_count(0)

    await expect(silent(mori)).to_have_count(0)
    await expect(silent(other)).to_have_count(0)
    (given,) = await answers_of(server.services, firm.oishi)
    assert (given.channel, given.self, given.by_account_id) == ("proxy", "minor", firm.mori.id)
    assert (given.by_name, given.reason) == ("森 由美", "電話で本人に確認")


@pytest.mark.parametrize("form", IN_TURN)
async def test_axe_finds_nothing_wrong(server, firm, window, form):
    about = await quake(server, firm, location=True)
    hurt = Given(key="hurt-1-1", account=firm.watanabe.id, incident=about, channel="mail", said=Said(self="major"))
    await server.services.writer.ask(ANSWER, hurt)
    page = await window(firm.oishi, **form, at="/anpi/mine")
    await expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    await nothing_wrong(page)
    page = await window(firm.mori, **form, at=f"/anpi/incidents/{about}/board")
    for view in ("タイル", "表", "地図"):
        await page.get_by_text(view, exact=True).click()
        await nothing_wrong(page)
    await page.goto(f"{server.address}/anpi/incidents/{about}/totals")
    await page.get_by_role("button", name="渡邉 花子", exact=True).click()
    await expect(page.get_by_role("dialog")).to_contain_text("重傷")
    await nothing_wrong(page)
    await page.get_by_role("dialog").get_by_role("button", name="代理回答").click()
    await expect(page.get_by_label("理由")).to_be_visible()
    await nothing_wrong(page)
