"""The nouns of the earth: what was reported, what is known of an event by it, and what was decided.

All are plain values that become JSON and come back as they were.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

Status = Literal["real", "drill", "test"]
"""通常, 訓練, 試験."""
Info = Literal["issued", "corrected", "cancelled"]
"""発表, 訂正, 取消."""
Kind = Literal["intensity", "tsunami", "weather"]
State = Literal["seen", "armed", "started", "cancelled"]
Act = Literal["ignore", "wait", "start", "widen", "tell", "cancel", "keep"]


class Warned(Struct, frozen=True):
    """One line of a weather warning: which area, JMA's code of the warning, what happened to it, what was before."""

    area: str
    code: str
    status: str
    last: str = ""


class HazardReport(Struct, frozen=True):
    """One report, whoever brought it.

    ``type`` is JMA's (VXSE51 …) or P2P's (551, 552, 556). ``series`` names what a later report of the same event
    continues, corrects or cancels: the same for all sources. ``at`` is when it was sent, the order of a series;
    ``origin`` when the earth shook, as far as it says so. Areas are JMA's codes: 細分区域 of three digits, cities of
    seven, prefectures of two. ``missing`` are cities and areas of 「震度５弱以上未入電」.
    """

    type: str
    status: Status
    info: Info
    at: datetime
    series: str
    source: str = ""
    name: str = ""
    event_ids: tuple[str, ...] = ()
    title: str = ""
    office: str = ""
    serial: str = ""
    text: str = ""
    origin: datetime | None = None
    hypocentre: str = ""
    latitude: float | None = None
    longitude: float | None = None
    depth_km: int | None = None
    magnitude: str = ""
    max_level: str = ""
    areas: dict[str, str] = {}
    area_prefs: dict[str, str] = {}
    """The prefecture of each area as the report says it, for areas that no table knows yet."""
    cities: dict[str, str] = {}
    prefs: dict[str, str] = {}
    missing: tuple[str, ...] = ()
    early: bool = False
    """An early warning (緊急地震速報): levels are a forecast."""
    warned: tuple[str, ...] = ()
    """Areas that the early warning is a warning (警報) for."""
    assumed: bool = False
    """仮定震源要素: place and magnitude are fictions that nobody should be shown."""
    tsunami: dict[str, str] = {}
    """JMA's kind code by 津波予報区."""
    weather: tuple[Warned, ...] = ()
    comments: tuple[str, ...] = ()
    """Codes of JMA's fixed comments."""


class Answer(Struct, frozen=True):
    """What reading a telegram came to: a report, or a word that says why there is none."""

    report: HazardReport | None = None
    fault: str = ""


class Hit(Struct, frozen=True):
    """An area that a rule is about, and how hard it is hit. ``early``: by a forecast alone."""

    kind: Kind
    level: str
    missing: bool = False
    early: bool = False
    rule: int = 0


class Asked(Struct, frozen=True):
    """An area that an incident has asked, for the guard against asking it again by the next aftershock."""

    area: str
    kind: Kind
    level: str
    at: datetime
    incident: int = 0


class Entry(Struct, frozen=True):
    """What one report adds to its series: areas at the lowest level that any rule asks for, or more.

    ``ends``: nothing that was warned of is in force any more.
    """

    at: datetime
    info: Info
    early: bool = False
    levels: dict[str, str] = {}
    missing: tuple[str, ...] = ()
    tsunami: dict[str, str] = {}
    """"advisory", "warning" or "major" by prefecture."""
    weather: tuple[str, ...] = ()
    """Prefectures of a special warning."""
    ends: bool = False


class Series(Struct, frozen=True):
    """The reports of one kind about an event that were not taken back; what was sent before ``void_before`` was."""

    entries: tuple[Entry, ...] = ()
    void_before: datetime | None = None


class Known(Struct, frozen=True):
    """All that decisions need to know of an event, and where it stands.

    ``asked`` are the areas its incident asked, with their class; ``told`` those that administrators alone heard of.
    ``places`` are all areas that any report named.
    """

    state: State = "seen"
    armed_at: datetime | None = None
    armed_until: datetime | None = None
    origin: datetime | None = None
    event_ids: tuple[str, ...] = ()
    hypocentre: str = ""
    magnitude: str = ""
    max_level: str = ""
    assumed: bool = False
    drill: bool = False
    places: tuple[str, ...] = ()
    series: dict[str, Series] = {}
    asked: dict[str, Hit] = {}
    told: dict[str, Hit] = {}


class RuleSeen(Struct, frozen=True):
    """A rule as it stood at a decision, and the areas it found hit."""

    id: int
    kind: Kind
    threshold: str
    areas: tuple[str, ...]
    hits: dict[str, Hit] = {}


class Inputs(Struct, frozen=True):
    """What a decision was made of, as 「発信の理由」 shows it. ``guarded``: areas left out, and by which incident."""

    now: datetime
    state: State
    rules: tuple[RuleSeen, ...] = ()
    hits: dict[str, Hit] = {}
    asked: dict[str, Hit] = {}
    guarded: dict[str, int] = {}
    early_wait_seconds: int = 0
    grace_seconds: int = 0
    guard_hours: int = 0


class Decision(Struct, frozen=True):
    """What is to be done, why, for which areas, and the event as it is known after it.

    ``hits`` are the areas to be asked now ("start", "widen") or when the wait is over ("wait"); with "tell" the areas
    that would have been asked.
    """

    act: Act
    reason: str
    known: Known
    inputs: Inputs
    hits: dict[str, Hit] = {}
    wait_until: datetime | None = None
