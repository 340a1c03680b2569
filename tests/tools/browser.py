"""A Chromium for the tests: one for the whole run, a fresh context for each visitor."""

import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from tests.tools.need import need

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
FROM_NPM = Path(__file__).parent / "chromium" / "unpacked"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What the guard in no_network.py is to Python: no name leads outside.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1",
]


@pytest.fixture(scope="session")
def chromium_path() -> Path:
    """``$CHROMIUM``, the machine's own, or the one `./test` fetched from npm."""
    found = [os.environ.get("CHROMIUM"), *map(shutil.which, NAMES)]
    for path in filter(None, found):
        return Path(path)
    if (FROM_NPM / ".stamp").exists():
        return FROM_NPM / "chromium"
    need("Chromium", "apt-get install chromium, or ./test --install, or CHROMIUM=/path/to/browser")


@pytest.fixture(scope="session")
async def browser(chromium_path: Path) -> AsyncIterator[Browser]:
    """The browser of this run. Make a context a person: ``await browser.new_context(locale="ja-JP")``."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium_path, args=FLAGS, env=environment_for(chromium_path)
        )
        yield browser
        await browser.close()


def environment_for(chromium: Path) -> dict[str, str]:
    """What the one from npm needs besides: libraries and fonts that a bare machine does not have."""
    if chromium.parent != FROM_NPM:
        return dict(os.environ)
    fonts = {} if Path("/etc/fonts/fonts.conf").exists() else {"FONTCONFIG_PATH": str(FROM_NPM / "fonts")}
    return {**os.environ, "LD_LIBRARY_PATH": str(FROM_NPM / "al2023" / "lib"), **fonts}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what opens a browser, so that `-m "not browser"` leaves it out."""
    for item in items:
        if "chromium_path" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
