"""What the board's pages send and are answered over HTTP. Times in milliseconds."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from anpi.answers.forms import AnswerRow
from anpi.board.frames import AnswerCounts, AreaCounts, Curve, DepartmentCounts, PrefectureCounts, SendingCounts
from server.live.frames import Number

PAGE_LIMIT = 200


class Totals(Struct, omit_defaults=True, kw_only=True):
    """集計: a check in numbers, as the board shows it."""

    incident: int
    rev: int
    title: str
    state: str
    drill: bool
    counts: AnswerCounts
    departments: list[DepartmentCounts]
    areas: list[AreaCounts]
    prefectures: list[PrefectureCounts]
    curve: Curve
    sending: SendingCounts


class AnswersQuestion(Struct, forbid_unknown_fields=True):
    """Whose answers: all conditions together. ``self`` "none" is 未回答, "any" whoever answered; ``department`` with
    those below it; ``area`` a JMA code of 2, 3 or 7 digits, "-" 地域未登録; ``text`` in name, kana or login ID."""

    department: Number | None = None
    area: Annotated[str, Meta(max_length=8)] = ""
    text: Annotated[str, Meta(max_length=100)] = ""
    self: Literal["", "none", "any", "safe", "minor", "major", "other"] = ""
    help: Literal["", "1"] = ""
    family: Literal["", "safe", "hurt", "checking", "none"] = ""
    house: Literal["", "none", "partly", "lost", "unknown"] = ""
    work: Literal["", "can", "home", "cannot", "unknown"] = ""
    doubtful: Literal["", "1"] = ""
    sent: Literal["", "reached", "waiting", "failed", "none"] = ""
    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT)] = PAGE_LIMIT


class AnswerPerson(Struct, omit_defaults=True, kw_only=True):
    """Somebody whom a check asks, with his newest answer."""

    id: int
    name: str
    login_id: str
    kana: str = ""
    title: str = ""
    department: str = ""
    area: str = ""
    asked_at: int = 0
    answers: int = 0
    answer: AnswerRow | None = None


class AnswersPage(Struct):
    """Those who were found, in the order of kana: ``total`` in all; ``after`` for the next page, 0: there is none."""

    total: int
    counts: AnswerCounts
    after: int
    people: list[AnswerPerson]


class UnreachedPerson(Struct, omit_defaults=True, kw_only=True):
    """Somebody who has not answered, with what one may call, and who is at it (対応中)."""

    id: int
    name: str
    kana: str = ""
    title: str = ""
    department: str = ""
    area: str = ""
    phones: list[str] = []
    sent: Literal["reached", "waiting", "failed", "none"] = "none"
    claimed_by: int = 0
    claimed_name: str = ""
    claimed_until: int = 0


class UnreachedQuestion(Struct, forbid_unknown_fields=True):
    """Which page of those who have not answered; ``sent`` "failed": only those whom nothing has reached."""

    department: Number | None = None
    sent: Literal["", "reached", "waiting", "failed", "none"] = ""
    after: Number = 0
    limit: Annotated[int, Meta(ge=1, le=PAGE_LIMIT)] = PAGE_LIMIT


class Unreached(Struct):
    """まだ回答のない人, in the order of all lists."""

    total: int
    after: int
    people: list[UnreachedPerson]


class ClaimBody(Struct, forbid_unknown_fields=True):
    """対応中にする, or not any longer."""

    account: Number
    on: bool


class Claim(Struct, omit_defaults=True, kw_only=True):
    """Who takes care of reaching somebody, and until when."""

    account: int
    claimed_by: int = 0
    claimed_name: str = ""
    claimed_until: int = 0
