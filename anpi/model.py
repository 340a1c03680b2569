"""The nouns of an incident (災害) and what may be said in it. No I/O, no clock."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from server.errors import Invalid
from server.text import is_mail_address, plain_text

TITLE_LIMIT = 200
MESSAGE_LIMIT = 5000
OWN_QUESTIONS_LIMIT = 5
QUESTION_LIMIT = 200
CHOICES_LIMIT = 10
CHOICE_LIMIT = 50
AUTOMATIC_TITLE = "災害発生/Disaster occurred"
DRILL_MARK = "【訓練】"

Kind = Literal["ask", "notice"]
Origin = Literal["manual", "automatic"]
Cause = Literal["earthquake", "early_warning", "tsunami", "weather", "other"]
IncidentState = Literal["open", "done"]
Act = Literal["ask", "again", "cancelled"]
Self = Literal["safe", "minor", "major", "other"]
Work = Literal["can", "home", "cannot", "unknown"]
Badge = Literal["unanswered", "safe", "minor", "major", "other", "support"]
SELVES: tuple[Self, ...] = ("safe", "minor", "major", "other")

_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Wording(Struct, omit_defaults=True):
    """A text in Japanese, and in English if somebody has written it."""

    ja: str
    en: str = ""


class OwnQuestion(Struct, omit_defaults=True):
    """A question of the company: some choices, or a line of text."""

    text: Wording
    kind: Literal["choice", "text"] = "choice"
    choices: list[Wording] = []
    required: bool = False


class Questions(Struct, omit_defaults=True):
    """What is asked besides one's own state, which is always asked."""

    help: bool = True
    where: bool = True
    family: bool = True
    house: bool = True
    work: bool = True
    comment: bool = True
    own: Annotated[list[OwnQuestion], Meta(max_length=OWN_QUESTIONS_LIMIT)] = []


@dataclass(frozen=True, slots=True)
class Incident:
    """One 災害, as it is kept."""

    id: int
    key: str
    kind: Kind
    drill: bool
    origin: Origin
    cause: Cause
    state: IncidentState
    title: str
    message: str
    questions: Questions
    location: bool
    count_from: datetime
    closing_at: datetime | None
    closing_to: str
    closing_sent_at: datetime | None
    facts: str
    """JSON of ``anpi.sending.variables.Facts``."""
    reminders: tuple[int, ...]
    """Minutes after each person's first send at which he is asked again; none: never."""
    created_by: int | None
    created_at: datetime
    sent_at: datetime | None
    suspended_at: datetime | None
    cancelled_at: datetime | None
    completed_by: int | None
    completed_at: datetime | None
    nagged_at: datetime | None
    rev: int

    @property
    def is_open(self) -> bool:
        return self.state == "open"

    @property
    def asks(self) -> bool:
        return self.kind == "ask"

    @property
    def is_running(self) -> bool:
        """Whether people may be asked, and asked again, at this moment."""
        return self.is_open and self.suspended_at is None and self.cancelled_at is None


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody wants an incident to be, checked (``checked``)."""

    kind: Kind
    drill: bool
    title: str
    message: str
    questions: Questions
    location: bool
    count_from: datetime
    closing_at: datetime | None
    closing_to: str


TITLE_LABEL = "incident_title"
"""How a refusal calls the field ``title``, which is 役職 elsewhere."""


def checked_title(title: str, field: str = "title") -> str:
    """表題 as it is kept, byte for byte: one line of at most 200 code points."""
    title = plain_text(title)
    if not title.strip():
        raise Invalid("required", field=field, label=TITLE_LABEL)
    if _BREAKS.search(title):
        raise Invalid("line_break", field=field, label=TITLE_LABEL)
    if len(title) > TITLE_LIMIT:
        raise Invalid("field_too_long", field=field, label=TITLE_LABEL, limit=TITLE_LIMIT)
    return title


def checked_message(message: str, field: str = "message") -> str:
    """メッセージ: at most 5,000 code points, CRLF counted as one."""
    message = plain_text(message)
    if not message.strip():
        raise Invalid("required", field=field)
    if len(message) > MESSAGE_LIMIT:
        raise Invalid("field_too_long", field=field, limit=MESSAGE_LIMIT)
    return message


def checked_closing(
    at: datetime | None, address: str, now: datetime, before: datetime | None = None
) -> tuple[datetime | None, str]:
    """終了案内: a time to come and an address, or neither. A time that was right ``before`` stays right."""
    address = address.strip()
    if (at is None) != (not address):
        raise Invalid("closing_pair", field="closing_to" if at is not None else "closing_at")
    if at is None:
        return None, ""
    if not is_mail_address(address):
        raise Invalid("format", field="closing_to")
    if at <= now and at != before:
        raise Invalid("closing_past", field="closing_at")
    return at, address


def checked_questions(questions: Questions) -> Questions:
    """Own questions that have a text, choices if they are chosen from, and only the first required."""
    if len(questions.own) > OWN_QUESTIONS_LIMIT:
        raise Invalid("field_too_long", field="questions", limit=OWN_QUESTIONS_LIMIT)
    for place, question in enumerate(questions.own):
        _check_wording(question.text, "questions", QUESTION_LIMIT)
        if question.required and place:
            raise Invalid("first_question_only", field="questions")
        if question.kind == "choice":
            _check_choices(question.choices)
    return questions


def _check_choices(choices: list[Wording]) -> None:
    if not 2 <= len(choices) <= CHOICES_LIMIT:
        raise Invalid("choices_needed", field="choices")
    for choice in choices:
        _check_wording(choice, "choices", CHOICE_LIMIT)


def _check_wording(wording: Wording, field: str, limit: int) -> None:
    if not wording.ja.strip():
        raise Invalid("required", field=field)
    for text in (wording.ja, wording.en):
        if len(plain_text(text)) > limit:
            raise Invalid("field_too_long", field=field, limit=limit)
        if _BREAKS.search(text):
            raise Invalid("line_break", field=field)


def badge(self: str, help: bool, detail: Literal["full", "support"]) -> Badge:
    """本人の安否 as everybody sees it (A16): in full, or reduced to 無事, 要支援, 未回答."""
    if not self:
        return "unanswered"
    if detail == "full":
        return self  # type: ignore[return-value]
    return "support" if help or self in ("major", "other") else "safe"
