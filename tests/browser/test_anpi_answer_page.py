"""The page of a link on a telephone: without a script, in both languages, by hand and by key."""

from __future__ import annotations

from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from playwright.async_api import Browser, Page

from tests.browser.test_accessible import AXE, nothing_wrong
from tests.tools.anpi_answering import Link, ask, complete, given_answers, incident
from tests.tools.need import need
from tests.tools.running import Running

PHONE = {"width": 390, "height": 844}
QUESTIONS = '{"own":[{"text":{"ja":"会社の鍵を持っていますか？"},"choices":[{"ja":"はい"},{"ja":"いいえ"}]}]}'
HERE = {"latitude": 35.681, "longitude": 139.767, "accuracy": 20}


@pytest.fixture
async def asked(server: Running, company: SimpleNamespace) -> SimpleNamespace:
    about = await incident(
        server.services,
        title="災害発生/Disaster occurred",
        message="震度6強の地震がありました。\n身の安全を確保してから、安否を回答してください。",
        questions=QUESTIONS,
        location=True,
    )
    await ask(server.services, about, [company.sato.id])
    return SimpleNamespace(about=about, address=server.address + Link(server, about, company.sato.id).path)


@pytest.fixture
async def phone(browser: Browser) -> AsyncIterator[Any]:
    contexts = []

    async def open_for(**options: Any) -> Page:
        context = await browser.new_context(viewport=PHONE, **options)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        return page

    yield open_for
    for context in contexts:
        await context.close()


async def test_one_answers_without_a_script(server: Running, asked: SimpleNamespace, phone: Any):
    page = await phone(java_script_enabled=False)
    await page.goto(asked.address)

    assert await page.locator("input:checked").count() == 0
    assert await page.get_by_text("いまいる場所を送る").is_hidden(), "without a script nobody knows where one is"
    await page.get_by_text("無事です", exact=True).click()
    await page.get_by_text("出社できない").click()
    await page.get_by_label("ひとこと").fill("家の前の道が通れません")
    await page.get_by_role("button", name="回答する").click()

    await page.get_by_text("回答を受け付けました").wait_for()
    assert await page.get_by_text("家の前の道が通れません").is_visible()
    (row,) = await given_answers(server.services)
    assert (row.self, row.work, row.lat) == ("safe", "cannot", None)
    await page.get_by_text("もう一度回答する").click()
    assert await page.locator("input:checked").count() == 0


async def test_without_a_script_what_is_wrong_leads_to_its_field_and_what_was_chosen_can_be_left(
    server: Running, asked: SimpleNamespace, phone: Any
):
    page = await phone(java_script_enabled=False)
    await page.goto(asked.address)
    await page.get_by_role("group", name="出社できますか？").get_by_text("出社できない").click()
    await page.locator("textarea").fill("家の前の道が通れません")
    # A browser that does not look itself whether something is missing.
    await page.locator("input[required]").first.evaluate("input => { input.form.noValidate = true }")
    await page.get_by_role("button", name="回答する").click()

    assert (await page.title()).startswith("エラー：")
    await page.get_by_role("alert").get_by_role("link", name="ご無事ですか？").click()
    await page.keyboard.press("Space")
    assert await page.get_by_label("無事です").is_checked(), "the link leads to the field"
    await page.get_by_role("group", name="出社できますか？").get_by_text("回答しない").click()
    await page.get_by_role("button", name="回答する").click()

    await page.get_by_text("回答を受け付けました").wait_for()
    (answer,) = await given_answers(server.services)
    assert (answer.self, answer.work, answer.comment) == ("safe", "", "家の前の道が通れません")


async def test_where_one_is_goes_along_only_with_the_tick(server: Running, asked: SimpleNamespace, phone: Any):
    page = await phone(geolocation=HERE, permissions=["geolocation"])
    for ticked in (False, True):
        await page.goto(asked.address)
        if ticked:
            await page.get_by_label("いまいる場所を送る").check()
            await page.get_by_text("場所を付けました。").wait_for()
        await page.get_by_text("無事です", exact=True).click()
        await page.get_by_role("button", name="回答する").click()
        await page.get_by_text("回答を受け付けました").wait_for()

    assert [row.lat for row in await given_answers(server.services)] == [None, HERE["latitude"]]


async def test_everything_can_be_hit_with_a_thumb_and_nothing_leaves_the_screen(asked: SimpleNamespace, phone: Any):
    page = await phone()
    await page.goto(asked.address)
    for scale in ("100%", "200%"):
        await page.evaluate("scale => { document.documentElement.style.fontSize = scale }", scale)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), scale
        for box in [await each.bounding_box() for each in await page.locator("label, button, a").all()]:
            if box is not None:
                assert box["height"] >= 44, box
    for value in ("safe", "minor", "major", "other"):
        box = await page.locator(f"label.big.{value}").bounding_box()
        assert box is not None and box["height"] >= 64


async def test_one_answers_by_key_alone(server: Running, asked: SimpleNamespace, phone: Any):
    page = await phone(locale="en-US")
    await page.goto(f"{asked.address}?lang=en")
    await page.get_by_role("radio", name="Slightly injured").focus()
    await page.keyboard.press("Space")
    await page.get_by_role("button", name="Submit").focus()
    await page.keyboard.press("Enter")

    await page.get_by_text("Received at").wait_for()
    assert [row.self for row in await given_answers(server.services)] == ["minor"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_wrong(server: Running, asked: SimpleNamespace, phone: Any, scheme: str):
    if not AXE.exists():
        need("axe-core", "./test installs it with the builder of the browser app")
    page = await phone(color_scheme=scheme)
    await page.goto(asked.address)
    await nothing_wrong(page)
    await page.get_by_text("大けがをした").click()
    await page.get_by_role("button", name="回答する").click()
    await page.get_by_text("回答を受け付けました").wait_for()
    await nothing_wrong(page)
    await complete(server.services, asked.about)
    await page.goto(asked.address)
    await page.get_by_role("heading", name="この安否確認は終了しました。").wait_for()
    await nothing_wrong(page)
