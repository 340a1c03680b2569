"""People in their own windows, on a server with the built app."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from playwright.async_api import Browser, Page
from sqlalchemy import update

from server.auth.tables import accounts
from tests.integration.conftest import company, server
from tests.tools.company import Someone, sign_in
from tests.tools.running import Running

__all__ = ["company", "server"]

PASSWORD = "北斗七星はいつも北に"


@pytest.fixture
async def window(server: Running, browser: Browser) -> AsyncIterator[Callable[..., Awaitable[Page]]]:
    """``await window(company.sato, at="/talk")``: a browser of his own, signed in, and at this address.

    Twice for the same person: two devices. If he is asked for his password, it is ``PASSWORD``. Nothing moves for
    its own sake: what is looked at is what it will be.
    """
    contexts = []

    async def open_for(person: Someone, at: str = "/", locale: str = "ja-JP", **options: object) -> Page:
        hashed = await server.services.passwords.hash(PASSWORD)
        changed = update(accounts).where(accounts.c.id == person.id).values(password_hash=hashed)
        await server.services.writer.act(lambda tx: tx.connection.execute(changed) and None)
        context = await browser.new_context(**{"locale": locale, "reduced_motion": "reduce", **options})
        contexts.append(context)
        token = await sign_in(server.services, person.id)
        # Chromium lets a page of this machine have what is meant for TLS alone, as `__Host-` is.
        secure = {"url": server.address.replace("http:", "https:"), "secure": True, "httpOnly": True}
        await context.add_cookies([{"name": "__Host-session", "value": token, "sameSite": "Lax", **secure}])
        page = await context.new_page()
        page.set_default_timeout(10_000)
        await page.goto(server.address + at)
        return page

    yield open_for
    for context in contexts:
        await context.close()
