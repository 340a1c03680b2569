"""One's own safety checks on the socket: what one is asked, and what one answers. Times are in milliseconds."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from anpi.model import Questions, Self
from server.live.frames import Command, Frame, Number

WHERE_LIMIT = 200
COMMENT_LIMIT = 1000
OWN_LIMIT = 500

Family = Literal["", "safe", "hurt", "checking", "none"]
"""全員無事, けが人がいる, 確認中, 家族なし・回答しない; blank: not said."""
House = Literal["", "none", "partly", "lost", "unknown"]
"""なし, 一部あり, 住めない, わからない."""
Work = Literal["", "can", "home", "cannot", "unknown"]
"""出社できる, 在宅で働ける, 出社できない, わからない."""
Channel = Literal["mail", "push", "sms", "talk", "directory", "reply", "proxy", "bulk", "queue"]
"""On which way an answer came; "queue": written in the app while there was no line."""

ClientId = Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{8,64}\\Z", max_length=64)]
QuestionNumber = Annotated[str, Meta(pattern="^[1-5]\\Z")]


class Place(Struct, forbid_unknown_fields=True):
    """Where somebody is, in degrees, with the accuracy in metres: only as he ticked that it be sent."""

    lat: Annotated[float, Meta(ge=-90, le=90)]
    lon: Annotated[float, Meta(ge=-180, le=180)]
    accuracy: Annotated[float, Meta(ge=0, le=1_000_000)] = 0.0


class Said(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What is answered. ``own``: the company's own questions, by their number from "1" on; a choice by its Japanese
    text."""

    self: Self
    help: bool = False
    where: Annotated[str, Meta(max_length=WHERE_LIMIT)] = ""
    family: Family = ""
    house: House = ""
    work: Work = ""
    comment: Annotated[str, Meta(max_length=COMMENT_LIMIT)] = ""
    own: Annotated[dict[QuestionNumber, Annotated[str, Meta(max_length=OWN_LIMIT)]], Meta(max_length=5)] = {}
    location: Place | UnsetType = UNSET


class OwnAnswer(Struct, omit_defaults=True, kw_only=True):
    """One's own newest answer to a check. ``located``: whether a location was sent with it; ``by``: the name of
    whoever answered for one."""

    id: int
    at: int
    channel: Channel
    self: Self
    help: bool = False
    where: str = ""
    family: Family = ""
    house: House = ""
    work: Work = ""
    comment: str = ""
    own: dict[str, str] = {}
    located: bool = False
    by: str = ""


class Check(Struct, omit_defaults=True, kw_only=True):
    """A safety check as the person sees it whom it asks. ``location``: whether one may send where one is."""

    id: int
    title: str
    message: str
    cause: str
    asked_at: int
    drill: bool = False
    suspended: bool = False
    cancelled: bool = False
    closed: bool = False
    location: bool = False
    questions: Questions
    answer: OwnAnswer | None = None


class GetMyChecks(Command, tag="anpi.mine"):
    """One's own open checks; with ``incident`` also that one, if one was asked, when it is closed."""

    incident: Number = 0


class MyChecks(Frame, tag="anpi.mine"):
    """The checks that are open for one, the newest first; told unasked, without ``ref``, to one's own devices when
    one is asked, when one's answer counts, and when a check closes. ``closed``: the one that was asked for and is
    over. ``emergency``: the company's number for emergencies."""

    open: list[Check]
    closed: Check | None = None
    emergency: str = ""
    ref: Number | UnsetType = UNSET


class AnswerCheck(Command, tag="anpi.answer"):
    """Answers a check; sent twice with the same ``client_id`` it is one answer. ``at``: when it was written, for one
    that has waited ("queue"); it does not take the place of what the person has answered since then."""

    incident: Number
    client_id: ClientId
    channel: Literal["talk", "directory", "push", "queue"]
    answer: Said
    at: Number = 0


class Answered(Frame, tag="anpi.answered"):
    """The answer is durable. ``at``: as of when it is; ``counted``: in which checks it counts; ``dup``: it had been
    given before."""

    ref: Number
    at: int
    counted: list[int]
    dup: bool = False


class AnpiWelcome(Struct, kw_only=True):
    """The safety check's part of ``welcome``: one's own open checks, and whether one administers it."""

    anpi_open: list[Check]
    anpi_administrator: bool
    anpi_emergency: str
