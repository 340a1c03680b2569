"""A message of P2P地震情報 made a report: 551 (震度), 552 (津波), 556 (緊急地震速報（警報）). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from functools import cache
from typing import Any

import msgspec
from msgspec import Struct, field

from anpi.hazard import tsunami_areas
from anpi.hazard.levels import higher, highest
from anpi.hazard.model import HazardReport, Status
from anpi.hazard.telegram import moment_of_event
from directory.areas.tables import areas, cities, prefectures

_JST = timezone(timedelta(hours=9))
_SERIES = {"ScalePrompt": "VXSE51", "Destination": "VXSE52"}
_LATER_SERIES = "VXSE53"
_LEVELS = {10: "1", 20: "2", 30: "3", 40: "4", 45: "5-", 50: "5+", 55: "6-", 60: "6+", 70: "7"}
_NOT_COME = 46
_GRADES = {"MajorWarning": "52", "Warning": "51", "Watch": "62"}
_WARNING_KINDS = ("10", "11", "19")
_ASSUMED = "仮定震源要素"


class Unreadable(Exception):
    """It says it is one of ours and is not."""


class _Place(Struct, frozen=True):
    name: str = ""
    latitude: float = -200
    longitude: float = -200
    depth: float = -1
    magnitude: float = -1


class _Issue(Struct, frozen=True, rename="camel"):
    time: str
    type: str = ""
    correct: str = "None"
    event_id: str = ""
    serial: str = ""


class _Quake(Struct, frozen=True, rename="camel"):
    time: str = ""
    origin_time: str = ""
    hypocenter: _Place = _Place()
    condition: str = ""
    max_scale: int = -1


class _Point(Struct, frozen=True, rename="camel"):
    pref: str
    addr: str
    scale: int
    is_area: bool = False


class _Area(Struct, frozen=True, rename="camel"):
    name: str
    pref: str = ""
    grade: str = ""
    scale_from: float = -1
    scale_to: float = -1
    kind_code: str = ""


class _Message(Struct, frozen=True):
    code: int
    id: str = ""
    old_id: str = field(default="", name="_id")
    issue: _Issue | None = None
    earthquake: _Quake | None = None
    points: list[_Point] = []
    areas: list[_Area] = []
    cancelled: bool = False
    test: bool = False


class _Code(Struct, frozen=True):
    code: int


def read(data: bytes) -> HazardReport | None:
    """The report; None for what is none of ours, as the network's own chatter. Raises ``Unreadable``."""
    try:
        text = data.decode()
        code = msgspec.json.decode(text, type=_Code).code
        if code not in _MAKERS:
            return None
        message = msgspec.json.decode(text, type=_Message)
    except (UnicodeDecodeError, msgspec.MsgspecError, RecursionError):
        raise Unreadable from None
    if message.issue is None or (at := _moment(message.issue.time)) is None:
        raise Unreadable
    return _MAKERS[code](message, message.issue, at)


def _quake(message: _Message, issue: _Issue, at: datetime) -> HazardReport:
    quake = message.earthquake or _Quake()
    levels, towns, missing = _shaken(message.points)
    return HazardReport(
        type="551",
        name=message.id or message.old_id,
        status="real",
        info="issued" if issue.correct in ("None", "Unknown", "") else "corrected",
        at=at,
        series=_SERIES.get(issue.type, _LATER_SERIES),
        title=issue.type[:40],
        origin=_moment(quake.time),
        max_level=highest((_LEVELS.get(quake.max_scale, ""), *levels.values())),
        areas=levels,
        cities=towns,
        missing=tuple(missing),
        **_where(quake.hypocenter),
    )


def _early(message: _Message, issue: _Issue, at: datetime) -> HazardReport:
    quake = message.earthquake or _Quake()
    levels, warned = dict[str, str](), dict[str, None]()
    for area in message.areas:
        for code in _codes(area.pref, area.name):
            level = _LEVELS.get(int(area.scale_to), "") or _LEVELS.get(int(area.scale_from), "")
            if level:
                levels[code] = higher(level, levels.get(code, ""))
            if not area.kind_code or area.kind_code in _WARNING_KINDS:
                warned[code] = None
    event = issue.event_id if len(issue.event_id) == 14 and issue.event_id.isdigit() else ""
    assumed = quake.condition == _ASSUMED
    return HazardReport(
        type="556",
        name=message.id or message.old_id,
        status=_status(message),
        info="cancelled" if message.cancelled else "issued",
        at=at,
        series="VXSE43",
        event_ids=(event,) if event else (),
        serial=issue.serial[:10],
        origin=_moment(quake.origin_time) or (moment_of_event(event) if event else None),
        max_level=highest(levels.values()),
        areas=levels,
        early=True,
        warned=tuple(warned),
        assumed=assumed,
        **({} if assumed else _where(quake.hypocenter)),
    )


