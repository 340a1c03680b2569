"""An answer and what becomes of it: rules over plain values. No I/O, no clock."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from msgspec import UNSET
from msgspec.structs import replace

from anpi.answers.frames import Channel, Said
from anpi.model import OwnQuestion, Questions
from server.errors import AppError, Invalid
from server.text import one_line, plain_text

SOON_AFTER_SENDING = timedelta(seconds=30)
"""Scanners open what a mail links to within this time of its delivery, and some press its buttons."""
SOON_AFTER_OPENING = timedelta(seconds=2)
"""Nobody reads the page and chooses in less."""
LINKS = frozenset({"mail", "sms"})
"""Ways on which a machine may come before the person."""


class Closed(AppError):
    """The safety check is over: nothing counts any more."""

    status = 409
    code = "anpi_closed"


class NotAsked(AppError):
    """No check asks this person, or the person is no more; which of them is not told."""

    status = 404
    code = "anpi_not_asked"


class AnsweredSince(NotAsked):
    """Nobody need answer for him: he has done so himself, later than whoever answers for him has seen."""


@dataclass(frozen=True, slots=True)
class By:
    """Who answers for somebody: his account, as whom he signs, and how he knows."""

    account: int
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it was given, through one check. ``key`` is the giver's own: sent twice it is one answer of this
    person. ``opened_at``: when its page was opened, on the ways that have one; ``written_at``: when it was written,
    if it has waited; ``seen``: as of when the newest answer is that whoever answers for him has seen (milliseconds,
    0: none)."""

    key: str
    account: int
    incident: int
    channel: Channel
    said: Said
    opened_at: datetime | None = None
    by: By | None = None
    written_at: datetime | None = None
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Taken:
    """The answer is written: when, and in which checks it counts. ``dup``: it had been before."""

    id: int
    at: datetime
    counted: tuple[int, ...]
    dup: bool = False


@dataclass(frozen=True, slots=True)
class Asking:
    """What of an incident decides about answers."""

    id: int
    drill: bool
    open: bool
    suspended: bool
    count_from: datetime
    location: bool
    questions: Questions
    detail: Literal["full", "support"]
    """How much of an answer everybody sees."""


@dataclass(frozen=True, slots=True)
class Target:
    """Somebody whom an incident asks, as far as answers go. ``answered_at``: as of when his newest answer is."""

    incident: int
    account: int
    asked_at: datetime
    first_at: datetime | None
    gone: bool
    answered_at: datetime | None = None
    needs_help: bool = False
    """He has said that he is badly hurt or needs help, not by a link, and nothing makes one doubt it."""
    in_doubt: str = ""
    """How he is by his newest answer, if that is 要確認."""


def counts_in(through: Asking, asked: Iterable[Asking], now: datetime) -> list[Asking]:
    """In which of the checks that ask somebody his answer counts: the open ones of the same kind, real or drill,
    whose 集計開始日時 is not later (A13). Refused when no open one asks him at all."""
    open_ones = [each for each in asked if each.open and each.drill == through.drill]
    if not open_ones:
        raise Closed()
    return [each for each in open_ones if each.count_from <= now]


def as_of(given: Given, target: Target, now: datetime) -> datetime:
    """As of when an answer is: when it was written, if that is told and can be true."""
    return now if given.written_at is None else min(max(given.written_at, target.asked_at), now)


def fitting(said: Said, asking: Asking, channel: Channel) -> Said:
    """The answer with what was asked, on single lines where one line is meant; or a refusal that names the field.

    What was not asked is left out: above all where somebody is. A required question binds who has seen it.
    """
    own = {number: _own(question, said.own.get(number, "")) for number, question in numbered(asking.questions)}
    if channel in SEEN:
        for number, question in numbered(asking.questions):
            if question.required and not own[number]:
                raise Invalid("required", field="anpi_own")
    asks = asking.questions
    return replace(
        said,
        help=said.help and asks.help,
        where=one_line(said.where) if asks.where else "",
        family=said.family if asks.family else "",
        house=said.house if asks.house else "",
        work=said.work if asks.work else "",
        comment=plain_text(said.comment).strip() if asks.comment else "",
        own={number: value for number, value in own.items() if value},
        location=said.location if asking.location else UNSET,
    )


SEEN: frozenset[Channel] = frozenset({"mail", "push", "sms", "talk", "directory"})
"""Ways on which the questions stand before one; what was written offline, or for another, is taken as it is."""


def numbered(questions: Questions) -> list[tuple[str, OwnQuestion]]:
    """The company's own questions by their number, from "1" on."""
    return [(str(place), question) for place, question in enumerate(questions.own, 1)]


def _own(question: OwnQuestion, value: str) -> str:
    value = one_line(value)
    if question.kind == "choice" and value not in {choice.ja for choice in question.choices}:
        return ""
    return value


def cries(self: str, help: bool) -> bool:
    """Whether an answer says that somebody needs help."""
    return help or self == "major"


def takes_back(said: Said, target: Target) -> bool:
    """Whether it says that somebody needs no help who has said that he does. No machine may: a doubtful answer that
    does is kept, and does not become his newest."""
    return target.needs_help and not cries(said.self, said.help)


def may_be_doubted(target: Target) -> bool:
    """Whether an answer of this person can be 要確認."""
    return target.first_at is None or target.needs_help or bool(target.in_doubt)


def doubtful(given: Given, target: Target, delivered_at: datetime | None, now: datetime) -> bool:
    """要確認: the first answer, one that takes back that somebody needs help, or one that only says again what is in
    doubt (there may be a machine before each of his addresses), so soon after the mail or after its page that a
    machine may have pressed."""
    perhaps = target.first_at is None or given.said.self == target.in_doubt or takes_back(given.said, target)
    if given.channel not in LINKS or not perhaps:
        return False
    soon = now - (delivered_at or target.asked_at) < SOON_AFTER_SENDING
    return soon or (given.opened_at is not None and now - given.opened_at < SOON_AFTER_OPENING)
