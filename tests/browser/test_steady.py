"""What somebody is about to press does not move away while the rest of a page arrives."""

from __future__ import annotations

import asyncio

from playwright.async_api import Page, Route, expect

from server.auth.model import Privilege
from tests.tools.company import hire

SHIFTS = """
  window.shifts = []
  new PerformanceObserver(list => window.shifts.push(...list.getEntries().map(each => each.value)))
    .observe({type: 'layout-shift', buffered: true})
"""
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
PARTS = {"/api/sessions": 0.3, "/api/push": 0.5, "/api/anpi/contacts": 0.7}
"""Seconds that the server takes for each part of the settings that asks it; the last is the slowest."""


async def test_settings_stay_where_they_are_while_their_parts_arrive(server, window):
    asked = await hire(server.services, "mori", privileges=frozenset({Privilege.ADMIN_ANPI}))
    page = await window(asked, permissions=["notifications"])
    await page.add_init_script(SHIFTS)

    async def late(route: Route) -> None:
        await asyncio.sleep(next(seconds for path, seconds in PARTS.items() if route.request.url.endswith(path)))
        await route.continue_()

    for path in PARTS:
        await page.route(f"**{path}", late)
    dark = page.locator("input[name=scheme][value=dark]")
    async with page.expect_response(f"**{[*PARTS][-1]}"):
        await page.goto(page.url + "settings")
        await expect(dark).to_be_visible()
        before = await dark.bounding_box()
    for part in ("安否の連絡先", "安否確認の通知", "ログイン中の端末"):
        await expect(page.get_by_role("heading", name=part)).to_be_visible()
    assert await dark.bounding_box() == before
    await page.evaluate(TWO_FRAMES)
    assert await page.evaluate("shifts") == []


async def test_a_part_that_never_comes_keeps_nobody_from_the_others(company, window):
    page = await window(company.sato)
    asked, over = asyncio.Event(), asyncio.Event()

    async def never(route: Route) -> None:
        asked.set()
        await over.wait()
        await route.abort()

    await page.route("**/api/sessions", never)
    await page.goto(page.url + "settings")
    await expect(page.locator("form[action='/signout'] button")).to_be_visible()
    assert asked.is_set()
    over.set()
    await page.unroute_all(behavior="wait")


async def test_who_wishes_for_less_motion_sees_none(company, window):
    assert await _moving(await window(company.sato)) == ["none"]
    assert await _moving(await window(company.ito, reduced_motion="no-preference")) != ["none"]


async def _moving(page: Page) -> list[str]:
    """What may change bit by bit, of all that the first page is made of."""
    await expect(page.locator("main").first).to_be_visible()
    kinds = "[...document.querySelectorAll('*')].map(each => getComputedStyle(each).transitionProperty)"
    return await page.evaluate(f"[...new Set({kinds})]")
