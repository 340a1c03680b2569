"""The pages without JavaScript: Jinja2 with everything escaped, and the variables that all pages share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from server.settings import Settings
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


@dataclass(frozen=True)
class Pages:
    """Renders one page after the other."""

    company: str
    environment: Environment = field(default_factory=_environment)

    def render(self, template: str, language: str, *, insecure: bool = False, **values: Any) -> str:
        """The page as HTML."""
        shared = {"lang": language, "t": translator(language), "company": self.company, "insecure": insecure}
        return self.environment.get_template(template).render(**shared, **values)

    def message(self, language: str, title: str, text: str) -> str:
        """A page that says one thing (``ports.MessagePage``)."""
        back = translator(language)("page.top")
        return self.render("message.html", language, title=title, text=text, link="/", link_text=back)


def pages_of(settings: Settings) -> Pages:
    return Pages(settings.company or "Renraku")
