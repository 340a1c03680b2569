"""Which requests go past the router, and that whatever does is told nothing else than on the long way."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route, Router

from server.shortcut import Shortcut


async def show(request: Request) -> Response:
    return PlainTextResponse(f"{request.method} {request.path_params.get('token')} {request.scope['route'].path}")


ROUTES = [
    Route("/a/script.js", show, methods=["GET"]),
    Route("/a/{token}", show, methods=["GET"]),
    Route("/a/{token}", show, methods=["POST"]),
    Route("/a/{token}/more", show, methods=["GET"]),
    Route("/b/{token}", show, methods=["GET"]),
]


async def said(app: Any, method: str, path: str, root: str = "") -> tuple[int, str]:
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b"", "root_path": root}
    await app(scope, receive, send)
    return sent[0]["status"], b"".join(each.get("body", b"") for each in sent).decode()


class Noted:
    """The long way, and who went it."""

    def __init__(self) -> None:
        self.app, self.went = Router(ROUTES), []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.went.append(scope["path"])
        await self.app(scope, receive, send)


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/a/abc"), ("HEAD", "/a/abc"), ("POST", "/a/abc"), ("GET", "/a/猫")]
)
async def test_a_link_goes_the_short_way_and_is_answered_the_same(method: str, path: str):
    long_way = Noted()
    short = Shortcut(long_way, ROUTES, ("/a/",))
    assert await said(short, method, path) == await said(Router(ROUTES), method, path)
    assert long_way.went == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/a/script.js"),
        ("GET", "/a/abc/more"),
        ("GET", "/a/"),
        ("GET", "/a"),
        ("GET", "/"),
        ("DELETE", "/a/abc"),
        ("GET", "/b/abc"),
        ("GET", "//a/abc"),
    ],
)
async def test_everything_else_goes_the_long_way(method: str, path: str):
    long_way = Noted()
    short = Shortcut(long_way, ROUTES, ("/a/",))
    assert await said(short, method, path) == await said(Router(ROUTES), method, path)
    assert long_way.went == [path]


async def test_behind_a_proxys_prefix_the_router_finds_the_way():
    long_way = Noted()
    short = Shortcut(long_way, ROUTES, ("/a/",))
    assert (await said(short, "GET", "/under/a/abc", root="/under"))[0] == 200
    assert long_way.went == ["/under/a/abc"]
