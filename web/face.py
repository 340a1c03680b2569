"""What every page needs: its reader's language, its template, and the way in for who is not signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from server.answers import LANGUAGE_COOKIE, language_of
from server.auth import cookies
from server.auth.cookies import Way
from server.auth.model import SignedIn
from server.services import Services
from server.texts import LANGUAGES
from web.nextpage import with_next
from web.templating import Pages

Endpoint = Callable[["Face", Request], Awaitable[Response]]

_YEAR = 365 * 24 * 3600


class Face:
    """What every page needs, given to each endpoint."""

    def __init__(self, services: Services, pages: Pages) -> None:
        self.services = services
        self.settings = services.settings
        self.pages = pages

    def language(self, request: Request, signed_in: SignedIn | None = None) -> str:
        return signed_in.account.language if signed_in else language_of(request.scope, self.settings)

    def page(self, request: Request, template: str, language: str, status: int = 200, **values: Any) -> Response:
        insecure = cookies.way(request.scope, self.settings) is Way.PLAIN
        shown = self.pages.render(template, language, insecure=insecure, **values)
        response = HTMLResponse(shown, status)
        if request.query_params.get("lang") in LANGUAGES:
            # The form is sent without ``?lang=``: its answer must speak the same language.
            response.set_cookie(LANGUAGE_COOKIE, language, max_age=_YEAR, path="/", samesite="lax")
        return response

    async def inhabited(self) -> bool:
        """Whether there is anybody who could sign in; the page then shows the company's name as it is now."""
        await self.services.company.look(self.services.readers)
        return self.services.company.inhabited

    async def entrance(self, request: Request) -> str:
        """Where somebody goes who is not signed in: to the first setup while there is nobody."""
        return with_next("/signin", request) if await self.inhabited() else "/setup"


def caddy_lines(face: Face) -> str:
    """What an operator needs at the least, in front of a server on this machine."""
    return f"renraku.example.co.jp {{\n    reverse_proxy 127.0.0.1:{face.settings.port}\n}}"


def see(path: str) -> Response:
    return RedirectResponse(path, 303)
