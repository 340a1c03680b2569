"""JMA's telegrams of ``tests/data/jma``, and a company that is asked by them, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import msgspec
from msgspec.structs import replace

from anpi.hazard.areas import around
from anpi.hazard.joining import Candidate, is_own, key_of, match
from anpi.hazard.model import Asked, Decision, HazardReport, Hit, Known
from anpi.hazard.rules import Limits, Rule
from anpi.hazard.telegram import parse
from anpi.hazard.triggers import decide
from directory.areas.tables import areas, cities

TELEGRAMS = Path(__file__).parents[1] / "data" / "jma"
FIVE_UPPER = Rule(1, "intensity", "5+")
"""震度5強, all Japan: the rule that a new installation has."""
ALL_KINDS = (FIVE_UPPER, Rule(2, "tsunami", "warning"), Rule(3, "weather"))


@cache
def telegram(name: str) -> bytes:
    """The one file whose name begins so."""
    (found,) = TELEGRAMS.glob(f"{name}*.xml")
    return found.read_bytes()


def edited(name: str, *changes: tuple[str, str]) -> bytes:
    """A telegram with something in it put otherwise; what is to be changed must stand in it."""
    text = telegram(name).decode()
    for old, new in changes:
        assert old in text, f"{old} is not in {name}"
        text = text.replace(old, new)
    return text.encode()


@cache
def report(name: str) -> HazardReport:
    return replace(parse(telegram(name)), source="jma", name=name)


class World:
    """One event after the other as the server keeps them, and how often each person was asked by each incident.

    Everybody has a place: one lives in each 細分区域, one in each city. ``now`` stands still unless it is moved.
    """

    def __init__(self, rules: Sequence[Rule] = (FIVE_UPPER,), limits: Limits | None = None) -> None:
        self.rules, self.limits = rules, limits or Limits()
        self.now = datetime(2000, 1, 1, tzinfo=UTC)
        self.events: dict[int, Candidate] = {}
        self.incident_of: dict[int, int] = {}
        self.hits: dict[int, list[Asked]] = {}
        self.cancelled: set[int] = set()
        self.mails: Counter[tuple[int, str]] = Counter()
        self.decisions: list[Decision] = []

    def hear(self, *reports: HazardReport) -> Decision:
        """The decision of the last."""
        for each in reports:
            decision = self._hear(each)
        return decision

    def pass_time(self, seconds: float) -> None:
        """Move the clock, and end the waits that are over."""
        self.now += timedelta(seconds=seconds)
        for event, candidate in list(self.events.items()):
            until = candidate.known.armed_until
            if until and until <= self.now:
                self._carry_out(event, None)

    @property
    def asked(self) -> set[str]:
        """Whoever was asked by anything."""
        return {person for _, person in self.mails}

    @property
    def twice(self) -> list[tuple[int, str]]:
        """Who was asked twice by one incident."""
        return [whom for whom, times in self.mails.items() if times > 1]

    @property
    def running(self) -> int:
        return len(self.hits) - len(self.cancelled)

    def _hear(self, report: HazardReport) -> Decision:
        candidates = list(self.events.values())
        found = match(report, candidates)
        key = key_of(report)
        if found is None:
            found = len(self.events) + 1
            self.events[found] = Candidate(found, key or f"none:{found}", Known())
        elif is_own(self.events[found].key) and key:
            self.events[found] = replace(self.events[found], key=key)
        return self._carry_out(found, report)

    def _carry_out(self, event: int, report: HazardReport | None) -> Decision:
        before = self.events[event]
        guard = [
            asked
            for incident, each in self.hits.items()
            if incident != self.incident_of.get(event) and incident not in self.cancelled
            for asked in each
        ]
        decision = decide(before.known, report, self.rules, guard, self.now, self.limits)
        kept = msgspec.json.decode(msgspec.json.encode(decision.known), type=Known)
        self.events[event] = replace(before, known=kept)
        if decision.act == "start":
            self.incident_of[event] = len(self.hits) + 1
            self.hits[self.incident_of[event]] = []
        if decision.act in ("start", "widen"):
            self._ask(self.incident_of[event], decision.hits)
        if decision.act == "cancel" and before.known.state == "started":
            self.cancelled.add(self.incident_of.pop(event))
        self.decisions.append(decision)
        return decision

    def _ask(self, incident: int, hits: dict[str, Hit]) -> None:
        assert incident not in self.cancelled, "nobody is asked by what was taken back"
        self.hits[incident] += [Asked(code, hit.kind, hit.level, self.now, incident) for code, hit in hits.items()]
        already = {person for at, person in self.mails if at == incident}
        # Somebody who lives in an area hit now and was asked before is not asked again: whoever widens sees to it.
        self.mails.update((incident, person) for person in people_in(hits) - already)


def people_in(hits: Iterable[str]) -> set[str]:
    """Who lives there; somebody of whom the 細分区域 alone is known, also where one city in it is hit."""
    return set().union(*map(_people_of, hits))


@cache
def _people_of(code: str) -> frozenset[str]:
    inside = {each for each in (*areas(), *cities()) if code in around(each)}
    return frozenset(inside | ({cities()[code].area_code} if code in cities() else set()))


def sets() -> dict[str, list[str]]:
    """The samples that tell one story, in the order in which they were sent: "32-35_07", "37_01" …"""
    names = sorted(path.stem for path in TELEGRAMS.glob("*.xml"))
    found: dict[str, list[str]] = {}
    for name in names:
        series, _, rest = name.partition("_")
        # The others stand for themselves: real ones begin with their day.
        found.setdefault(f"{series}_{rest[:2]}" if len(series) < 8 else name, []).append(name)
    return {key: sorted(members, key=lambda name: (report(name).at, name)) for key, members in found.items()}
