"""Where somebody wanted to go before he had to sign in: a path of ours, never another site's address."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.requests import Request

_LIMIT = 500
# One slash, then none: ``//host`` and ``/\host`` are other sites to a browser. Nothing unprintable either.
_OWN_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_NO_AIMS = ("/signin", "/signout", "/password", "/setup", "/welcome", "/code", "/agree")


def safe_next(wanted: str) -> str:
    """The path, or nothing when it leads elsewhere, or back to where one is."""
    if len(wanted) > _LIMIT or not _OWN_PATH.fullmatch(wanted):
        return ""
    path = wanted.partition("?")[0]
    return "" if path in _NO_AIMS else wanted


def with_next(page: str, request: Request) -> str:
    """``page``, remembering where this request wanted to go."""
    query = f"?{request.url.query}" if request.url.query else ""
    wanted = safe_next(quote(request.url.path) + query)
    return page if wanted in ("", "/") else f"{page}?next={quote(wanted, safe='/')}"
