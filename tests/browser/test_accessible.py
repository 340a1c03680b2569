"""axe finds nothing wrong on any screen, wide and light, narrow and dark."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.tools.files import EXECUTABLE, picture
from tests.tools.need import need

AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
FORMS = {
    "wide and light": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "light"},
    "narrow and dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark", "has_touch": True},
}
IN_TURN = [
    pytest.param(FORMS["wide and light"], id="wide and light"),
    pytest.param(FORMS["narrow and dark"], id="narrow and dark", marks=pytest.mark.long),
]
"""For pages made of what stands on the others too: the colours of the dark are looked at there."""


async def nothing_wrong(page: Page) -> None:
    await expect(page.locator("main").first).to_be_visible()
    await page.evaluate(AXE.read_text())
    found = await page.evaluate("tags => axe.run(document, {runOnly: tags})", RULES)
    first = [(each["id"], each["nodes"][0]) for each in found["violations"]]
    assert [(id, node["html"], node["failureSummary"]) for id, node in first] == []


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS.keys())
async def test_every_screen(server, company, window, form):
    if not AXE.exists():
        need("axe-core", "./test installs it with the builder of the browser app")
    suzuki = await server.connect(company.suzuki.token)
    people = [company.sato.id, company.ito.id]
    room = (await suzuki.ask("room.create", kind="open", name="会議室", people=people))["room"]["id"]
    page = await window(company.sato, **form)
    await nothing_wrong(page)

    await page.goto(f"{server.address}/talk/{room}")
    await page.get_by_placeholder("メッセージを入力").fill("おはようございます")
    await page.locator("form button[type=submit]").click()
    await expect(page.locator("article")).to_have_count(1)
    await suzuki.ask("mark", channel=room, seq=1)
    await suzuki.ask("typing", channel=room)
    await expect(page.locator("[data-read]")).to_have_count(1)
    await nothing_wrong(page)

    for button, ready in (("既読 1", "[role=tab]"), ("トークルームの情報", "[role=dialog] li, dialog li")):
        await page.get_by_role("button", name=button).click()
        await expect(page.locator(ready).first).to_be_visible()
        await nothing_wrong(page)
        await page.keyboard.press("Escape")

    await files(page)

    await page.goto(f"{server.address}/talk")
    await nothing_wrong(page)
    await page.get_by_role("button", name="自分の状態").click()
    await page.get_by_role("button", name="不在").click()
    await nothing_wrong(page)
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="新しいトーク").click()
    await expect(page.locator("dialog .person").first).to_be_visible()
    await nothing_wrong(page)

    for path in ("/settings", "/talk/999999", "/password", "/code", "/nowhere"):
        await page.goto(server.address + path)
        await expect(page.locator("h1:visible").first).to_be_visible()
        await nothing_wrong(page)


async def files(page: Page) -> None:
    """Chosen, refused, sent, and looked at."""
    pictures = {f"写真{number}.jpg": picture(size=(300, 200 + number)) for number in range(3)}
    given = {**pictures, "見積書.txt": b"1,200,000", "setup.exe": EXECUTABLE}
    box = page.locator("form input[type=file]")
    await box.set_input_files([{"name": name, "mimeType": "", "buffer": body} for name, body in given.items()])
    await expect(page.locator("[data-upload=ready]")).to_have_count(4)
    await expect(page.locator("[data-upload=refused]")).to_have_count(1)
    await nothing_wrong(page)
    await page.locator("form button[type=submit]").click()
    await expect(page.locator("article [data-file]")).to_have_count(4)
    await page.locator("[data-upload=refused] button").click()
    await nothing_wrong(page)
    await page.locator("article button[data-file]").first.click()
    await expect(page.locator("dialog img")).to_be_visible()
    await nothing_wrong(page)
    await page.keyboard.press("Escape")
