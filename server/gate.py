"""What every request passes, in this order: a number, the Host, who sent it, whether there is room for anybody, its
size; and what every answer carries: the headers that keep a browser from doing what we never meant.

Plain ASGI: Starlette's ``BaseHTTPMiddleware`` would put each request into a task and a queue of its own.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

import structlog
from starlette.requests import ClientDisconnect
from starlette.routing import BaseRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from server.admission import check_room
from server.answers import Internal, refused
from server.auth.audit import visible
from server.errors import AppError, Forbidden, Invalid
from server.noise import Noise
from server.origin import header, host_is_allowed, host_name, is_our_page
from server.ports import MESSAGE_PAGE
from server.services import Services
from server.settings import Settings
from server.shortcut import Shortcut

BODY_LIMIT = 64 * 1024
SOCKET = "/socket"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

log = structlog.get_logger()

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    # Not "no-referrer": browsers would then send "Origin: null" with our own forms, which is all that plain
    # http leaves us to tell them from a stranger's. Nothing goes to other sites either way.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(self), microphone=(), payment=(), usb=()",
    # Pages and answers are about people; what may be kept says so itself.
    "cache-control": "no-store",
}
_HSTS = "max-age=31536000"


class TooLarge(AppError):
    """More bytes than this address takes."""

    status = 413
    code = "too_large"


class Gate:
    """Middleware around the whole app with its ``routes``. ``services.ports`` may offer the page for refusals.

    The one ``socket`` is asked here and not by a route: when thousands come back at once, the way through the router
    would be a seventh of what a handshake costs.
    """

    def __init__(self, app: ASGIApp, services: Services, socket: ASGIApp, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._services = services
        self._at_socket = socket
        self._headers = dict(_HEADERS)
        self._noise = Noise()
        self._open = tuple(path for module in services.modules for path in module.open_paths)
        self._asked = Shortcut(app, routes, self._open)
        if services.settings.public_url.startswith("https://"):
            self._headers["strict-transport-security"] = _HSTS
        self._pairs = [(name.encode(), value.encode()) for name, value in self._headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            return await self._app(scope, receive, send)
        request_id = self._noise.take(8).hex()
        state = scope.setdefault("state", {})
        state["request_id"] = request_id
        # For good: each request has a task of its own, and what it was called ends with that.
        structlog.contextvars.bind_contextvars(request=request_id)
        if scope["type"] == "websocket":
            return await self._socket(scope, receive, send)
        return await self._request(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The Host and whether there is room: ``server/socket.py`` asks the rest before it accepts."""
        settings = self._services.settings
        try:
            if not host_is_allowed(host_name(scope), settings):
                raise Forbidden("host")
            check_room(scope, self._services)
        except AppError as refusal:
            await receive()
            # Before "accept" this is the answer to the handshake.
            return await refused(scope, refusal, settings, None)(scope, receive, send)
        inner = self._at_socket if scope["path"] == SOCKET else self._app
        return await inner(scope, receive, send)

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        answer = _Answer(send, self._pairs)
        try:
            check_request(scope, self._services.settings, self._open)
            check_room(scope, self._services)
            await self._asked(scope, _limited(scope, receive), answer.send)
        except AppError as refusal:
            await self._refuse(scope, receive, answer, refusal)
        except ClientDisconnect:
            answer.status = answer.status or 499
        except Exception as bug:
            log.error("request.failed", exc_info=bug)
            internal = Internal(request_id=scope["state"]["request_id"])
            await self._refuse(scope, receive, answer, internal)
        finally:
            _note(scope, answer.status, started, self._open)
            self._count(scope, answer.status, time.perf_counter() - started)

    async def _refuse(self, scope: Scope, receive: Receive, answer: _Answer, refusal: AppError) -> None:
        if answer.status:
            # Half an answer is out: all that can be done is to end the line, so that nobody takes it for whole.
            raise refusal
        page = self._services.ports.get(MESSAGE_PAGE)
        response = refused(scope, refusal, self._services.settings, page)
        await response(scope, receive, answer.send)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        """By the route's template: there are as many as routes, and no token stands in one."""
        route = getattr(scope.get("route"), "path", "")
        self._services.meter.request(route, status, seconds)


def check_request(scope: Scope, settings: Settings, open_paths: tuple[str, ...] = ()) -> None:
    """Refuse a request that is not meant for us, or that another site has made somebody's browser send."""
    host = host_name(scope)
    if not host_is_allowed(host, settings):
        raise Invalid("bad_host", host=visible(host or "", 100))
    if scope["method"] in SAFE_METHODS or scope["path"].startswith(open_paths):
        return
    if not is_our_page(scope, settings):
        raise Forbidden("cross_site")


def _limited(scope: Scope, receive: Receive) -> Receive:
    """The body, at most as long as ``state["body_limit"]``, which a route may raise before it reads."""
    state: dict[str, Any] = scope["state"]
    state["body_limit"] = BODY_LIMIT
    declared = header(scope, b"content-length") or ""
    read = 0

    async def receive_limited() -> Message:
        nonlocal read
        limit: int = state["body_limit"]
        if declared.isdecimal() and int(declared) > limit:
            raise TooLarge(limit=limit)
        message = await receive()
        read += len(message.get("body", b""))
        if read > limit:
            raise TooLarge(limit=limit)
        return message

    return receive_limited


class _Answer:
    """The way out: adds the headers that are missing, and remembers the status."""

    def __init__(self, send: Send, headers: list[tuple[bytes, bytes]]) -> None:
        self._send = send
        self._headers = headers
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            given = message.get("headers", ())
            present = {name.lower() for name, _ in given}
            message["headers"] = [*given, *(pair for pair in self._headers if pair[0] not in present)]
        await self._send(message)


def _note(scope: Scope, status: int, started: float, open_paths: tuple[str, ...] = ()) -> None:
    """The access log's line: no query, no token, no header."""
    state = scope["state"]
    log.info(
        "request",
        method=visible(scope["method"], 20),
        path=_shown_path(scope, open_paths),
        status=status,
        ms=round((time.perf_counter() - started) * 1000, 1),
        account=state.get("account_id"),
    )


def _shown_path(scope: Scope, open_paths: tuple[str, ...] = ()) -> str:
    """The path; a part that a route calls ``token`` is somebody's right, and is left out. So is all that follows
    where links begin, whatever a mail program has hung on to it."""
    path: str = scope["path"]
    for beginning in open_paths:
        if beginning.endswith("/") and path.startswith(beginning):
            return f"{beginning}…"
    token = scope.get("path_params", {}).get("token")
    if token:
        path = path.replace(str(token), "…")
    return visible(path)
