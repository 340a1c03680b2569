"""What the rules make of an event: which areas are hit, and which of these are left out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache

from msgspec.structs import replace

from anpi.hazard.areas import around, covered, meeting
from anpi.hazard.levels import AT_LEAST, MISSING_COUNTS_UP_TO, SPECIAL, higher, reaches
from anpi.hazard.model import Asked, Entry, Hit, Kind, Known, RuleSeen
from anpi.hazard.rules import Limits, Rule


def seen(entries: Iterable[Entry], rules: Sequence[Rule]) -> tuple[RuleSeen, ...]:
    """What each rule finds hit. A rule that is off finds nothing."""
    entries = tuple(entries)
    return tuple(
        RuleSeen(rule.id, rule.kind, rule.threshold, rule.areas, _found(entries, rule))
        for rule in sorted(rules, key=lambda rule: (rule.place, rule.id))
        if rule.enabled
    )


def entries(known: Known, since: datetime | None) -> tuple[Entry, ...]:
    """All that was said of the event and not taken back; ``since``: leaving out what is older."""
    told = (entry for series in known.series.values() for entry in series.entries)
    return tuple(entry for entry in told if since is None or entry.at >= since)


def together(rules: Iterable[RuleSeen]) -> dict[str, Hit]:
    """Several rules' hits as one, without cities in an area that is hit as a whole."""
    hits = dict[str, Hit]()
    for rule in rules:
        for code, hit in rule.hits.items():
            hits[code] = _higher(hits[code], hit) if code in hits else hit
    return {code: hits[code] for code in sorted(hits) if not _city_within(code, hits)}


def not_among(hits: Mapping[str, Hit], asked: Iterable[str]) -> dict[str, Hit]:
    """Without areas in which everybody was asked."""
    asked = tuple(asked)
    return {code: hit for code, hit in hits.items() if not covered(code, asked)}


def unguarded(
    rules: Sequence[RuleSeen], asked: Mapping[str, Hit], guard: Sequence[Asked], now: datetime, limits: Limits
) -> tuple[dict[str, Hit], dict[str, int]]:
    """The areas that are to be asked, and those that the guard leaves out, with the incident that asked them.

    Each kind by itself: an area may be hit by two, and what was asked about the one says nothing of the other.
    """
    fresh, guarded = dict[str, Hit](), dict[str, int]()
    for kind in dict.fromkeys(rule.kind for rule in rules):
        hits = not_among(together(rule for rule in rules if rule.kind == kind), asked)
        by = guarding(hits, guard, now, limits)
        fresh |= {code: hit for code, hit in hits.items() if code not in fresh and code not in by}
        guarded |= by
    left = {code: fresh[code] for code in sorted(fresh) if not _city_within(code, fresh)}
    return left, {code: by for code, by in guarded.items() if code not in left}


def guarding(hits: Mapping[str, Hit], guard: Sequence[Asked], now: datetime, limits: Limits) -> dict[str, int]:
    """Areas that an earlier incident asked at the same class or a higher one not long ago, and that incident."""
    return {
        code: by.incident
        for code, hit in hits.items()
        for by in (_guard_of(code, hit, guard, now, limits),)
        if by is not None
    }


def rules_then(asked: Mapping[str, Hit]) -> list[Rule]:
    """Rules that find what was asked, whatever has become of the rules by which it was. None of them finds more than
    those did: a threshold was at most what reached it."""
    found: dict[tuple[Kind, str], list[str]] = {}
    for code, hit in asked.items():
        found.setdefault((hit.kind, _at_most(hit)), []).append(code)
    return [Rule(0, kind, threshold, tuple(codes)) for (kind, threshold), codes in found.items()]


def _at_most(hit: Hit) -> str:
    if hit.kind == "weather":
        return ""
    return MISSING_COUNTS_UP_TO if hit.missing else hit.level


def _found(entries: Sequence[Entry], rule: Rule) -> dict[str, Hit]:
    hits = dict[str, Hit]()
    limits = frozenset(rule.areas)
    # Every report of a series names the same areas.
    meets = cache(lambda code: meeting(code, limits))
    for entry in entries:
        for code, hit in _hits(entry, rule):
            for area in meets(code):
                hits[area] = _higher(hits[area], hit) if area in hits else hit
    return hits


def _hits(entry: Entry, rule: Rule) -> Iterator[tuple[str, Hit]]:
    if rule.kind == "weather":
        yield from ((code, Hit("weather", SPECIAL, rule=rule.id)) for code in entry.weather)
    elif rule.kind == "tsunami":
        for code, grade in entry.tsunami.items():
            if reaches(grade, rule.threshold):
                yield code, Hit("tsunami", grade, rule=rule.id)
    else:
        yield from _shaken(entry, rule)


def _shaken(entry: Entry, rule: Rule) -> Iterator[tuple[str, Hit]]:
    for code, level in entry.levels.items():
        if reaches(level, rule.threshold):
            yield code, Hit("intensity", level, early=entry.early, rule=rule.id)
    if reaches(MISSING_COUNTS_UP_TO, rule.threshold):
        for code in entry.missing:
            level = higher(AT_LEAST, entry.levels.get(code, ""))
            yield code, Hit("intensity", level, missing=True, rule=rule.id)


def _higher(one: Hit, other: Hit) -> Hit:
    """Two hits of an area in one. What was observed is better than a forecast, whichever is higher."""
    if one.kind != other.kind:
        return one
    if one.early != other.early:
        return other if one.early else one
    return replace(
        one,
        level=higher(one.level, other.level),
        missing=one.missing and other.missing,
        rule=min(one.rule, other.rule),
    )


def _city_within(code: str, hits: Mapping[str, Hit]) -> bool:
    """Whether a city's own hit adds nobody."""
    return any(wide in hits for wide in around(code)[1:]) if len(code) == 7 else False


def _guard_of(code: str, hit: Hit, guard: Sequence[Asked], now: datetime, limits: Limits) -> Asked | None:
    hours = limits.weather_guard_hours if hit.kind == "weather" else limits.guard_hours
    for asked in guard:
        recent = now - asked.at < timedelta(hours=hours)
        if recent and asked.kind == hit.kind and reaches(asked.level, hit.level) and covered(code, (asked.area,)):
            return asked
    return None
