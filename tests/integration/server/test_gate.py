"""What every request passes and every answer carries, asked of a real server."""

from __future__ import annotations

import asyncio
import json

import pytest
import structlog

from tests.tools.company import hire
from tests.tools.running import Running
from tests.tools.visitor import Visitor

PAGES = ("/signin", "/healthz", "/api/me", "/nowhere", "/static/page.css", "/")


@pytest.mark.parametrize("path", PAGES)
async def test_every_answer_carries_the_headers(server: Running, path: str):
    async with Visitor(server) as visitor:
        headers = (await visitor.get(path)).headers

    policy = headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'none'" in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "server" not in headers
    assert "strict-transport-security" not in headers, "this server has no https address"


async def test_nothing_about_people_is_kept_by_browsers(server: Running):
    async with Visitor(server) as visitor:
        for path in ("/signin", "/api/me", "/"):
            assert (await visitor.get(path)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "a b", ""])
async def test_a_foreign_host_is_refused(server: Running, host: str):
    async with Visitor(server) as visitor:
        answer = await visitor.get("/signin", Host=host)
    assert answer.status_code == 400


async def test_a_refusal_is_a_page_for_people_and_json_for_programs(server: Running):
    async with Visitor(server) as visitor:
        page = await visitor.get("/nowhere", Accept="text/html,*/*", **{"Accept-Language": "en"})
        data = await visitor.get("/nowhere", **{"Accept-Language": "en"})
        api = await visitor.get("/api/nowhere", Accept="text/html")

    assert page.status_code == data.status_code == api.status_code == 404
    assert "<h1>Page not found</h1>" in page.text
    assert data.json() == {"code": "not_found", "message": "Not found, or not yours to see."}
    assert api.json()["code"] == "not_found"


async def test_the_wrong_method_says_which_is_right(server: Running):
    async with Visitor(server) as visitor:
        answer = await visitor.ask("PUT", "/api/me", {"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 405
    assert "GET" in answer.headers["allow"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
    ],
)
async def test_a_form_of_another_site_changes_nothing(server: Running, headers: dict[str, str]):
    async with Visitor(server) as visitor:
        for path in ("/signin", "/signout", "/password", "/api/sessions/end-others"):
            answer = await visitor.ask("POST", path, headers, data={"x": "y"})
            assert (answer.status_code, answer.json()["code"]) == (403, "cross_site")


async def test_an_old_browser_is_known_by_its_origin(server: Running):
    async with Visitor(server) as visitor:
        origin = {"Origin": server.address}
        answer = await visitor.ask("POST", "/signin", origin, data={"login_id": "x", "password": "y"})
    assert answer.status_code == 400, "refused for its password, not for its origin"


async def test_a_body_is_read_up_to_the_limit_and_no_further(server: Running):
    async with Visitor(server) as visitor:
        fits = await visitor.sign_in("x", "a" * 60_000)
        long = await visitor.sign_in("x", "a" * 70_000)
        huge = await visitor.sign_in("x", "a" * 1_000_000)

    assert fits.status_code == 400
    assert (long.status_code, huge.status_code) == (413, 413)


async def test_a_body_without_a_length_is_counted_as_it_comes(server: Running):
    async def pieces():
        for _ in range(100):
            yield b"a" * 1000

    async with Visitor(server) as visitor:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        answer = await visitor.ask("POST", "/signin", kind, content=pieces())
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


@pytest.mark.parametrize(
    "body", [b"%ff%fe", b"login_id=%ED%A0%80", b"\xff\xfe", b"a=1&a=2", b"&".join([b"x=1"] * 50)]
)
async def test_a_broken_form_is_refused_not_mended(server: Running, body: bytes):
    async with Visitor(server) as visitor:
        kind = {"Content-Type": "application/x-www-form-urlencoded", "Sec-Fetch-Site": "same-origin"}
        answer = await visitor.ask("POST", "/signin", kind, content=body)
    assert answer.status_code == 400


async def test_a_bug_is_told_with_its_number_and_logged_with_its_traceback(
    server: Running, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: object) -> None:
        raise RuntimeError("a secret of the implementation")

    monkeypatch.setattr(server.services.readers, "ask", broken)
    with structlog.testing.capture_logs() as lines:
        async with Visitor(server) as visitor:
            visitor.cookies["__Host-session"] = "x"
            answer = await visitor.get("/api/me")

    assert answer.status_code == 500
    assert "secret" not in answer.text
    (failure,) = [line for line in lines if line["event"] == "request.failed"]
    assert isinstance(failure["exc_info"], RuntimeError)


async def test_the_access_log_knows_no_query_and_no_cookie(server: Running):
    await hire(server.services, "sato")
    with structlog.testing.capture_logs() as lines:
        async with Visitor(server) as visitor:
            visitor.cookies["__Host-session"] = "token-of-somebody"
            await visitor.get("/signin?next=/talk/3&token=token-in-query")

    (line,) = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/signin", 200)
    assert "token" not in json.dumps(line)


async def test_a_client_that_goes_away_is_no_error(server: Running):
    with structlog.testing.capture_logs() as lines:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        head = f"POST /signin HTTP/1.1\r\nHost: {server.host}\r\nOrigin: {server.address}\r\n"
        kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 500\r\n\r\nlogin_id="
        writer.write((head + kind).encode())
        await writer.drain()
        await asyncio.sleep(0.05)
        writer.close()
        await writer.wait_closed()
        async with asyncio.timeout(5):
            while not [line for line in lines if line["event"] == "request"]:
                await asyncio.sleep(0.01)
    assert not [line for line in lines if line["log_level"] == "error"]
