"""The browser and the database the tests borrow are real, and keep to themselves."""

import psycopg
import pytest
from playwright.async_api import Error


async def test_a_browser_shows_a_page_and_reaches_nobody(browser):
    page = await browser.new_page()
    await page.set_content("<h1>安否確認</h1>")
    assert await page.inner_text("h1") == "安否確認"
    with pytest.raises(Error, match="ERR_NAME_NOT_RESOLVED"):
        await page.goto("http://example.com/")
    await page.close()


def test_postgres_is_real(postgres):
    with psycopg.connect(postgres.replace("+psycopg", ""), autocommit=True) as connection:
        assert connection.execute("SHOW server_encoding").fetchone() == ("UTF8",)
        connection.execute("CREATE DATABASE made_by_test")
        connection.execute("DROP DATABASE made_by_test")
