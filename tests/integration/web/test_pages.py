"""The pages without JavaScript and the app's files, asked of a real server."""

from __future__ import annotations

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.tools.company import hire
from tests.tools.running import Running, running, settings_for
from tests.tools.visitor import Visitor
from web import assets, pages

ELSEWHERE = {"Host": "192.168.1.5:8000"}
HTML = {"Accept": "text/html"}


@pytest.fixture
def built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small built app in place of the real one."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_text("<!doctype html><title>app</title>")
    (dist / "assets" / "app-1a2b.js").write_text("let app = 1")
    (dist / "assets" / "app-1a2b.js.br").write_bytes(b"brotli bytes")
    (dist / "assets" / "app-1a2b.js.gz").write_bytes(gzip.compress(b"let app = 1"))
    (dist / "assets" / "plain-3c.css").write_text("a{}")
    (dist / "secret.txt").write_text("not yours")
    monkeypatch.setattr(assets, "DIST", dist)
    monkeypatch.setattr(pages, "DIST", dist)
    return dist


@pytest.fixture
async def open_server(tmp_path: Path, sqlite_template: Path) -> AsyncIterator[Running]:
    """One whose operator has allowed plain http."""
    async with running(settings_for(tmp_path / "open", sqlite_template, allow_http=True)) as here:
        yield here


@pytest.mark.parametrize("path", ["/", "/talk", "/talk/12", "/settings"])
async def test_every_page_of_the_app_is_the_app(server: Running, built: Path, path: str):
    sato = await hire(server.services, "sato")
    async with Visitor.of(server, sato) as visitor:
        answer = await visitor.get(path)
    assert (answer.status_code, answer.text) == (200, "<!doctype html><title>app</title>")
    assert answer.headers["cache-control"] == "no-store"


async def test_an_app_that_was_not_built_says_what_to_do(server: Running, built: Path):
    (built / "index.html").unlink()
    sato = await hire(server.services, "sato")
    async with Visitor.of(server, sato) as visitor:
        answer = await visitor.get("/", **HTML)
    assert answer.status_code == 503
    assert "./run" in answer.text


@pytest.mark.parametrize(
    ("wish", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", b"brotli bytes"),
        ("gzip;q=1.0, br;q=0", "gzip", None),
        ("identity", None, b"let app = 1"),
        ("", None, b"let app = 1"),
    ],
)
async def test_a_file_comes_as_small_as_the_browser_takes_it(
    server: Running, built: Path, wish: str, encoding: str | None, body: bytes | None
):
    async with Visitor(server) as visitor:
        async with visitor._client.stream("GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": wish}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.headers["vary"] == "accept-encoding"
    assert raw == (body if body is not None else (built / "assets" / "app-1a2b.js.gz").read_bytes())


async def test_a_file_without_variants_comes_as_it_is(server: Running, built: Path):
    async with Visitor(server) as visitor:
        answer = await visitor.get("/assets/plain-3c.css", **{"Accept-Encoding": "br, gzip"})
    assert (answer.text, answer.headers.get("content-encoding")) == ("a{}", None)


@pytest.mark.parametrize(
    "path",
    [
        "/assets/none.js",
        "/assets/..%2fsecret.txt",
        "/assets/../secret.txt",
        "/assets/%2e%2e%2findex.html",
        "/assets/app-1a2b.js.br",
        "/assets/%00.js",
        "/assets/" + "a" * 5000 + ".js",
        "/static/../templates/base.html",
        "/static/%2e%2e/templates/base.html",
        "/templates/base.html",
    ],
)
async def test_no_other_file_can_be_had(server: Running, built: Path, path: str):
    async with Visitor(server) as visitor:
        assert (await visitor.get(path)).status_code == 404


async def test_the_pages_own_files_are_asked_for_again_and_not_sent_twice(server: Running):
    async with Visitor(server) as visitor:
        first = await visitor.get("/static/page.css")
        again = await visitor.get("/static/page.css", **{"If-None-Match": first.headers["etag"]})
    assert (first.status_code, first.headers["cache-control"]) == (200, "no-cache")
    assert again.status_code == 304


async def test_without_tls_the_page_says_what_is_missing(server: Running):
    await hire(server.services, "sato")
    async with Visitor(server) as visitor:
        page = await visitor.get("/signin", **ELSEWHERE)
        origin = {"Origin": "http://192.168.1.5:8000", **ELSEWHERE, **HTML}
        refused = await visitor.ask("POST", "/signin", origin, data={"login_id": "x", "password": "y"})

    for answer in (page, refused):
        assert "暗号化されていない" in answer.text and "reverse_proxy 127.0.0.1:" in answer.text
        assert "<form" not in answer.text, "a password would be sent in the open, and for nothing"
    assert refused.status_code == 403
    assert not visitor.cookies


async def test_without_tls_the_page_leads_to_the_address_that_has_it(tmp_path: Path, sqlite_template: Path):
    settings = settings_for(tmp_path / "var", sqlite_template, public_url="https://renraku.example.co.jp")
    async with running(settings) as server, Visitor(server) as visitor:
        await hire(server.services, "sato")
        page = await visitor.get("/signin", **ELSEWHERE)
    assert 'href="https://renraku.example.co.jp/signin"' in page.text
    assert "<form" not in page.text and "reverse_proxy" not in page.text


async def test_plain_http_is_possible_under_a_red_bar_when_the_operator_says_so(open_server: Running):
    sato = await hire(open_server.services, "sato")
    async with Visitor(open_server) as visitor:
        page = await visitor.get("/signin", **ELSEWHERE)
        assert 'class="insecure"' in page.text

        visitor.cookies["session"] = sato.token
        assert (await visitor.get("/api/me", **ELSEWHERE)).status_code == 200
        # On loopback, and behind TLS, the plain name counts for nothing: a neighbouring site could set it.
        assert (await visitor.get("/api/me")).status_code == 401
        secured = {"X-Forwarded-Proto": "https", **ELSEWHERE}
        assert (await visitor.get("/api/me", **secured)).status_code == 401


async def test_behind_a_proxy_with_tls_the_cookie_is_secure(server: Running):
    sato = await hire(server.services, "sato")
    async with Visitor.of(server, sato) as visitor:
        secured = {"X-Forwarded-Proto": "https", **ELSEWHERE}
        assert (await visitor.get("/api/me", **secured)).status_code == 200
        assert (await visitor.get("/api/me", **ELSEWHERE)).status_code == 401


async def test_who_is_signed_in_already_is_not_asked_again(server: Running):
    sato = await hire(server.services, "sato")
    async with Visitor.of(server, sato) as visitor:
        answer = await visitor.get("/signin?next=/talk/3")
        elsewhere = await visitor.get("/signin?next=//evil.example")
    assert answer.headers["location"] == "/talk/3"
    assert elsewhere.headers["location"] == "/"


async def test_a_refusal_speaks_the_language_of_whoever_is_signed_in(server: Running):
    sato = await hire(server.services, "sato")
    async with Visitor.of(server, sato) as visitor:
        await visitor.send("/api/settings", {"language": "en"})
        refused = await visitor.send("/api/sessions/end", {"id": "none"})
    assert refused.json()["message"] == "Not found, or not yours to see."
