"""Which event a report is about: by its EventID, or, as P2P says none, by time and place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone

from msgspec import Struct

from anpi.hazard import tsunami_areas
from anpi.hazard.areas import around
from anpi.hazard.model import Entry, HazardReport, Known

WINDOW = timedelta(minutes=35)
"""No report is joined by time and place with an event further away than this."""

_SAME_QUAKE = 2
"""So many minutes apart two origins may be, each cut to its minute."""
_SAME_WARNING = timedelta(minutes=2)
_TSUNAMI_AFTER = timedelta(minutes=30)
_JST = timezone(timedelta(hours=9))
_NO_EVENT = ("VXSE42", "VXSE56", "VXSE60", "VTSE51")
_HYPOCENTRES = ("VXSE52", "VXSE61")
_RANK = {"started": 3, "armed": 2, "seen": 1, "cancelled": 0}


class Candidate(Struct, frozen=True):
    """An event that a report may be about."""

    id: int
    key: str
    known: Known


def keys_of(report: HazardReport) -> tuple[str, ...]:
    """The keys of the events it names: several when two quakes shook one sea, none when it names none."""
    drill = "drill-" if report.status == "drill" else ""
    if report.series.startswith("VPWW"):
        return (f"{drill}weather:{report.at.astimezone(_JST):%Y%m%d}",)
    return tuple(f"{drill}eq:{event}" for event in report.event_ids)


def key_of(report: HazardReport) -> str:
    """The key of a new event for it; "" when it is about none and is kept for the record alone."""
    if report.status == "test" or report.type in _NO_EVENT or _is_ordinary_weather(report):
        return ""
    drill = "drill-" if report.status == "drill" else ""
    keys = keys_of(report)
    return keys[-1] if keys else f"{drill}own:{report.source}:{report.name}"


def is_own(key: str) -> bool:
    """Whether the event waits for a report that names it."""
    return key.removeprefix("drill-").startswith("own:")


def when_of(report: HazardReport) -> datetime:
    """When it happened, as far as the report says so."""
    return report.origin or report.at


def match(report: HazardReport, candidates: Sequence[Candidate]) -> int | None:
    """The id of the event it is about. One with an own key then takes the report's."""
    keys = keys_of(report)
    named = [each for each in candidates if each.key in keys]
    if named:
        return max(named, key=lambda each: (_RANK[each.known.state], each.id)).id
    drill = report.status == "drill"
    near = [each for each in candidates if each.known.drill == drill and (not keys or is_own(each.key))]
    found = _by_warning(report, near) if report.series == "VTSE41" else _by_quake(report, near)
    return found.id if found else None


def _is_ordinary_weather(report: HazardReport) -> bool:
    return report.series.startswith("VPWW") and not report.weather and report.info != "cancelled"


def _by_quake(report: HazardReport, candidates: Iterable[Candidate]) -> Candidate | None:
    """Shaken within two minutes, with an area or the hypocentre in common; the nearest in time, then in areas.

    What names no area goes with the time: it tells the hypocentre alone, or takes back what has not come yet. It
    cannot be compared, and hits nothing.
    """
    found = [
        (abs(_minutes(report.origin, each.known.origin)), -len(_common(report, each.known)), each.id, each)
        for each in candidates
        if report.origin and each.known.origin
        if abs(_minutes(report.origin, each.known.origin)) <= _SAME_QUAKE
        if _common(report, each.known) or _goes_with_the_time(report) or _same_place(report, each.known)
    ]
    return min(found, key=lambda each: each[:3])[3] if found else None


def _by_warning(report: HazardReport, candidates: Sequence[Candidate]) -> Candidate | None:
    """The event of the same warning, else the quake before it on the same coast."""
    coasts = set(tsunami_areas.by_prefecture(report.tsunami))
    told = [each for each in candidates if any(_same_warning(report.at, coasts, e) for e in _warnings(each.known))]
    if told:
        return max(told, key=lambda each: each.id)
    before = [
        each for each in candidates if _shook_before(report.at, each.known) and coasts & _prefectures(each.known)
    ]
    return max(before, key=lambda each: (each.known.origin, each.id)) if before else None


def _same_warning(at: datetime, coasts: set[str], entry: Entry) -> bool:
    # One that says it is over names no coast.
    return abs(at - entry.at) <= _SAME_WARNING and bool(coasts & entry.tsunami.keys()) if coasts else at >= entry.at


def _warnings(known: Known) -> tuple[Entry, ...]:
    series = known.series.get("VTSE41")
    return tuple(entry for entry in series.entries if entry.tsunami) if series else ()


def _shook_before(at: datetime, known: Known) -> bool:
    return known.origin is not None and timedelta() <= at - known.origin <= _TSUNAMI_AFTER


def _prefectures(known: Known) -> set[str]:
    return {around(place)[-1] for place in known.places}


def _same_place(report: HazardReport, known: Known) -> bool:
    alone = all(_names_none(series, known.places) for series in known.series)
    return alone or (bool(report.hypocentre) and report.hypocentre == known.hypocentre)


def _goes_with_the_time(report: HazardReport) -> bool:
    return _names_none(report.series, report.areas) or (report.info == "cancelled" and not report.areas)


def _names_none(series: str, areas: Iterable[str]) -> bool:
    return series in _HYPOCENTRES and not areas


def _common(report: HazardReport, known: Known) -> set[str]:
    return set(report.areas) & set(known.places)


def _minutes(one: datetime | None, other: datetime | None) -> int:
    assert one is not None
    assert other is not None
    minute = timedelta(minutes=1)
    epoch = datetime.fromtimestamp(0, one.tzinfo)
    return (one - epoch) // minute - (other - epoch) // minute
