"""The pages of a link as bytes: made once for each check and language, filled in for each person."""

from __future__ import annotations

import base64
import hashlib
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from anpi.answers.frames import COMMENT_LIMIT, OWN_LIMIT, WHERE_LIMIT, Said
from anpi.answers.model import numbered
from anpi.answers.packing import Packed, mark
from anpi.answers.views import Shown
from anpi.model import Wording
from anpi.sending import variables
from server.clock import zone
from server.services import Services
from server.texts import text, translator

TEMPLATES = Path(__file__).parent / "templates"
KEPT_SECONDS = 2.0
"""How old a page may be: what is changed in an incident is seen that soon."""
NAME, NONCE, TIME, ROWS, EARLY = "name", "nonce", "time", "rows", "early"


@cache
def style() -> str:
    """What stands in each page, so that it comes in one answer."""
    return (TEMPLATES / "style.css").read_text("utf-8")


@cache
def location_script() -> bytes:
    """The one script, which fills in where somebody is."""
    return (TEMPLATES / "location.js").read_bytes()


@cache
def policy() -> str:
    """What a page may load: nothing but its own style, word for word, and our own script."""
    known = base64.b64encode(hashlib.sha256(style().encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{known}'; script-src 'self'; form-action 'self';"
        " base-uri 'none'; frame-ancestors 'none'"
    )


Given = Mapping[str, str]


class Pages:
    """Makes them, and keeps those that many open for a moment."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._zone = zone(services.settings.time_zone)
        self._kept: dict[object, tuple[float, Packed]] = {}
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES),
            autoescape=select_autoescape(default=True),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["tel"] = dialled

    def form(self, shown: Shown, language: str) -> Packed:
        """The page of an open check; ``name`` and ``nonce`` are filled in."""
        return self._keep(("form", *_kind(shown, language)), lambda: self._form(shown, language, "", {}))

    def asked_again(self, shown: Shown, language: str, problem: str, given: Given) -> Packed:
        """The same with what was wrong, and with what was typed."""
        return Packed(self._form(shown, language, problem, given), (NAME, NONCE))

    def thanks(self, shown: Shown, language: str) -> Packed:
        """After an answer; ``time``, ``rows`` and ``early`` are filled in."""
        return self._keep(("thanks", *_kind(shown, language)), lambda: self._thanks(shown, language))

    def said(self, language: str, key: str, emergency: str = "", other: str = "") -> Packed:
        """One sentence."""
        kind = ("said", language, key, emergency, other)
        sentence = text(language, key)
        return self._keep(
            kind, lambda: self._page("said.html", language, sentence=sentence, emergency=emergency, other=other)
        )

    def sentence(self, language: str, sentence: str) -> Packed:
        """The same for one that is made for the moment."""
        return Packed(self._page("said.html", language, sentence=sentence, emergency="", other=""), ())

    def when(self, at: datetime) -> bytes:
        """The moment as people read it."""
        local = at.astimezone(self._zone)
        day = f"{local.year}/{local.month:02}/{local.day:02}"
        return f"{day} {local.hour}:{local.minute:02}".encode()

    # ------------------------------------------------------------ making

    def _keep(self, kind: object, make: Callable[[], str]) -> Packed:
        now = time.monotonic()
        known = self._kept.get(kind)
        if known is not None and now - known[0] < KEPT_SECONDS:
            return known[1]
        if len(self._kept) > 100:
            self._kept.clear()
        page = Packed(make(), (NAME, NONCE, TIME, ROWS, EARLY))
        self._kept[kind] = (now, page)
        return page

    def _form(self, shown: Shown, language: str, problem: str, given: Given) -> str:
        incident = shown.incident
        message = variables.filled(incident.message, variables.read_facts(incident.facts), self._zone)
        named = mark(NAME).join(message.split("{" + variables.NAME + "}"))
        return self._page(
            "form.html",
            language,
            emergency=shown.emergency,
            other=_other(language),
            company=self._services.company.name,
            name=mark(NAME),
            title=incident.title,
            message=named,
            drill=incident.drill,
            cancelled=incident.cancelled_at is not None,
            questions=incident.questions,
            own=_own(shown, language),
            location=incident.location,
            nonce=mark(NONCE),
            problem=problem,
            given=defaultdict(str, given),
            faults=faults_of(shown, given, language) if problem else {},
        )

    def _thanks(self, shown: Shown, language: str) -> str:
        return self._page(
            "thanks.html",
            language,
            emergency=shown.emergency,
            other="",
            title=shown.incident.title,
            time=mark(TIME),
            rows=mark(ROWS),
            early=mark(EARLY),
        )

    def _page(self, template: str, language: str, **values: Any) -> str:
        shared = {"lang": language, "t": translator(language), "style": Markup(style())}
        return self._environment.get_template(template).render(**shared, **values)


def dialled(number: str) -> str:
    """A number as a telephone dials it, also out of full-width digits; blank when there is nothing to dial."""
    return "".join(char for char in unicodedata.normalize("NFKC", number) if char in "+0123456789#*")


def answered_rows(shown: Shown, said: Said, language: str) -> bytes:
    """What was answered, as HTML, in the order in which it was asked."""
    t = translator(language)
    rows = [(t("answer.self"), t(f"answer.{said.self}").partition("（")[0].partition(" (")[0])]
    if said.help:
        rows.append((t("answer.help"), t("answer.yes")))
    for number, question in numbered(shown.incident.questions):
        if number in said.own:
            rows.append((worded(question.text, language), _choice(question.choices, said.own[number], language)))
    for field in ("work", "family", "house"):
        if value := getattr(said, field):
            rows.append((t(f"answer.{field}"), t(f"answer.{field}.{value}")))
    for field in ("where", "comment"):
        if value := getattr(said, field):
            rows.append((t(f"answer.{field}").partition("（")[0].partition(" (")[0], value))
    if said.location:
        rows.append((t("answer.location"), t("answer.sent_location")))
    shown_rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    return f"<dl>{shown_rows}</dl>".encode()


def faults_of(shown: Shown, given: Given, language: str) -> dict[str, tuple[str, str]]:
    """Which fields of a form that came back want a look, in the page's order: what each is called, and why."""
    t = translator(language)
    faults = {} if given.get("self") else {"self": (t("answer.ask"), t("answer.choose"))}
    texts = []
    for number, question in numbered(shown.incident.questions):
        field, named = f"own{number}", worded(question.text, language)
        if question.required and not given.get(field, "").strip():
            faults[field] = (named, t("answer.choose" if question.kind == "choice" else "answer.fill_in"))
        texts.append((field, named, OWN_LIMIT))
    texts += [("where", t("answer.where"), WHERE_LIMIT), ("comment", t("answer.comment"), COMMENT_LIMIT)]
    for field, named, limit in texts:
        if len(given.get(field, "").replace("\r\n", "\n")) > limit:
            faults[field] = (named, t("answer.too_long", limit=str(limit)))
    return faults


def early_note(language: str) -> bytes:
    """Said to whoever has answered before 集計開始日時."""
    return f'<p class="note">{escape(text(language, "answer.too_early"))}</p>'.encode()


def worded(wording: Wording, language: str) -> str:
    return wording.en if language == "en" and wording.en else wording.ja


def _choice(choices: Sequence[Wording], value: str, language: str) -> str:
    return next((worded(each, language) for each in choices if each.ja == value), value)


def _own(shown: Shown, language: str) -> list[tuple[str, Any, str, list[tuple[str, str]]]]:
    return [
        (
            number,
            question,
            worded(question.text, language),
            [(each.ja, worded(each, language)) for each in question.choices],
        )
        for number, question in numbered(shown.incident.questions)
    ]


def _other(language: str) -> str:
    return "ja" if language == "en" else "en"


def _kind(shown: Shown, language: str) -> tuple[object, ...]:
    return shown.incident.id, language, shown.emergency
