"""People in their own windows, signed in by the page itself, on a server with the built app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import update

from server.auth.tables import accounts
from tests.integration.conftest import company, server
from tests.tools.company import Someone
from tests.tools.running import Running

__all__ = ["company", "server"]

PASSWORD = "北斗七星はいつも北に"


@pytest.fixture
async def window(server: Running, browser: Browser) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """``await window(company.sato)``: a browser of his own, signed in."""
    contexts = []

    async def open_for(person: Someone, locale: str = "ja-JP", **options: object) -> Page:
        hashed = await server.services.passwords.hash(PASSWORD)
        changed = update(accounts).where(accounts.c.id == person.id).values(password_hash=hashed)
        await server.services.writer.act(lambda tx: tx.connection.execute(changed) and None)
        context = await browser.new_context(locale=locale, **options)
        contexts.append(context)
        page = await context.new_page()
        page.set_default_timeout(10_000)
        await page.goto(f"{server.address}/signin")
        await page.fill("[name=login_id]", person.account.login_id)
        await page.fill("[name=password]", PASSWORD)
        await page.click("form button[type=submit]")
        await page.wait_for_url(f"{server.address}/")
        return page

    yield open_for
    for context in contexts:
        await context.close()
