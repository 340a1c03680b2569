"""``/c/<token>``: the page on which somebody says that he reads an address; no sign-in, no script.

Opening it confirms nothing: scanners open every link. Whatever is wrong with a token is told in the same words.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from anpi.answers import pages
from anpi.contacts import actions, model
from anpi.contacts.model import Claim, Contact
from server.answers import language_of
from server.services import Services
from server.texts import LANGUAGES, text, translator

TEMPLATES = Path(__file__).parent / "templates"

_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "referrer-policy": "no-referrer",
    "x-robots-tag": "noindex, nofollow",
    "cache-control": "no-store",
}


def routes(services: Services) -> list[BaseRoute]:
    door = Door(services)
    return [
        Route("/c/{token}", door.show, methods=["GET"]),
        Route("/c/{token}", door.confirm, methods=["POST"]),
    ]


class Door:
    """What a link of this kind can be asked."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._environment = Environment(
            loader=FileSystemLoader([TEMPLATES, pages.TEMPLATES]),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
        )

    async def show(self, request: Request) -> Response:
        """The question, or that the link is none."""
        claim, language = self._claim(request), language_of(request.scope, self._services.settings)
        found = await self._contact(claim) if claim is not None else None
        if found is None:
            return self._invalid(language)
        return self._page("confirm.html", language, address=found.address)

    async def confirm(self, request: Request) -> Response:
        """He reads it."""
        claim, language = self._claim(request), language_of(request.scope, self._services.settings)
        if claim is None or not await self._services.writer.act(actions.confirm, claim):
            return self._invalid(language)
        return self._page("said.html", language, sentence=text(language, "contact.done"))

    def _claim(self, request: Request) -> Claim | None:
        return model.read(self._services.secrets, request.path_params["token"])

    async def _contact(self, claim: Claim) -> Contact | None:
        found: Contact | None = await self._services.readers.ask(actions.claimed, claim, self._services.clock())
        return found

    def _invalid(self, language: str) -> Response:
        return self._page("said.html", language, 404, sentence=text(language, "contact.invalid"))

    def _page(self, template: str, language: str, status: int = 200, **values: Any) -> Response:
        other = next(each for each in LANGUAGES if each != language)
        shared = {"lang": language, "t": translator(language), "style": Markup(pages.style()), "emergency": ""}
        shown = self._environment.get_template(template).render(**shared, other=other, **values)
        return Response(shown, status, headers={**_HEADERS, "content-security-policy": pages.policy()})
