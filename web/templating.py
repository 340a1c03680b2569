"""The pages without JavaScript: Jinja2 with everything escaped, and the variables that all pages share."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from server.services import Services
from server.texts import translator
from web.assets import TEMPLATES


def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(default=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Pages:
    """Renders one page after the other."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._environment = _environment()

    def render(self, template: str, language: str, *, insecure: bool = False, **values: Any) -> str:
        """The page as HTML."""
        shared = {
            "lang": language,
            "t": translator(language),
            "company": self._services.company.name,
            "insecure": insecure,
        }
        return self._environment.get_template(template).render(**shared, **values)

    def message(self, language: str, title: str, text: str) -> str:
        """A page that says one thing (``ports.MessagePage``)."""
        back = translator(language)("page.top")
        return self.render("message.html", language, title=title, text=text, link="/", link_text=back)
