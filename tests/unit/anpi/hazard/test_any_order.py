"""In whatever order telegrams come, and however often: the same people are asked, and nobody twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from anpi.hazard.levels import INTENSITIES, THRESHOLDS
from anpi.hazard.model import HazardReport
from anpi.hazard.rules import Limits, Rule
from tests.tools.hazard import World, people_in, report, sets

BEGUN = datetime(2026, 11, 5, 3, 0, tzinfo=UTC)
"""All sets are moved here, as if all that happened in one half hour."""
SETS = ("32-35_06", "32-35_07", "32-35_08", "37_01")


def moved(name: str, begun: datetime) -> HazardReport:
    told = report(name)
    return moved_by(told, BEGUN - begun)


def moved_by(told: HazardReport, by: timedelta) -> HazardReport:
    return replace(told, at=told.at + by, origin=told.origin + by if told.origin else None)


def reports_of(name: str) -> list[HazardReport]:
    members = sets()[name]
    return [moved(member, report(members[0]).at) for member in members]


STORIES = {name: reports_of(name) for name in SETS}
ALL = [told for story in STORIES.values() for told in story]
KEPT = [told for told in ALL if told.info != "cancelled"]


def world(threshold: str = "5+") -> World:
    made = World([Rule(1, "intensity", threshold)], Limits(oldest_minutes=60))
    made.now = BEGUN + timedelta(minutes=51)
    return made


def hit_by(told: HazardReport, threshold: str) -> set[str]:
    """The people whom a telegram of observed intensity is about, read from it without the rules' code."""
    least = INTENSITIES.index(threshold)
    hits = {code for code, level in told.areas.items() if INTENSITIES.index(level) >= least}
    missing = set(told.missing) if least <= INTENSITIES.index("5+") else set()
    return people_in(hits | missing)


def should_be_asked(order: list[HazardReport], threshold: str) -> set[str]:
    """Whom telegrams are about, but those that came after the 取消 of their series. Forecasts alone still wait."""
    taken_back: set[tuple[object, ...]] = set()
    asked: set[str] = set()
    for told in order:
        series = (told.event_ids, told.series)
        if told.info == "cancelled":
            taken_back.add(series)
        elif not told.early and series not in taken_back:
            asked |= hit_by(told, threshold)
    return asked


def any_order(reports: list[HazardReport]) -> st.SearchStrategy[list[int]]:
    """Which of them comes when: all, some twice or more often, shuffled."""
    numbers = range(len(reports))
    doubles = st.lists(st.sampled_from(numbers), max_size=6)
    return doubles.flatmap(lambda more: st.permutations([*numbers, *more]))


def holds_for(orders: st.SearchStrategy[Any], examples: int, rule: Callable[[Any], None]) -> None:
    """The rule, for so many of them."""
    given(orders)(settings(max_examples=examples)(rule))()


@pytest.mark.parametrize("name", SETS)
def test_a_set_asks_the_same_people_once_in_every_order(name, tier):
    def asks_them_once(numbers):
        order = [STORIES[name][number] for number in numbers]
        heard = world()
        heard.hear(*order)
        assert heard.asked == should_be_asked(order, "5+")
        assert heard.twice == []

    holds_for(any_order(STORIES[name]), tier(short=30, long=2000), asks_them_once)


def test_all_sets_at_once_ask_the_same_people_once(tier):
    def asks_them_once(numbers):
        order = [ALL[number] for number in numbers]
        heard = world()
        heard.hear(*order)
        assert heard.asked == should_be_asked(order, "5+")
        assert max(heard.mails.values()) == 1, "no two quakes of these ask one area"
        heard.pass_time(61)
        assert heard.asked == should_be_asked(order, "5+"), "what was taken back in its wait is never sent"
        assert heard.running == 1, "only the quake that nobody took back is left"

    holds_for(any_order(ALL), tier(short=30, long=2000), asks_them_once)


@pytest.mark.parametrize("threshold", THRESHOLDS)
def test_what_nobody_takes_back_does_not_depend_on_the_order_at_all(threshold, tier):
    straight = world(threshold)
    straight.hear(*KEPT)
    straight.pass_time(61)
    assert should_be_asked(KEPT, threshold) <= straight.asked

    def asks_the_same(numbers):
        heard = world(threshold)
        heard.hear(*(KEPT[number] for number in numbers))
        heard.pass_time(61)
        assert heard.asked == straight.asked
        assert heard.twice == []

    holds_for(any_order(KEPT), tier(short=8, long=500), asks_the_same)


def test_nobody_is_asked_twice_while_waits_end_between_the_telegrams(tier):
    def asks_nobody_twice(given):
        numbers, pauses = given
        heard = World()
        heard.now = BEGUN
        for number, pause in zip(numbers, pauses, strict=False):
            heard.hear(ALL[number])
            heard.pass_time(pause)
        heard.pass_time(61)
        assert heard.twice == []
        assert heard.running == 1
        assert should_be_asked(STORIES["32-35_07"], "5+") <= heard.asked

    # Nothing is older than half an hour at the end: only waits play a part.
    pauses = st.lists(st.integers(0, 30), min_size=60, max_size=60)
    holds_for(st.tuples(any_order(ALL), pauses), tier(short=25, long=1000), asks_nobody_twice)


def as_p2p(told: HazardReport) -> HazardReport:
    """The same from P2P: without an EventID, its times cut to the minute."""
    assert told.origin is not None
    return replace(
        told,
        source="p2p",
        name=f"{told.name} p2p",
        type="551",
        event_ids=(),
        area_prefs={},
        at=told.at.replace(second=0),
        origin=told.origin.replace(second=0),
    )


TWO_SOURCES = [*STORIES["32-35_07"], *map(as_p2p, STORIES["32-35_07"])]
# Without a name two quakes of one minute and one area are one, so that these lie ten minutes apart.
APART = [moved_by(told, timedelta(minutes=10 * at)) for at, story in enumerate(STORIES.values()) for told in story]
ALL_TWICE = [*APART, *(as_p2p(told) for told in APART if told.info != "cancelled" and not told.early)]


def test_two_sources_of_one_quake_make_one_incident(tier):
    def make_one(numbers):
        order = [TWO_SOURCES[number] for number in numbers]
        heard = world()
        heard.hear(*order)
        assert heard.asked == should_be_asked(order, "5+")
        assert heard.twice == []
        assert heard.running == 1
        assert [each.key for each in heard.events.values()] == ["eq:20090811050711"]

    holds_for(any_order(TWO_SOURCES), tier(short=30, long=2000), make_one)


def test_two_sources_of_all_sets_ask_nobody_twice(tier):
    def ask_nobody_twice(numbers):
        heard = world()
        heard.hear(*(ALL_TWICE[number] for number in numbers))
        assert max(heard.mails.values()) == 1
        assert should_be_asked(STORIES["32-35_07"], "5+") <= heard.asked
        assert len(heard.hits) <= 2, "one for each quake at 震度5強"

    holds_for(any_order(ALL_TWICE), tier(short=20, long=1000), ask_nobody_twice)
