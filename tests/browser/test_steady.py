"""What somebody is about to press does not move away while the rest of a page arrives."""

from __future__ import annotations

import asyncio

from playwright.async_api import Route, expect

SHIFTS = """
  window.shifts = []
  new PerformanceObserver(list => window.shifts.push(...list.getEntries().map(each => each.value)))
    .observe({type: 'layout-shift', buffered: true})
"""
PARTS = {"/api/sessions": 0.3, "/api/push": 0.5, "/api/anpi/contacts": 0.7}
"""Seconds that the server takes for each part of the settings that asks it."""


async def test_settings_stay_where_they_are_while_their_parts_arrive(company, window):
    page = await window(company.sato, at="/")
    await page.add_init_script(SHIFTS)

    async def late(route: Route) -> None:
        await asyncio.sleep(next(seconds for path, seconds in PARTS.items() if route.request.url.endswith(path)))
        await route.continue_()

    for path in PARTS:
        await page.route(f"**{path}", late)
    async with page.expect_response("**/api/anpi/contacts"):
        await page.goto(page.url + "settings")
        dark = page.locator("input[name=scheme][value=dark]")
        await expect(dark).to_be_visible()
        before = await dark.bounding_box()
    for late in (page.locator("form[action='/signout'] button"), page.get_by_text("この端末", exact=True)):
        await expect(late).to_be_visible()
    assert await dark.bounding_box() == before
    assert await page.evaluate("shifts") == []


async def test_a_part_that_never_comes_keeps_nobody_from_the_others(company, window):
    page = await window(company.sato, at="/")
    over = asyncio.Event()

    async def never(route: Route) -> None:
        await over.wait()
        await route.abort()

    await page.route("**/api/push", never)
    await page.goto(page.url + "settings")
    await expect(page.locator("form[action='/signout'] button")).to_be_visible()
    over.set()
    await page.unroute_all(behavior="wait")
