"""What a report leads to: thresholds, areas, waits, what takes back, and the guard."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from msgspec.structs import replace

from anpi.hazard import evaluating
from anpi.hazard.about import as_known, cause_of, facts_of
from anpi.hazard.areas import meeting
from anpi.hazard.knowing import ENTRIES
from anpi.hazard.model import Asked, Decision, HazardReport, Known
from anpi.hazard.rules import Limits, Rule
from anpi.hazard.telegram import parse
from anpi.hazard.triggers import decide
from directory.areas.tables import areas
from tests.tools.hazard import ALL_KINDS, FIVE_UPPER, World, edited, report

IZU = "440"
SHIZUOKA = "22"
NAGANO_SOUTH = "422"


def at(*names: str, rules=(FIVE_UPPER,), limits: Limits | None = None) -> World:
    """A world that heard these, each when it was sent."""
    world = World(rules, limits)
    for name in names:
        hear(world, report(name))
    return world


def hear(world: World, told: HazardReport) -> Decision:
    world.pass_time(max(0.0, (told.at - world.now).total_seconds()))
    return world.hear(told)


def last(world: World) -> tuple[str, str]:
    return world.decisions[-1].act, world.decisions[-1].reason


# Thresholds and areas


def test_a_maximum_of_exactly_the_threshold_starts():
    told = parse(edited("32-35_07_01", ("<MaxInt>6-</MaxInt>", "<MaxInt>5+</MaxInt>")))
    assert told.max_level == "5+"
    decision = hear(World(), told)
    assert (decision.act, decision.reason) == ("start", "hit")
    assert {hit.level for hit in decision.hits.values()} == {"5+"}
    assert hear(World([Rule(1, "intensity", "6-")]), told).act == "ignore"


def test_a_rule_for_an_area_that_reaches_exactly_its_threshold_starts_for_that_alone():
    world = at("32-35_07_01", rules=[Rule(1, "intensity", "5+", (IZU,))])
    assert last(world) == ("start", "hit")
    assert set(world.decisions[-1].hits) == {IZU}


def test_a_rule_for_a_prefecture_is_hit_by_its_areas_and_by_no_others():
    world = at("32-35_07_02", rules=[Rule(1, "intensity", "5-", (SHIZUOKA,))])
    assert set(world.decisions[-1].hits) == {"440", "441", "442", "443"}


def test_a_rule_for_a_city_is_hit_by_the_area_it_lies_in():
    world = at("32-35_07_01", rules=[Rule(1, "intensity", "5+", ("2220500",))])
    assert set(world.decisions[-1].hits) == {"2220500"}


def test_a_threshold_reached_elsewhere_starts_nothing():
    assert last(at("32-35_07_01", rules=[Rule(1, "intensity", "5+", ("01",))])) == ("ignore", "elsewhere")


def test_without_a_rule_nothing_starts():
    assert last(at("32-35_07_01", rules=[])) == ("ignore", "no_rule")
    assert last(at("32-35_07_01", rules=[replace(FIVE_UPPER, enabled=False)])) == ("ignore", "no_rule")


def test_several_rules_make_one_start_and_each_says_what_it_found():
    rules = [Rule(1, "intensity", "6-"), Rule(2, "intensity", "5+", (IZU,))]
    decision = at("32-35_07_01", rules=rules).decisions[-1]
    assert set(decision.hits) == {"440", "442", "443"}
    assert [set(rule.hits) for rule in decision.inputs.rules] == [{"442", "443"}, {"440"}]


def test_an_area_that_no_table_knows_hits_its_prefecture():
    told = parse(edited("32-35_07_01", ("<Code>440</Code>", "<Code>449</Code>")))
    assert set(hear(World(), told).hits) == {SHIZUOKA, "441", "442", "443"}


# 震度５弱以上未入電


@pytest.mark.parametrize(("threshold", "hit"), [("5-", True), ("5+", True), ("6-", False)])
def test_a_value_that_did_not_come_counts_up_to_five_upper_and_is_flagged(threshold, hit):
    """大蔵村 said 4, and that more may follow."""
    village = "0636500"
    world = at("32-35_06_05", rules=[Rule(1, "intensity", threshold, (village,))])
    assert bool(world.decisions[-1].hits) == hit
    if hit and threshold == "5+":
        found = world.decisions[-1].hits[village]
        assert (found.level, found.missing) == ("5-", True)


# A growing quake


def test_the_same_quake_reported_again_asks_nobody():
    world = at(*(f"32-35_07_0{number}" for number in range(1, 8)))
    assert [each.act for each in world.decisions] == ["start", *["keep"] * 6]


def test_an_area_that_joins_later_is_asked_then():
    world = at("32-35_07_01", "32-35_07_02", "32-35_07_03", rules=[Rule(1, "intensity", "5-")])
    assert [each.act for each in world.decisions] == ["start", "widen", "keep"]
    assert set(world.decisions[1].hits) == {NAGANO_SOUTH}
    assert world.twice == []


def test_an_area_hit_harder_by_the_same_quake_is_not_asked_again():
    world = at("32-35_07_01", "32-35_07_03")
    assert last(world) == ("keep", "already_asked")


# Early warnings


def test_an_early_warning_waits_and_then_starts():
    world = at("37_01_01")
    assert last(world) == ("ignore", "below")
    hear(world, report("37_01_02"))
    assert last(world) == ("wait", "early")
    world.pass_time(59)
    assert world.mails.total() == 0
    world.pass_time(1)
    assert last(world) == ("start", "wait_over")
    assert {"622", "632"} <= world.asked


def test_an_early_warning_taken_back_in_its_wait_asks_nobody():
    world = at("37_01_02")
    world.hear(report("37_01_03"))
    assert last(world) == ("cancel", "cancelled_waiting")
    world.pass_time(120)
    assert world.mails.total() == 0


def test_an_early_warning_taken_back_later_ends_what_it_started():
    world = at("37_01_02", "37_01_03")
    assert [each.act for each in world.decisions] == ["wait", "start", "cancel"]
    assert world.running == 0


def observed(early: str, **levels: str) -> HazardReport:
    """A first report of intensity of the quake that was warned of."""
    told = report("32-35_07_01")
    warned = report(early)
    return replace(
        told,
        event_ids=warned.event_ids,
        origin=warned.origin,
        at=warned.at + timedelta(seconds=30),
        areas={code.removeprefix("_"): level for code, level in levels.items()},
    )


def test_what_is_observed_in_the_wait_starts_at_once_with_all_that_is_hit():
    world = at("37_01_02")
    decision = hear(world, observed("37_01_02", _622="5+"))
    assert (decision.act, decision.reason) == ("start", "hit")
    assert decision.hits["622"].level == "5+", "what was observed, not the forecast"
    assert not decision.hits["622"].early
    assert decision.hits["632"].early


def test_a_lower_value_observed_in_the_wait_changes_nothing():
    world = at("37_01_02")
    until = world.decisions[-1].wait_until
    decision = hear(world, observed("37_01_02", _622="4"))
    assert (decision.act, decision.wait_until) == ("keep", until)
    world.pass_time(60)
    assert last(world) == ("start", "wait_over")


def test_a_repeated_warning_does_not_make_the_wait_longer():
    world = at("37_01_02")
    until = world.decisions[-1].wait_until
    world.pass_time(40)
    assert world.hear(report("77_01_32")).wait_until == until


def test_one_series_taken_back_ends_nothing_while_another_holds():
    world = at("37_01_02", "77_01_32", "37_01_03")
    assert last(world) == ("keep", "cancelled_others")
    hear(world, report("77_01_33"))
    assert last(world) == ("cancel", "cancelled")


def test_after_a_retraction_what_is_observed_starts_anew_and_asks_all():
    world = at("37_01_02", "37_01_03")
    decision = hear(world, replace(observed("37_01_02", _622="6-"), at=report("37_01_03").at + timedelta(seconds=1)))
    assert (decision.act, set(decision.hits)) == ("start", {"622"})
    assert world.running == 1


def test_what_only_areas_that_are_not_warned_of_reach_starts_nothing():
    told = replace(report("77_01_32"), warned=("751",))
    assert hear(World(), told).reason == "below"


def test_many_reports_of_one_warning_are_kept_together_and_none_is_lost():
    told = report("37_01_02")
    reports = [
        replace(told, at=told.at + timedelta(seconds=number), areas={code: "6-"}, warned=(code,), serial=str(number))
        for number, code in enumerate(areas())
    ]
    known = Known()
    for each in reports:
        known = decide(known, each, [FIVE_UPPER], [], told.at, Limits()).known
    assert len(known.series["VXSE43"].entries) == ENTRIES < len(reports)
    over = decide(known, None, [FIVE_UPPER], [], told.at + timedelta(seconds=60), Limits())
    assert set(over.hits) == set(areas())


# Grace


def test_with_a_grace_time_an_observed_quake_waits_too_and_may_be_taken_back():
    limits = Limits(grace_seconds=300)
    world = at("32-35_06_03", limits=limits)
    assert last(world) == ("wait", "hit")
    world.hear(report("32-35_06_06"))
    assert last(world) == ("cancel", "cancelled_waiting")
    waited = at("32-35_06_03", limits=limits)
    waited.pass_time(300)
    assert last(waited) == ("start", "wait_over")


def test_a_correction_below_the_threshold_drops_the_wait():
    world = at("32-35_07_01", limits=Limits(grace_seconds=300))
    lower = [(f"<MaxInt>{level}</MaxInt>", "<MaxInt>4</MaxInt>") for level in ("5+", "6-")]
    told = parse(edited("32-35_07_01", ("<InfoType>発表<", "<InfoType>訂正<"), *lower))
    assert world.hear(replace(told, at=told.at + timedelta(seconds=20))).reason == "corrected_below"
    assert world.decisions[-1].act == "cancel"


def test_a_correction_after_the_start_takes_nobody_back():
    world = at("32-35_07_01")
    told = parse(edited("32-35_07_01", ("<InfoType>発表<", "<InfoType>訂正<"), ("<MaxInt>6-</MaxInt>", "")))
    assert hear(world, replace(told, at=told.at + timedelta(seconds=20))).act == "keep"
    assert world.running == 1


def test_what_was_corrected_before_it_came_starts_nothing():
    told = report("32-35_07_01")
    corrected = replace(told, info="corrected", areas={"440": "4"}, at=told.at + timedelta(seconds=20))
    world = World()
    hear(world, corrected)
    world.hear(told)
    assert last(world) == ("ignore", "superseded")


def test_a_wait_that_ended_long_ago_asks_nobody():
    world = at("37_01_02")
    world.pass_time(3600)
    assert last(world) == ("tell", "too_old")
    assert world.mails.total() == 0


def test_the_end_of_a_wait_that_is_no_more_does_nothing():
    now = report("37_01_02").at
    assert decide(Known(), None, [FIVE_UPPER], [], now, Limits()).reason == "nothing_waits"


# What is not for real, and what is old


@pytest.mark.parametrize("word", ["訓練", "試験"])
def test_neither_drill_nor_test_starts_anything(word):
    told = parse(edited("32-35_01_01", ("<Status>通常<", f"<Status>{word}<")))
    assert hear(World(), told).act == "ignore"


def test_a_drill_of_jma_is_taken_part_in_when_it_is_wished_and_is_an_event_of_its_own():
    told = parse(edited("32-35_01_01", ("<Status>通常<", "<Status>訓練<")))
    world = World(limits=Limits(jma_drills=True))
    decision = hear(world, told)
    assert (decision.act, decision.known.drill) == ("start", True)
    world.hear(report("32-35_07_01"))
    assert [each.key for each in world.events.values()] == ["drill-eq:20090811050711", "eq:20090811050711"]
    assert not world.events[2].known.drill


@pytest.mark.parametrize(("minutes", "act"), [(30, "start"), (31, "tell")])
def test_an_old_telegram_is_told_to_administrators_and_starts_nothing(minutes, act):
    world = World()
    world.now = report("32-35_07_01").at + timedelta(minutes=minutes)
    assert world.hear(report("32-35_07_01")).act == act


def test_administrators_hear_of_an_old_quake_once():
    world = World()
    world.now = report("32-35_07_01").at + timedelta(days=2)
    acts = [world.hear(report(f"32-35_07_0{number}")).act for number in (1, 1, 2)]
    assert acts == ["tell", "ignore", "ignore"]


def test_an_old_telegram_widens_nothing():
    world = at("32-39_11_01")
    world.pass_time(3600)
    assert world.hear(report("32-39_11_05")).reason == "too_old"


# The guard


AFTERSHOCK = "20090811070000"


def aftershock(name: str, hours: float) -> HazardReport:
    told = report(name)
    by = timedelta(hours=hours)
    assert told.origin is not None
    return replace(told, event_ids=(AFTERSHOCK,), at=told.at + by, origin=told.origin + by)


def test_an_aftershock_in_the_same_areas_is_told_and_asks_nobody():
    world = at("32-35_07_03")
    decision = hear(world, aftershock("32-35_07_01", 2))
    assert (decision.act, decision.reason) == ("tell", "aftershock")
    assert decision.inputs.guarded == {"440": 1, "441": 1, "442": 1, "443": 1}
    assert hear(world, aftershock("32-35_07_01", 2)).act == "ignore", "once is enough"


def test_an_aftershock_of_a_higher_class_asks_the_areas_where_it_is():
    world = at("32-35_07_01")
    decision = hear(world, aftershock("32-35_07_03", 2))
    assert (decision.act, set(decision.hits)) == ("start", {IZU}), "5強 before, 6弱 now"
    assert world.running == 2


def test_new_areas_make_a_disaster_of_their_own_for_themselves_alone():
    world = at("32-35_07_01", rules=[Rule(1, "intensity", "5-")])
    assert set(hear(world, aftershock("32-35_07_02", 2)).hits) == {NAGANO_SOUTH}


@pytest.mark.parametrize(("hours", "act"), [(5.9, "tell"), (6.1, "start")])
def test_the_guard_ends(hours, act):
    world = at("32-35_07_01")
    assert hear(world, aftershock("32-35_07_01", hours)).act == act


def test_what_was_taken_back_guards_nothing():
    world = at("32-35_06_03", "32-35_06_06")
    told = replace(aftershock("32-35_06_04", 2), series="VXSE53")
    assert hear(world, told).act == "start"


def test_the_guard_of_a_prefecture_covers_its_areas_and_is_of_its_own_kind():
    told = report("32-35_07_01")
    asked = [Asked(SHIZUOKA, "intensity", "6-", told.at, 1)]
    assert decide(Known(), told, [FIVE_UPPER], asked, told.at, Limits()).act == "tell"
    asked = [Asked(SHIZUOKA, "tsunami", "major", told.at, 1)]
    assert decide(Known(), told, [FIVE_UPPER], asked, told.at, Limits()).act == "start"
    wave = report("32-39_11_02")
    asked = [Asked(code, "intensity", "7", wave.at, 1) for code in ("01", "02", "03", "04", "07", "08", "12", "13")]
    assert decide(Known(), wave, ALL_KINDS, asked, wave.at, Limits()).act == "start"


# Tsunami and weather


def test_a_tsunami_warning_widens_the_disaster_of_its_quake():
    world = at("32-39_11_01", "32-39_11_02", rules=ALL_KINDS)
    assert last(world) == ("widen", "more_areas")
    hits = world.decisions[-1].hits
    assert {code for code, hit in hits.items() if hit.level == "major"} == {"03", "04", "07"}
    assert "46" not in hits, "an advisory is below a warning"
    assert len(world.events) == 1


def test_a_tsunami_warning_of_two_quakes_belongs_to_the_one_that_started():
    two = parse(edited("32-39_11_02", ("<EventID>20110311144640<", "<EventID>20110311144640 20110311151540<")))
    world = at("32-39_11_01", rules=ALL_KINDS)
    assert hear(world, two).act == "widen"
    assert len(world.events) == 1


def test_a_lifted_tsunami_warning_ends_nothing_and_asks_nobody():
    world = at("32-39_11_02", rules=ALL_KINDS)
    lifted = parse(
        edited("32-39_11_11", *((f"<Code>{code}</Code>", "<Code>50</Code>") for code in ("51", "52", "53", "62")))
    )
    assert hear(world, lifted).reason == "lifted"
    assert world.running == 1
    assert last(at("32-39_11_13", rules=ALL_KINDS)) == ("ignore", "lifted")


def test_a_tsunami_warning_lifted_in_its_grace_asks_nobody():
    world = at("32-39_11_02", rules=ALL_KINDS, limits=Limits(grace_seconds=600))
    told = replace(report("32-39_11_13"), at=world.now + timedelta(seconds=60))
    assert hear(world, told).act == "cancel"


@pytest.mark.parametrize("word", ["訓練", "試験"])
def test_a_drill_of_a_tsunami_and_of_its_end_starts_nothing(word):
    for name in ("32-39_11_02", "32-39_11_13"):
        told = parse(edited(name, ("<Status>通常<", f"<Status>{word}<")))
        assert hear(World(ALL_KINDS), told).act == "ignore"


def test_a_tsunami_warning_taken_back_ends_what_it_started():
    world = at("32-39_11_02", rules=ALL_KINDS)
    taken = replace(report("38-39_03_01"), event_ids=report("32-39_11_02").event_ids, at=world.now)
    assert hear(world, taken).act == "cancel"


def test_a_special_warning_starts_once_for_both_families_of_telegrams():
    world = at("15_12_01_161130_VPWW53", "15_12_01_161130_VPWW54", rules=ALL_KINDS)
    assert [each.act for each in world.decisions] == ["start", "keep"]
    assert set(world.decisions[0].hits) == {"32"}
    assert len(world.events) == 1


def test_the_new_family_says_a_special_warning_in_the_same_codes():
    told = parse(
        edited(
            "15_17_01_250630_VPWW55",
            ("<Status>継続</Status>", "<Status>発表</Status>"),
            ("<Code>03</Code>", "<Code>33</Code>"),
        )
    )
    # The same code stands as what was before: it is not new.
    assert hear(World(ALL_KINDS), told).reason == "not_new"
    newly = replace(told, weather=tuple(replace(each, last="03") for each in told.weather))
    assert set(hear(World(ALL_KINDS), newly).hits) == {"32"}


def test_a_special_warning_that_goes_on_starts_nothing():
    assert last(at("15_12_02_161130_VPWW53", rules=ALL_KINDS)) == ("ignore", "not_new")


def test_a_wait_that_ends_after_its_rule_was_switched_off_says_so():
    world = at("32-35_07_01", limits=Limits(grace_seconds=60))
    assert last(world)[0] == "wait"
    world.rules = [replace(FIVE_UPPER, enabled=False)]
    world.pass_time(61)
    assert last(world) == ("ignore", "no_rule") and world.running == 0


@pytest.mark.parametrize("left", [(), (Rule(9, "intensity", "7"),)])
def test_what_is_taken_back_after_its_rule_was_switched_off_is_taken_back(left):
    world = at("32-35_07_01")
    world.rules = left
    told = report("32-35_07_01")
    taken = replace(told, info="cancelled", areas={}, cities={}, at=told.at + timedelta(seconds=60))
    assert hear(world, taken).reason == "cancelled"


def test_another_report_holds_what_was_asked_also_when_the_rule_is_gone():
    world = at("32-35_07_01")
    told = report("32-35_07_01")
    hear(world, replace(told, type="VXSE53", series="VXSE53"))
    world.rules = ()
    taken = replace(told, info="cancelled", areas={}, cities={}, at=told.at + timedelta(seconds=60))
    assert hear(world, taken).reason == "cancelled_others"


def test_more_areas_of_one_that_runs_are_told_of_when_it_is_too_late_to_ask():
    told = report("32-35_07_01")
    world = at("32-35_07_01", rules=[Rule(1, "intensity", "6-")])
    wider = replace(told, type="VXSE53", series="VXSE53", areas={**told.areas, "390": "6-"})
    world.pass_time(31 * 60)
    first, again = world.hear(wider), world.hear(wider)
    assert (first.act, first.reason, set(first.hits)) == ("tell", "too_old", {"390"})
    assert (again.act, again.reason) == ("keep", "already_told")


# An area that is hit in two ways

NOTO, KAGA = "390", "391"
BOTH_KINDS = (Rule(1, "intensity", "5+", (NOTO,)), Rule(2, "tsunami", "warning", (NOTO,)))


def noto(world: World, event: str, **told: object) -> HazardReport:
    """What is reported of 石川県能登 at this moment."""
    facts = {"type": "VXSE53", "series": "VXSE53", "areas": {NOTO: "5+"}, "max_level": "5+"} | told
    return HazardReport(
        status="real", info="issued", at=world.now, origin=world.now, event_ids=(event,), name=event, **facts
    )


def sea(world: World, event: str) -> HazardReport:
    """大津波警報 before 石川県."""
    coast = {"type": "VTSE41", "series": "VTSE41", "areas": {}, "max_level": "", "tsunami": {"360": "52"}}
    return noto(world, event, **coast)


def test_a_tsunami_is_asked_about_where_the_shaking_before_it_was_guarded():
    world = World(BOTH_KINDS)
    assert hear(world, noto(world, "20000101090000")).act == "start"
    world.pass_time(7200)
    assert hear(world, noto(world, "20000101110000")).reason == "aftershock"
    decision = hear(world, sea(world, "20000101110000"))
    assert (decision.act, decision.hits[NOTO].kind) == ("start", "tsunami")
    assert not decision.inputs.guarded
    assert world.hits[2] == [Asked(NOTO, "tsunami", "major", world.now, 2)]


def test_what_is_known_of_an_area_is_of_the_kind_it_was_asked_by():
    world = World(BOTH_KINDS)
    hear(world, noto(world, "20000101090000"))
    world.pass_time(7200)
    hear(world, noto(world, "20000101110000"))
    decision = hear(world, sea(world, "20000101110000"))
    assert cause_of(as_known(decision, decision.known.asked)) == "tsunami"


# What is said of it


def test_a_forecast_is_not_told_as_if_it_had_come():
    world = World([FIVE_UPPER])
    warned = noto(world, "20000101090000", type="VXSE43", series="VXSE43", early=True, areas={NOTO: "7", KAGA: "6+"})
    hear(world, replace(warned, warned=(NOTO, KAGA)))
    decision = hear(world, noto(world, "20000101090000", areas={KAGA: "5+"}, max_level="5+"))
    assert set(decision.hits) == {NOTO, KAGA}
    facts = facts_of(decision.known, decision.hits, world.now)
    assert (facts.level, facts.areas) == ("5+", ("石川県加賀", "石川県能登"))


def test_what_was_said_an_hour_ago_is_still_known_of_what_was_asked():
    world = World([FIVE_UPPER, Rule(2, "tsunami", "advisory")])
    hear(world, noto(world, "20000101090000"))
    world.pass_time(60)
    hear(world, noto(world, "20000101090000", areas={NOTO: "6+"}, max_level="6+"))
    world.pass_time(3600)
    decision = hear(world, sea(world, "20000101090000"))
    assert as_known(decision, decision.known.asked)[NOTO].level == "6+"


# Its time


def test_a_giant_quake_is_decided_about_without_looking_at_its_areas_one_by_one(monkeypatch: pytest.MonkeyPatch):
    codes = tuple(areas())[:100]
    world = World([Rule(1, "intensity", "5+", codes[:60])])
    looked: Counter[str] = Counter()
    monkeypatch.setattr(evaluating, "meeting", lambda area, limits: looked.update([area]) or meeting(area, limits))
    for n in range(10):
        told = noto(world, "20000101090000", areas={code: "6+" for code in codes}, serial=str(n))
        before = looked.total()
        hear(world, replace(told, at=world.now + timedelta(seconds=n)))
        assert looked.total() - before <= 4 * len(codes)
