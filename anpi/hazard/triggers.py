"""Whether a report starts a safety check: the one decision, pure.

An area is hit by the union of all reports about the event that were not taken back, so that the order in which they
come does not matter: what an older report said counts even when it comes after a newer one. Only 取消, 訂正 and a
lifted warning take back what was said before them in their series.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from anpi.hazard.evaluating import entries, not_among, rules_then, seen, together, unguarded
from anpi.hazard.knowing import adds, merged
from anpi.hazard.levels import reaches
from anpi.hazard.model import Act, Asked, Decision, Entry, HazardReport, Hit, Inputs, Known
from anpi.hazard.rules import Limits, Rule

REASONS = {
    "test": "a line test",
    "drill": "a drill of JMA, which is not taken part in",
    "no_level": "it says nothing of how hard any area is hit",
    "not_new": "what it warns of had been warned of before",
    "no_rule": "no rule of this kind is on",
    "below": "nothing reaches a threshold",
    "elsewhere": "a threshold is reached, in no area of a rule",
    "hit": "observed at a threshold or above",
    "early": "an early warning at a threshold or above",
    "waiting": "it waits for the end of the time set",
    "wait_over": "the wait has ended and nothing was taken back",
    "nothing_waits": "a wait ended that is no more",
    "more_areas": "more areas are hit",
    "already_asked": "all areas hit have been asked",
    "aftershock": "all areas hit were asked not long ago at the same class or a higher one",
    "already_told": "administrators have been told",
    "superseded": "it was taken back or corrected before it came",
    "lifted": "what was warned of is over",
    "too_old": "it was sent too long ago to start anything",
    "cancelled": "what had started it was taken back",
    "cancelled_waiting": "taken back before anybody was asked",
    "cancelled_nothing": "taken back, and nothing hung on it",
    "cancelled_others": "taken back, and another report still holds",
    "unobserved": "an early warning alone asked, and nothing was observed at a threshold in time",
    "corrected_below": "corrected, or lifted, before anybody was asked",
}
"""All words a decision may give as its reason."""


def decide(
    known: Known,
    report: HazardReport | None,
    rules: Sequence[Rule],
    guard: Sequence[Asked],
    now: datetime,
    limits: Limits,
) -> Decision:
    """What follows from a report; without one: from the end of a wait.

    ``guard``: what other events' incidents asked; those that were 取消 are not among them.
    """
    case = _Case(known, report, rules, guard, now, limits)
    if report is None:
        return case.after_the_wait()
    if report.status == "test":
        return case.ends("ignore", "test", known)
    if report.status == "drill" and not limits.jma_drills:
        return case.ends("ignore", "drill", known)
    if known.state == "started":
        return case.while_it_runs()
    return case.while_it_waits() if known.state == "armed" else case.before_any()


class _Case:
    """One decision in the making: what is known now, what the rules make of it, who is left out."""

    def __init__(
        self,
        known: Known,
        report: HazardReport | None,
        rules: Sequence[Rule],
        guard: Sequence[Asked],
        now: datetime,
        limits: Limits,
    ) -> None:
        self.before, self.report, self.rules, self.now, self.limits = known, report, rules, now, limits
        self.known = merged(known, report) if report is not None else known
        # Who waits is not late by waiting.
        oldest = min(now, known.armed_at or now) - timedelta(minutes=limits.oldest_minutes)
        self.seen = seen(entries(self.known, oldest), rules)
        self.hits = together(self.seen)
        self.fresh, self.guarded = unguarded(self.seen, known.asked, guard, now, limits)

    def before_any(self) -> Decision:
        """Nobody was asked yet, or what had started was taken back."""
        if self._took_back:
            return self.ends("ignore", "cancelled_nothing", self.known)
        if self.fresh:
            return self._from(self._earliest())
        if self.hits:
            return self._tell("aftershock", self.hits, self.known)
        if self._own:
            return self._tell("too_old", self._own, self.known)
        return self.ends("ignore", self._why_not(), self.known)

    def while_it_waits(self) -> Decision:
        if not self.hits:
            reason = "cancelled_waiting" if self._took_back else "corrected_below"
            return self.ends("cancel", reason, _calm(self.known))
        if not self.fresh:
            return self._tell("aftershock", self.hits, _calm(self.known))
        return self._from(min(self._earliest(), self.known.armed_until or self.now))

    def while_it_runs(self) -> Decision:
        if self._took_back:
            return self._after_taking_back()
        if self.fresh:
            return self._ask("widen", "more_areas")
        if self.guarded:
            return self._tell("aftershock", self.hits, self.known)
        if not self._own:
            return self.ends("keep", self._why_not(), self.known)
        late = not_among(self._own, (*self.known.asked, *self.guarded))
        if late:
            return self._tell("too_old", late, self.known)
        return self.ends("keep", "already_asked", self.known)

    def after_the_wait(self) -> Decision:
        until = self.known.armed_until
        if self.known.state != "armed" or until is None:
            return self.ends("ignore", "nothing_waits", self.known)
        if self.now < until:
            return self.ends("keep", "waiting", self.known, wait_until=until, hits=self.fresh)
        if not self.hits:
            # The rules were changed meanwhile.
            return self.ends("ignore", "below" if self.seen else "no_rule", _calm(self.known))
        if self.now - until > timedelta(minutes=self.limits.oldest_minutes):
            return self._tell("too_old", self.hits, _calm(self.known))
        if self.fresh:
            return self._ask("start", "wait_over")
        return self._tell("aftershock", self.hits, _calm(self.known))

    def ends(
        self,
        act: Act,
        reason: str,
        known: Known,
        *,
        hits: dict[str, Hit] | None = None,
        wait_until: datetime | None = None,
    ) -> Decision:
        """The decision, with all it was made of."""
        limits = self.limits
        inputs = Inputs(
            now=self.now,
            state=self.before.state,
            rules=self.seen,
            hits=self.hits,
            asked=self.before.asked,
            guarded=self.guarded,
            early_wait_seconds=limits.early_wait_seconds,
            grace_seconds=limits.grace_seconds,
            guard_hours=limits.guard_hours,
        )
        return Decision(act, reason, known, inputs, hits or {}, wait_until)

    def _from(self, until: datetime) -> Decision:
        """Ask now, or wait until then."""
        early = all(hit.early for hit in self.fresh.values())
        if until <= self.now:
            return self._ask("start", "early" if early else "hit")
        waited = self.before.state == "armed"
        armed = replace(
            self.known, state="armed", armed_at=self.known.armed_at if waited else self.now, armed_until=until
        )
        reason = "waiting" if waited else "early" if early else "hit"
        return self.ends("keep" if waited else "wait", reason, armed, hits=self.fresh, wait_until=until)

    def _earliest(self) -> datetime:
        """A forecast alone may yet be taken back; once an area is observed, all that is hit is asked with it."""
        early = all(hit.early for hit in self.fresh.values())
        seconds = self.limits.early_wait_seconds if early else self.limits.grace_seconds
        return self.now + timedelta(seconds=seconds)

    def _ask(self, act: Act, reason: str) -> Decision:
        asked = self.fresh if act == "start" else {**self.known.asked, **self.fresh}
        return self.ends(act, reason, replace(_calm(self.known), state="started", asked=asked), hits=self.fresh)

    def _tell(self, reason: str, hits: dict[str, Hit], known: Known) -> Decision:
        """Administrators are told of an area once, and again when it is hit harder."""
        news = {
            code: hit
            for code, hit in hits.items()
            if code not in known.asked and not (code in known.told and reaches(known.told[code].level, hit.level))
        }
        if not news:
            return self.ends("keep" if known.state == "started" else "ignore", "already_told", known)
        return self.ends("tell", reason, replace(known, told={**known.told, **news}), hits=news)

    def _after_taking_back(self) -> Decision:
        if not self._hung_on_it:
            return self.ends("keep", "cancelled_nothing", self.known)
        if self._held(entries(self.known, None)):
            return self.ends("keep", "cancelled_others", self.known)
        return self.ends("cancel", "cancelled", replace(_calm(self.known), state="cancelled", asked={}))

    @property
    def _took_back(self) -> bool:
        return self.report is not None and self.report.info == "cancelled"

    @property
    def _hung_on_it(self) -> bool:
        """Whether a rule finds anything hit by the series that is taken back, or had when it was asked about."""
        assert self.report is not None
        series = self.before.series.get(self.report.series)
        return series is not None and self._held(series.entries)

    def _held(self, entries: Sequence[Entry]) -> bool:
        """Whether any of it stands at a rule of today, or at what was asked by rules that may be gone."""
        return any(together(seen(entries, rules)) for rules in (self.rules, rules_then(self.before.asked)))

    @property
    def _own(self) -> dict[str, Hit]:
        """What the report by itself hits."""
        assert self.report is not None
        entry = adds(self.report)
        void = self.known.series[self.report.series].void_before
        return {} if void and entry.at < void else together(seen((entry,), self.rules))

    def _why_not(self) -> str:
        """Why a report that hits nothing does not."""
        assert self.report is not None
        entry = adds(self.report)
        void = self.known.series[self.report.series].void_before
        if void is not None and entry.at < void:
            return "superseded"
        if entry.ends and self.report.tsunami:
            return "lifted"
        kinds = {"intensity": _shaken(self.report), "tsunami": bool(entry.tsunami), "weather": bool(entry.weather)}
        if not any(kinds.values()):
            return "not_new" if self.report.weather else "no_level"
        on = [rule for rule in self.rules if rule.enabled and kinds[rule.kind]]
        if not on:
            return "no_rule"
        everywhere = [replace(rule, areas=()) for rule in on]
        return "elsewhere" if together(seen((entry,), everywhere)) else "below"


def _shaken(report: HazardReport) -> bool:
    return bool(report.areas or report.missing or report.max_level)


def _calm(known: Known) -> Known:
    """It waits for nothing."""
    return replace(known, state="seen", armed_at=None, armed_until=None)
