"""Refusals and bugs as HTTP answers: JSON for programs, a page for people, chosen by Accept."""

from __future__ import annotations

from collections.abc import Mapping
from http.cookies import CookieError
from typing import Any

import msgspec
from msgspec import Struct
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Scope

from server.errors import AppError, NotFound
from server.ports import MessagePage
from server.settings import Settings
from server.texts import LANGUAGES, preferred, sentence, title

LANGUAGE_COOKIE = "lang"


class Refusal(Struct, omit_defaults=True):
    """What was asked was refused: ``code`` is for programs, ``message`` a sentence in the reader's language.

    Asking again makes sense after ``retry_ms``, if that is given. ``field`` and ``row`` say what it is about, where
    that is known; a file's header is row 1.
    """

    code: str
    message: str
    retry_ms: int = 0
    field: str = ""
    row: int = 0


class WrongMethod(AppError):
    """The address exists, the verb does not."""

    status = 405
    code = "method"


class Internal(AppError):
    """A bug of ours. The number finds its traceback in the log."""

    status = 500
    code = "internal"


def refused(scope: Scope, refusal: AppError, settings: Settings, page: MessagePage | None) -> Response:
    """The answer that tells this refusal to whoever asked."""
    language = language_of(scope, settings)
    said = sentence(refusal, language)
    headers = _headers(refusal)
    if page is not None and wants_page(scope):
        shown = page(language, title(refusal, language), said)
        return HTMLResponse(shown, refusal.status, headers)
    field, row = str(refusal.details.get("field", "")), int(refusal.details.get("row", 0))
    body = msgspec.json.encode(Refusal(refusal.code, said, refusal.retry_ms or 0, field, row))
    return Response(body, refusal.status, headers, media_type="application/json")


def language_of(scope: Scope, settings: Settings) -> str:
    """Whoever is signed in has one; for others: ``?lang=``, the choice before, or what the browser says."""
    own = scope.get("state", {}).get("language")
    if own in LANGUAGES:
        return str(own)
    connection = HTTPConnection(scope)
    asked = connection.query_params.get("lang", "")
    if asked in LANGUAGES:
        return asked
    try:
        kept = connection.cookies.get(LANGUAGE_COOKIE, "")
    except CookieError:
        kept = ""
    if kept in LANGUAGES:
        return kept
    return preferred(connection.headers.get("accept-language", ""), settings.language)


def wants_page(scope: Scope) -> bool:
    """Whether a browser shows the answer to a person."""
    accept = HTTPConnection(scope).headers.get("accept", "")
    return "text/html" in accept and not scope["path"].startswith("/api/")


async def as_refusal(request: Request, problem: Exception) -> Response:
    """Starlette's own "not found" and "method not allowed" as ours: the gate answers them."""
    assert isinstance(problem, HTTPException)
    if problem.status_code == 405:
        raise WrongMethod(headers=dict(problem.headers or {}))
    if problem.status_code == 404:
        raise NotFound()
    raise AppError()


EXCEPTION_HANDLERS: Mapping[Any, Any] = {HTTPException: as_refusal}
"""For ``Starlette(exception_handlers=…)``."""


def _headers(refusal: AppError) -> dict[str, str]:
    headers: dict[str, str] = dict(refusal.details.get("headers", {}))
    if refusal.retry_ms is not None:
        headers["Retry-After"] = str(max(1, -(-refusal.retry_ms // 1000)))
    return headers
