"""What the server itself says to people, in their language: refusals, and the pages without JavaScript.

The strings stand in ``server/catalogue.py``. Everything the browser app says is in its own catalogue.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from server.catalogue import CATALOGUE, Both
from server.errors import AppError

LANGUAGES = ("ja", "en")
DEFAULT = "ja"

Translate = Callable[..., str]


class _Missing(dict[str, Any]):
    """A variable nobody gave is shown as what it is: a sentence must never fail."""

    def __missing__(self, key: str) -> str:
        return "…"


def text(language: str, key: str, /, **values: Any) -> str:
    """The string ``key`` in this language; a key that does not exist is a bug."""
    return _filled(_in(language, CATALOGUE[key]), values)


def translator(language: str) -> Translate:
    """``t(key, **values)`` for a template."""
    return partial(text, language)


def sentence(refusal: AppError, language: str) -> str:
    """What a refusal says to a person."""
    found = CATALOGUE.get(f"error.{refusal.code}") or CATALOGUE[f"error.{type(refusal).code}"]
    return _filled(_in(language, found), _values(refusal, language))


def title(refusal: AppError, language: str) -> str:
    """What stands over the sentence on a page of its own."""
    key = f"title.{refusal.status}"
    return text(language, key if key in CATALOGUE else "title.other")


def preferred(accept_language: str, default: str = DEFAULT) -> str:
    """The best of our languages for an Accept-Language header."""
    wanted = sorted(_weighed(accept_language[:500].split(",")), key=lambda pair: -pair[1])
    for name, weight in wanted:
        if weight > 0 and name in LANGUAGES:
            return name
    return default


def _weighed(parts: Iterable[str]) -> Iterable[tuple[str, float]]:
    for part in parts:
        name, _, weight = part.strip().partition(";q=")
        try:
            yield name.split("-")[0].lower(), float(weight or 1)
        except ValueError:
            continue


def _in(language: str, both: Both) -> str:
    return both["en"] if language == "en" else both["ja"]


def _filled(template: str, values: dict[str, Any]) -> str:
    return template.format_map(_Missing(values))


def _values(refusal: AppError, language: str) -> dict[str, Any]:
    """The refusal's details as words: a field and a licence by their names, a wait in whole seconds."""
    values = dict(refusal.details)
    if refusal.retry_ms is not None:
        values.setdefault("seconds", max(1, -(-refusal.retry_ms // 1000)))
    if "field" in values:
        values["field"] = text(language, f"field.{values.get('label', values['field'])}")
    if "licence" in values:
        values["licence"] = text(language, f"licence.{values['licence']}")
    return values
