"""What administrators of the safety check send and are answered about quakes, rules and sources. Times are in
milliseconds; 0 is never."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType, field

from server.live.frames import Number

RULES_LIMIT = 20
AREAS_LIMIT = 300

RuleKind = Literal["intensity", "tsunami", "weather"]
Level = Literal["0", "1", "2", "3", "4", "5-", "5+", "6-", "6+", "7"]
Threshold = Literal["", "4", "5-", "5+", "6-", "6+", "7", "advisory", "warning", "major"]
"""震度 for ``intensity``; 注意報, 警報, 大津波警報 for ``tsunami``; blank for ``weather``."""
AreaCode = Annotated[str, Meta(pattern="^[0-9]{2}([0-9]|[0-9]{5})?$")]
"""A prefecture (2 digits), a 細分区域 (3) or a city (7), as JMA numbers them."""
Act = Literal["ignore", "wait", "start", "widen", "tell", "cancel", "keep"]


class HazardRule(Struct, forbid_unknown_fields=True):
    """When a safety check starts by itself; without areas in all Japan."""

    kind: RuleKind
    enabled: bool
    threshold: Threshold = ""
    areas: Annotated[list[AreaCode], Meta(max_length=AREAS_LIMIT)] = field(default_factory=list)


class HazardRulesBody(Struct, forbid_unknown_fields=True):
    """All rules as they shall be; ``seen`` is the ``changed_at`` of those one has seen."""

    rules: Annotated[list[HazardRule], Meta(max_length=RULES_LIMIT)]
    seen: Number | UnsetType = UNSET


class AreaChoice(Struct):
    """An area to choose: a prefecture, or one of its 細分区域."""

    code: str
    name: str
    prefecture: str


class HazardRules(Struct):
    """The rules, and among which areas one may choose."""

    rules: list[HazardRule]
    changed_at: int
    choices: list[AreaChoice]


class SourceHealth(Struct):
    """A source of telegrams: with which hosts it speaks, and when it was last heard. ``state`` is "off" by a switch,
    "waiting" at first, "good", or "silent"."""

    name: Literal["jma", "p2p", "dmdata", "inbound"]
    state: Literal["off", "waiting", "good", "silent"]
    hosts: list[str]
    early: bool
    """Whether early warnings come from here."""
    tried_at: int = 0
    heard_at: int = 0
    report_at: int = 0
    error: str = ""
    bytes_today: int = 0


class ReadyLine(Struct):
    """One line of 「自動発信の準備」: ``count`` of ``total`` are as they should be, as of ``at``."""

    name: Literal["people", "mail", "quake", "early", "areas", "contacts", "link", "administrators"]
    ok: bool
    count: int = 0
    total: int = 0
    at: int = 0


class MailTest(Struct, omit_defaults=True):
    """テストメール: what became of it. ``outcome`` is blank while it is under way; "sent": a relay took it; "refused"
    for good, "later" for now, "doubtful": handed over without a word, "trouble": no relay could be used, "bounced":
    it came back, "lost": nobody knows. ``way``: which relay (1 or 2) had the last word, ``said``: its words; ``by``:
    who sent it; ``to``: to which address, told to whoever has just sent it."""

    at: int
    outcome: Literal[
        "", "sent", "refused", "later", "doubtful", "trouble", "bounced", "no_relay", "no_address", "lost"
    ]
    way: int = 0
    said: str = ""
    by: str = ""
    to: str = ""


class Readiness(Struct):
    """Whether a safety check would start by itself and reach everybody. ``outside`` is the company's switch for all
    outside sources, ``door`` the operator's (RENRAKU_OUTBOUND); ``test`` is the newest test mail."""

    ready: bool
    outside: bool
    door: bool
    lines: list[ReadyLine]
    sources: list[SourceHealth]
    test: MailTest | None = None


class AreaLevel(Struct):
    """An area and what was told of it. ``level`` is 震度, a tsunami's class ("advisory", "warning", "major") or
    "special"; ``missing``: 震度５弱以上未入電; ``early``: by a forecast alone."""

    code: str
    name: str
    level: str
    missing: bool = False
    early: bool = False


class GuardedArea(Struct):
    """An area that is not asked again, and the safety check that has asked it."""

    code: str
    name: str
    incident: int


class HazardEvent(Struct):
    """One quake, tsunami or special warning, whatever it was told by. ``act`` and ``reason`` are the newest
    decision."""

    id: int
    kind: Literal["earthquake", "early_warning", "tsunami", "weather", "other"]
    at: int
    drill: bool
    state: Literal["seen", "armed", "started", "cancelled"]
    place: str
    level: str
    missing: bool
    magnitude: str
    reports: int
    act: Act
    reason: str
    incident: int | None = None
    armed_until: int = 0


class EventsQuestion(Struct, forbid_unknown_fields=True):
    """Events older than ``before``; left out: the newest."""

    before: Number | UnsetType = UNSET


class HazardEvents(Struct):
    """The newest first, at most 50."""

    events: list[HazardEvent]
    more: bool


class HazardReportRow(Struct):
    """One telegram as it came. ``error``: it could not be read."""

    id: int
    source: str
    type: str
    status: Literal["real", "drill", "test"]
    info: Literal["issued", "corrected", "cancelled"]
    at: int
    received_at: int
    title: str
    level: str
    missing: bool
    areas: int
    error: str = ""


class RuleFinding(Struct):
    """What one rule made of it: ``hits`` are the areas that reach its threshold, ``areas`` those that it is about
    (none: all Japan)."""

    kind: RuleKind
    threshold: str
    areas: list[AreaChoice]
    hits: list[AreaLevel]


class HazardDecision(Struct):
    """What a report, or the end of a wait, led to, with everything it was decided by. ``areas`` were to be asked;
    ``guarded`` had been asked within the guard's hours."""

    id: int
    report: int | None
    at: int
    act: Act
    reason: str
    incident: int | None
    rules: list[RuleFinding]
    areas: list[AreaLevel]
    guarded: list[GuardedArea]
    until: int = 0
    """Until when it waits."""


class HazardWhy(Struct):
    """発信の理由: every report of an event, and what each led to."""

    event: HazardEvent
    reports: list[HazardReportRow]
    decisions: list[HazardDecision]


class IncidentWhy(Struct):
    """The same for a safety check: the events that it was started and widened by."""

    events: list[HazardWhy]


class InventedQuake(Struct, forbid_unknown_fields=True):
    """A quake that never was: 震度 by area."""

    areas: Annotated[dict[AreaCode, Level], Meta(min_length=1, max_length=AREAS_LIMIT)]


class SimulateBody(Struct, forbid_unknown_fields=True):
    """What would happen today: with a stored event, or with an invented quake. One of the two."""

    event: Number | UnsetType = UNSET
    report: InventedQuake | UnsetType = UNSET


class Simulation(Struct):
    """Nothing was sent. ``people`` would be asked: ``unplaced`` of them because no area of theirs is known, and
    ``without_address`` have no address."""

    act: Act
    reason: str
    areas: list[AreaLevel]
    rules: list[RuleFinding]
    people: int
    unplaced: int
    without_address: int


class InboundTaken(Struct):
    """A telegram was taken in; ``known``: it had come before."""

    report: int
    known: bool
    act: str
