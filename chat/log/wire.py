"""The talk log's screen over HTTP: what is asked, and what is answered. Times are milliseconds since 1970."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

REASON_LIMIT = 500
CHOSEN_LIMIT = 200

Form = Literal["jsonl", "csv", "zip"]
Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Month = Annotated[str, Meta(pattern=r"^[0-9]{4}-(0[1-9]|1[0-2])$")]
Part = Annotated[str, Meta(max_length=100)]
Numbers = Annotated[list[Number], Meta(max_length=CHOSEN_LIMIT)]
Day = date
Reason = Annotated[str, Meta(max_length=REASON_LIMIT)]


class LogSegment(Struct, omit_defaults=True):
    """A part of the log that is closed. ``verdict`` is "ok", or what the last verification found."""

    number: int
    day: str
    part: int
    first_n: int
    last_n: int
    lines: int
    bytes: int
    state: Literal["closed", "stored", "expired"]
    name: str
    closed_at: int = 0
    verified_at: int = 0
    verdict: str = ""


class LatestLog(Struct):
    """「最新のトークログ」: what is not split off yet."""

    first_n: int
    last_n: int
    lines: int
    bytes: int


class LogHead(Struct):
    """The last number of the log and the hash of its line."""

    n: int
    hash: str


class LogAlarm(Struct, omit_defaults=True):
    """Something about the log that somebody must look at."""

    result: str
    at: int = 0
    detail: str = ""


class TalkLog(Struct):
    """The log of one month. ``readers``: how many people may read it; ``key`` signs what is closed now."""

    month: str
    months: list[str]
    segments: list[LogSegment]
    latest: LatestLog | None
    head: LogHead
    key: str
    readers: int
    alarms: list[LogAlarm]
    time_zone: str


class LogQuestion(Struct, forbid_unknown_fields=True):
    """Which month; left out: this one."""

    month: Month = ""


class LogFind(Struct, forbid_unknown_fields=True):
    """Part of a name."""

    text: Part = ""


class LogRoom(Struct, omit_defaults=True):
    """A room that can be chosen."""

    id: int
    kind: str
    name: str
    members: int = 0


class LogRooms(Struct):
    """At most 50, by name."""

    rooms: list[LogRoom]


class LogPerson(Struct, omit_defaults=True):
    """Somebody who can be chosen; ``gone``: 退職."""

    id: int
    name: str
    kana: str = ""
    login_id: str = ""
    gone: bool = False


class LogPeople(Struct):
    """At most 50, by kana."""

    people: list[LogPerson]


class LogWanted(Struct, forbid_unknown_fields=True, omit_defaults=True, rename={"since": "from", "until": "to"}):
    """One segment, or 「最新のトークログ」, or what a filter finds.

    A period has its first and its last day, in the company's time zone. Of people, the lines of their rooms while
    they were in them are meant, direct talks too.
    """

    segment: Number | None = None
    latest: bool = False
    since: Day | None = None
    until: Day | None = None
    rooms: Numbers = []
    people: Numbers = []


class LogDownloadWish(Struct, forbid_unknown_fields=True):
    """What is to be downloaded, in which form, and why; one's own password again."""

    password: Annotated[str, Meta(max_length=1000)]
    reason: Reason
    form: Form
    wanted: LogWanted


class LogDownload(Struct):
    """It can be fetched at ``address`` until then, and taken up again."""

    id: str
    name: str
    until: int
    address: str


class LogHold(Struct, omit_defaults=True):
    """What must be kept, whatever the time for which the log is kept, until it is released."""

    id: int
    kind: Literal["person", "room"]
    target: int
    name: str
    reason: str
    by: str
    at: int
    released_at: int = 0


class LogHolds(Struct):
    """The newest first."""

    holds: list[LogHold]


class LogHoldWish(Struct, forbid_unknown_fields=True):
    """Whose or which room's lines are to be kept, and why."""

    kind: Literal["person", "room"]
    target: Number
    reason: Reason


class LogReleaseWish(Struct, forbid_unknown_fields=True):
    """Why it need not be kept any longer."""

    reason: Reason


class LogFileQuestion(Struct, forbid_unknown_fields=True):
    """The download in whose course the file is read."""

    download: Annotated[str, Meta(max_length=64)] = ""
