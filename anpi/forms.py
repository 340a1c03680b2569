"""What administrators of the safety check send and are answered over HTTP, about incidents, templates, settings.

Times are milliseconds since 1970.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from anpi.model import Act, Cause, IncidentState, Kind, Origin, Questions
from server.live.frames import Number

Text = Annotated[str, Meta(max_length=20_000)]
Key = Annotated[str, Meta(pattern="^[A-Za-z0-9-]{8,64}\\Z", max_length=64)]
"""A number of the client's own making (UUIDv7): sent twice, it happens once."""
Code = Annotated[str, Meta(pattern="^([0-9]{2}|[0-9]{3}|[0-9]{7})?\\Z", max_length=7)]
PEOPLE_LIMIT = 100_000
Moment = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
"""Milliseconds since 1970, up to the end of the year 9999: later ones there are not."""

# ---------------------------------------------------------------- 災害登録


class NewIncident(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """災害登録. What is required and missing is refused by name; ``closing_at`` and ``closing_to``: both or
    neither."""

    key: Key
    title: Text = ""
    message: Text = ""
    kind: Kind = "ask"
    drill: bool = False
    count_from: Moment | None = None
    closing_at: Moment | None = None
    closing_to: Text = ""
    location: bool = False
    questions: Questions | UnsetType = UNSET


class IncidentChange(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What shall be different; what is left out stays. After the first ［発信］ only 終了案内 and 位置情報
    change."""

    title: Text | UnsetType = UNSET
    message: Text | UnsetType = UNSET
    kind: Kind | UnsetType = UNSET
    drill: bool | UnsetType = UNSET
    count_from: Moment | UnsetType = UNSET
    closing_at: Moment | UnsetType | None = UNSET
    closing_to: Text | UnsetType = UNSET
    location: bool | UnsetType = UNSET
    questions: Questions | UnsetType = UNSET


class SendRow(Struct, omit_defaults=True):
    """One ［発信］: ``act`` "ask", "again" (再送) or "cancelled" (取消の知らせ). ``people``: how many it has reached
    so far while ``state`` is "preparing". ``whom`` "due": those whose time to be asked again had come. ``actor`` is
    blank for what happened by itself."""

    id: int
    act: Act
    whom: Literal["all", "found", "picked", "areas", "silent", "due", "reached"]
    at: int
    state: Literal["preparing", "ready"]
    people: int
    actor: str = ""


class Progress(Struct, omit_defaults=True, frozen=True):
    """How it stands: people asked, answered, in need of help; people whom something has reached (``sent``), whom
    nothing could (``failed``), whose mails went into a folder alone (``written``), and to whom something is on its
    way (``waiting``). A list tells the first three."""

    people: int = 0
    answered: int = 0
    support: int = 0
    sent: int = 0
    failed: int = 0
    written: int = 0
    waiting: int = 0


class IncidentRow(Struct, omit_defaults=True):
    """A line of the list 安否確認. ``cancelled_at``: 取消; ``suspended_at``: 中断."""

    id: int
    kind: Kind
    drill: bool
    origin: Origin
    cause: Cause
    state: IncidentState
    title: str
    created_at: int
    count_from: int
    rev: int
    sent_at: int = 0
    suspended_at: int = 0
    cancelled_at: int = 0
    completed_at: int = 0
    progress: Progress = Progress()


class Incidents(Struct):
    """The newest first; ``more``: ask again with ``before`` = the last one's number."""

    incidents: list[IncidentRow]
    more: bool = False


class IncidentFacts(Struct, omit_defaults=True, frozen=True):
    """What the variables of the text stand for."""

    level: str = ""
    areas: tuple[str, ...] = ()
    place: str = ""
    at: int = 0
    missing: bool = False


class IncidentShown(IncidentRow, omit_defaults=True, kw_only=True):
    """One incident with everything. ``changeable``: before the first ［発信］. ``linked``: mails carry a link to
    answer (there is a public address)."""

    message: str
    questions: Questions
    location: bool
    changeable: bool
    linked: bool
    closing_at: int = 0
    closing_to: str = ""
    closing_sent_at: int = 0
    facts: IncidentFacts = IncidentFacts()
    reminders: list[int] = []
    created_by: str = ""
    completed_by: str = ""
    sends: list[SendRow] = []


class IncidentsQuestion(Struct, forbid_unknown_fields=True):
    """Which incidents: all, 受付中 or 完了; older than ``before``."""

    state: Literal["", "open", "done"] = ""
    before: Number = 0


# ---------------------------------------------------------------- whom, and ［発信］


class Conditions(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """検索条件, all of which must hold. ``department``: in it or below. ``text``: part of 氏名 or カナ, several words
    are AND. ``area``: a JMA code; a prefecture holds all its areas. ``sent``: 発信状況. ``answered``: 回答状況.
    ``self`` …: 回答内容."""

    department: Number | UnsetType = UNSET
    text: Annotated[str, Meta(max_length=200)] = ""
    area: Code = ""
    sent: Literal["", "not_sent", "waiting", "sent", "failed"] = ""
    answered: Literal["", "yes", "no"] = ""
    self: Literal["", "safe", "minor", "major", "other"] = ""
    help: Literal["", "yes"] = ""
    work: Literal["", "can", "home", "cannot", "unknown"] = ""


class Whom(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """全件, 抽出者全件 or 個別: exactly one of the three."""

    all: bool = False
    found: Conditions | UnsetType = UNSET
    picked: Annotated[list[Number], Meta(max_length=PEOPLE_LIMIT)] | UnsetType = UNSET


class CountBody(Struct, forbid_unknown_fields=True):
    """Whom one thinks of asking."""

    whom: Whom


class Counted(Struct):
    """「{people}人に発信します。」: so many would be asked, and so many of them have no mail address; ``already``
    have been asked before, and are not asked anew."""

    people: int
    without_address: int
    already: int = 0


class SendBody(Struct, forbid_unknown_fields=True):
    """［発信］: ``people`` is the number that was confirmed; ``key`` makes pressing twice one send."""

    key: Key
    whom: Whom
    people: Number


class ResendBody(Struct, forbid_unknown_fields=True):
    """未回答の人に再送."""

    key: Key


class Sent(Struct):
    """The send that was begun, or the one of the same key."""

    send: SendRow


class CompleteBody(Struct, forbid_unknown_fields=True):
    """完了にする; ``unanswered``: as one was told."""

    unanswered: Number


class Completed(Struct):
    """``unanswered``: how many had really not answered."""

    incident: IncidentShown
    unanswered: int


# ---------------------------------------------------------------- the list of people


class AnpiPeopleQuestion(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """The conditions of ``Conditions``, and after whom to go on (the last row's ``id``)."""

    department: Number | UnsetType = UNSET
    text: Annotated[str, Meta(max_length=200)] = ""
    area: Code = ""
    sent: Literal["", "not_sent", "waiting", "sent", "failed"] = ""
    answered: Literal["", "yes", "no"] = ""
    self: Literal["", "safe", "minor", "major", "other"] = ""
    help: Literal["", "yes"] = ""
    work: Literal["", "can", "home", "cannot", "unknown"] = ""
    after: Number = 0


class AnpiPersonRow(Struct, omit_defaults=True):
    """Somebody in the list of S21. ``sent``: blank (not asked), "waiting" (発信中), "sent" (送信済), "written"
    (into a folder, because there is no way out), "failed" (不達) or "dropped" (it was completed first).
    ``area``: by which he was asked, else where he works or lives. ``left``: he has left the company."""

    id: int
    name: str
    kana: str = ""
    department: str = ""
    area: str = ""
    sent: Literal["", "waiting", "sent", "written", "failed", "dropped"] = ""
    asked_at: int = 0
    answered_at: int = 0
    self: str = ""
    help: bool = False
    work: str = ""
    doubtful: bool = False
    left: bool = False


class PeopleRows(Struct):
    """At most 100, in the order of all lists; ``total`` answer the conditions."""

    total: int
    people: list[AnpiPersonRow]
    more: bool = False


class DeliveryRow(Struct, omit_defaults=True):
    """What was sent to one of somebody's addresses, named by its slot: "email1", "own1" …, "push", "talk", "sms"."""

    round: int
    channel: str
    slot: str
    state: str
    at: int = 0
    error: str = ""


class DeliveryRows(Struct):
    """Everything that was sent to somebody, in its order."""

    deliveries: list[DeliveryRow]


# ---------------------------------------------------------------- 定型文


class TemplateBody(Struct, forbid_unknown_fields=True):
    """A 定型文: under which name it is found, and what it fills in."""

    name: Text
    title: Text
    message: Text


class TemplateRow(Struct):
    """A 定型文 as it is kept."""

    id: int
    name: str
    title: str
    message: str
    changed_at: int


class Templates(Struct):
    """All 定型文, in their order."""

    templates: list[TemplateRow]


# ---------------------------------------------------------------- settings


class SettingsBody(Struct, forbid_unknown_fields=True, omit_defaults=True):
    """What shall be different of ``AnpiSettings``; what is left out stays."""

    outside: bool | UnsetType = UNSET
    early_wait_seconds: Annotated[int, Meta(ge=0, le=600)] | UnsetType = UNSET
    grace_seconds: Annotated[int, Meta(ge=0, le=600)] | UnsetType = UNSET
    guard_hours: Annotated[int, Meta(ge=0, le=72)] | UnsetType = UNSET
    jma_drills: bool | UnsetType = UNSET
    message: Text | UnsetType = UNSET
    message_early: Text | UnsetType = UNSET
    message_warning: Text | UnsetType = UNSET
    questions: Questions | UnsetType = UNSET
    location: bool | UnsetType = UNSET
    remind: Annotated[list[Annotated[int, Meta(ge=5, le=1440)]], Meta(max_length=3)] | UnsetType = UNSET
    remind_quake_any_hour: bool | UnsetType = UNSET
    badge_detail: Literal["full", "support"] | UnsetType = UNSET
    emergency_number: Text | UnsetType = UNSET
    sender_name: Text | UnsetType = UNSET
    managers: Annotated[list[Number], Meta(max_length=30)] | UnsetType = UNSET


class ManagerRow(Struct):
    """An administrator of the safety check, and whether he manages its settings."""

    id: int
    name: str
    manages: bool


class SettingsShown(Struct):
    """As they are. ``changeable``: whether this administrator may change them. ``title`` is the automatic incident's,
    which is fixed. ``group_code``: 団体コード; ``site``: the address of the safety check with it, blank without a
    public one. ``linked``: there is a public address for links to answer."""

    outside: bool
    early_wait_seconds: int
    grace_seconds: int
    guard_hours: int
    jma_drills: bool
    title: str
    message: str
    message_early: str
    message_warning: str
    questions: Questions
    location: bool
    remind: list[int]
    remind_quake_any_hour: bool
    badge_detail: Literal["full", "support"]
    emergency_number: str
    sender_name: str
    administrators: list[ManagerRow]
    changeable: bool
    group_code: str
    site: str
    linked: bool