def _tsunami(message: _Message, issue: _Issue, at: datetime) -> HazardReport:
    """``cancelled`` says here that the warnings are over: nothing is taken back."""
    kinds = dict[str, str]()
    for area in message.areas:
        code = tsunami_areas.code_of().get(area.name)
        if code and area.grade in _GRADES and not message.cancelled:
            kinds[code] = _GRADES[area.grade]
    return HazardReport(
        type="552",
        name=message.id or message.old_id,
        status=_status(message),
        info="issued",
        at=at,
        series="VTSE41",
        title=issue.type[:40],
        tsunami=kinds,
    )


_MAKERS = {551: _quake, 552: _tsunami, 556: _early}


def _status(message: _Message) -> Status:
    return "test" if message.test else "real"


def _shaken(points: list[_Point]) -> tuple[dict[str, str], dict[str, str], dict[str, None]]:
    """Areas and cities with their level, and those whose value did not come."""
    levels, towns, missing = dict[str, str](), dict[str, str](), dict[str, None]()
    for point in points:
        level = _LEVELS.get(point.scale, "")
        for code in _codes(point.pref, point.addr) if point.is_area else _around_station(point.pref, point.addr):
            if point.scale == _NOT_COME:
                missing[code] = None
            elif level and len(code) == 7:
                towns[code] = higher(level, towns.get(code, ""))
            elif level:
                levels[code] = higher(level, levels.get(code, ""))
    for code, level in towns.items():
        area = cities()[code].area_code
        levels[area] = higher(level, levels.get(area, ""))
    return levels, towns, missing


def _codes(pref: str, name: str) -> tuple[str, ...]:
    """The 細分区域 of this name, else its prefecture: rather too wide than nobody."""
    if code := _area_names().get(name):
        return (code,)
    code = _pref_names().get(pref)
    return (code,) if code else ()


def _around_station(pref: str, station: str) -> tuple[str, ...]:
    """The city that a measuring station stands in: its name begins with the city's."""
    prefecture = _pref_names().get(pref, "")
    names = _city_names().get(prefecture, {})
    for length in range(len(station), 0, -1):
        if code := names.get(station[:length]):
            return (code,)
    return (prefecture,) if prefecture else ()


@cache
def _area_names() -> Mapping[str, str]:
    return {area.name: code for code, area in areas().items()}


@cache
def _pref_names() -> Mapping[str, str]:
    """With and without 都, 府 or 県; 北海道 is warned in parts (北海道道央 …)."""
    names = {area.name: code for code, area in prefectures().items()}
    short = {name[:-1]: code for name, code in names.items() if name != "北海道"}
    parts = dict.fromkeys(("北海道道央", "北海道道南", "北海道道北", "北海道道東"), "01")
    return {**short, **parts, **names}


@cache
def _city_names() -> Mapping[str, Mapping[str, str]]:
    names: dict[str, dict[str, str]] = {}
    for code, city in cities().items():
        names.setdefault(city.pref_code, {})[city.jma_name] = code
    return names


def _where(place: _Place) -> dict[str, Any]:
    """The fields of a report that say where it was and how strong."""
    if not place.name:
        return {}
    known = place.latitude > -200 and place.longitude > -200
    return {
        "hypocentre": place.name[:100],
        "latitude": place.latitude if known else None,
        "longitude": place.longitude if known else None,
        "depth_km": int(place.depth) if place.depth >= 0 else None,
        "magnitude": str(place.magnitude) if place.magnitude > 0 else "",
    }


def _moment(text: str) -> datetime | None:
    """Their times are Japan's, with or without milliseconds."""
    try:
        return datetime.strptime(text[:19], "%Y/%m/%d %H:%M:%S").replace(tzinfo=_JST).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
