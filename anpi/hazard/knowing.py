"""What is known of an event after one more report, in whatever order and however often they come."""

from __future__ import annotations

from datetime import timedelta
from itertools import chain

from msgspec.structs import replace

from anpi.hazard import tsunami_areas, weather
from anpi.hazard.areas import known_or
from anpi.hazard.levels import THRESHOLDS, higher
from anpi.hazard.model import Entry, HazardReport, Known, Series

ENTRIES = 40
"""So many reports of a series are kept apart; before them the oldest are put together."""
_LOWEST = THRESHOLDS[0]
_NO_TIME = timedelta(microseconds=1)


def merged(known: Known, report: HazardReport) -> Known:
    """The event with the report in it. Nothing of where the event stands is changed."""
    series = {**known.series, report.series: _continued(known.series.get(report.series, Series()), report)}
    known = replace(
        known,
        series=series,
        drill=known.drill or report.status == "drill",
        event_ids=tuple(sorted({*known.event_ids, *report.event_ids})),
        origin=known.origin or report.origin or report.at,
        places=tuple(sorted({*known.places, *report.areas})),
    )
    return known if report.info == "cancelled" else _described(known, report)


def adds(report: HazardReport) -> Entry:
    """What a report says, as far as a rule may ask for it."""
    grades = tsunami_areas.by_prefecture(report.tsunami)
    return Entry(
        at=report.at,
        info=report.info,
        early=report.early,
        levels=_levels(report),
        missing=tuple(sorted({_wide(code, report) for code in report.missing})),
        tsunami=grades,
        weather=weather.newly_warned(report.weather),
        ends=_ends(report, bool(grades)),
    )


def says_something(entry: Entry) -> bool:
    """Whether any rule could be about it."""
    return bool(entry.levels or entry.missing or entry.tsunami or entry.weather)


def _continued(series: Series, report: HazardReport) -> Series:
    entry = adds(report)
    void = series.void_before
    if report.info == "cancelled":
        # 取消 takes back the whole series so far, this report's own time included.
        void = max(filter(None, (void, report.at + _NO_TIME)))
    elif report.info == "corrected" or entry.ends:
        void = max(filter(None, (void, report.at)))
    new = says_something(entry) and report.info != "cancelled" and entry not in series.entries
    entries = (*series.entries, entry) if new else series.entries
    valid = sorted((each for each in entries if void is None or each.at >= void), key=_order)
    return Series(_within(tuple(valid)), void)


def _order(entry: Entry) -> tuple[object, ...]:
    return (entry.at, entry.info, sorted(entry.levels.items()), entry.missing, sorted(entry.tsunami.items()))


def _within(entries: tuple[Entry, ...]) -> tuple[Entry, ...]:
    if len(entries) <= ENTRIES:
        return entries
    one, other, *rest = entries
    return (_together(one, other), *rest)


def _together(one: Entry, other: Entry) -> Entry:
    """Two reports in one, the newer's time."""
    levels, tsunami = dict(one.levels), dict(one.tsunami)
    for code, level in other.levels.items():
        levels[code] = higher(level, levels.get(code, ""))
    for code, grade in other.tsunami.items():
        tsunami[code] = higher(grade, tsunami.get(code, ""))
    return replace(
        other,
        levels=levels,
        tsunami=tsunami,
        early=one.early and other.early,
        missing=tuple(sorted({*one.missing, *other.missing})),
        weather=tuple(sorted({*one.weather, *other.weather})),
    )


def _levels(report: HazardReport) -> dict[str, str]:
    """Areas at 震度 4 or more, and what is known of cities whose value did not come.

    Of an early warning only what it warns of.
    """
    areas = report.areas.items()
    if report.early:
        areas = {code: level for code, level in areas if code in report.warned}.items()
    missing = {code: report.cities[code] for code in report.missing if code in report.cities}
    levels = dict[str, str]()
    for code, level in chain(areas, missing.items()):
        if higher(level, _LOWEST) == level:
            wide = _wide(code, report)
            levels[wide] = higher(level, levels.get(wide, ""))
    return levels


def _wide(code: str, report: HazardReport) -> str:
    """The area, or its prefecture for one that is newer than our tables."""
    return known_or(code, code[:2] if len(code) == 7 else report.area_prefs.get(code, ""))


def _ends(report: HazardReport, graded: bool) -> bool:
    if report.info == "cancelled":
        return False
    if report.series.startswith("VPWW"):
        return not weather.in_force(report.weather)
    return report.series == "VTSE41" and not graded


def _described(known: Known, report: HazardReport) -> Known:
    """Where and how strong, for people: the highest level observed or forecast, the newest place said."""
    if report.hypocentre and not report.assumed:
        known = replace(known, hypocentre=report.hypocentre, magnitude=report.magnitude, assumed=False)
    elif report.assumed and not known.hypocentre:
        known = replace(known, assumed=True)
    return replace(known, max_level=higher(report.max_level, known.max_level))
