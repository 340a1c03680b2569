"""The two cookies: the session, and the mark of a known browser.

Both are ``__Host-`` cookies, which no neighbouring site can set. Browsers keep those on https and on
loopback only; on plain http from another machine they drop them in silence. There signing in is refused with
a sentence that says what is missing, unless the operator has allowed plain cookies (under a red bar).
"""

from __future__ import annotations

from enum import Enum
from http.cookies import CookieError

from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.types import Scope

from server.origin import host_name, is_https, is_loopback
from server.settings import Settings

DEVICE_SECONDS = 365 * 24 * 3600
_LONGEST_TOKEN = 200


class Way(Enum):
    """How cookies can be kept on this request's address."""

    SECURE = "__Host-"
    PLAIN = ""
    NONE = "none"


def way(scope: Scope, settings: Settings) -> Way:
    """What the browser that sent this request would keep."""
    if is_https(scope, settings) or is_loopback(host_name(scope) or ""):
        return Way.SECURE
    return Way.PLAIN if settings.allow_http else Way.NONE


def session_token(scope: Scope, settings: Settings) -> str | None:
    """The token this request carries; a plain cookie counts only where we would set one."""
    return _value(scope, settings, "session")


def device_mark(scope: Scope, settings: Settings) -> str:
    """The mark of a known browser, unchecked; empty when there is none."""
    return _value(scope, settings, "device") or ""


def keep_session(response: Response, scope: Scope, settings: Settings, token: str) -> None:
    _set(response, scope, settings, "session", token, settings.session_days * 24 * 3600)


def keep_device(response: Response, scope: Scope, settings: Settings, mark: str) -> None:
    _set(response, scope, settings, "device", mark, DEVICE_SECONDS)


def drop_session(response: Response, scope: Scope, settings: Settings) -> None:
    _set(response, scope, settings, "session", "", 0)


def _value(scope: Scope, settings: Settings, name: str) -> str | None:
    kept = way(scope, settings)
    if kept is Way.NONE:
        return None
    try:
        value = HTTPConnection(scope).cookies.get(kept.value + name)
    except CookieError:
        return None
    return value if value and len(value) <= _LONGEST_TOKEN and value.isascii() else None


def _set(response: Response, scope: Scope, settings: Settings, name: str, value: str, seconds: int) -> None:
    kept = way(scope, settings)
    if kept is Way.NONE:
        return
    # Lax, not Strict: arriving by the link in a mail must not look like being signed out.
    response.set_cookie(
        kept.value + name,
        value,
        max_age=seconds,
        path="/",
        secure=kept is Way.SECURE,
        httponly=True,
        samesite="lax",
    )
