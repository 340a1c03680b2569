"""Which event a report belongs to."""

from __future__ import annotations

from datetime import timedelta

from msgspec.structs import replace

from anpi.hazard.joining import Candidate, is_own, key_of, keys_of, match
from anpi.hazard.knowing import merged
from anpi.hazard.model import HazardReport, Known
from tests.tools.hazard import ALL_KINDS, World, report


def event(id: int, *reports: HazardReport) -> Candidate:
    known = Known()
    for each in reports:
        known = merged(known, each)
    return Candidate(id, key_of(reports[0]), known)


def nameless(told: HazardReport, minutes: float = 0, **changes: object) -> HazardReport:
    """As P2P tells it, so many minutes off."""
    assert told.origin is not None
    by = timedelta(minutes=minutes)
    plain = replace(told, source="p2p", name="9", event_ids=(), origin=told.origin + by, at=told.at + by)
    return replace(plain, **changes)


QUAKE = report("32-35_07_01")


def test_reports_of_one_event_id_are_one_event():
    assert key_of(QUAKE) == "eq:20090811050711"
    assert match(report("32-35_07_06"), [event(1, QUAKE)]) == 1
    assert match(report("32-35_08_01"), [event(1, QUAKE)]) is None


def test_a_report_without_one_is_joined_by_minute_and_area():
    assert match(nameless(QUAKE, 2), [event(1, QUAKE)]) == 1
    assert match(nameless(QUAKE, -2), [event(1, QUAKE)]) == 1
    assert match(nameless(QUAKE, 3), [event(1, QUAKE)]) is None
    assert match(nameless(QUAKE, areas={"100": "5+"}), [event(1, QUAKE)]) is None


def test_the_seconds_of_an_origin_do_not_matter():
    late = replace(QUAKE, origin=QUAKE.origin + timedelta(seconds=59))
    assert match(nameless(QUAKE, -2), [event(1, late)]) == 1


def test_the_hypocentre_joins_what_names_no_area():
    far = report("32-39_05_01")
    assert match(nameless(far), [event(1, far)]) == 1
    assert match(nameless(far, hypocentre="千島列島"), [event(1, far)]) is None


def test_the_nearer_of_two_quakes_is_meant():
    one, other = report("32-35_08_03"), report("32-35_08_02")
    events = [event(1, one), event(2, other)]
    assert match(nameless(one), events) == 1
    assert match(nameless(other), events) == 2


def test_a_named_report_takes_over_the_event_that_p2p_began():
    began = event(1, nameless(QUAKE))
    assert is_own(began.key)
    assert match(report("32-35_07_02"), [began]) == 1
    world = World()
    world.now = QUAKE.at
    world.hear(nameless(QUAKE), QUAKE)
    assert [each.key for each in world.events.values()] == ["eq:20090811050711"]
    assert world.running == 1


def test_a_named_report_never_joins_another_name():
    assert match(replace(QUAKE, event_ids=("20090811050800",)), [event(1, QUAKE)]) is None


def test_a_drill_never_joins_what_is_real():
    drill = replace(QUAKE, status="drill")
    assert key_of(drill) == "drill-eq:20090811050711"
    assert match(drill, [event(1, QUAKE)]) is None
    assert match(nameless(drill), [event(1, QUAKE)]) is None
    assert match(nameless(QUAKE), [event(1, drill)]) is None


def test_a_tsunami_warning_without_a_name_joins_its_quake_or_the_same_warning():
    warning = report("32-39_11_02")
    bare = nameless(warning, origin=None)
    assert match(bare, [event(1, QUAKE), event(2, report("32-39_11_01"))]) == 2
    far = replace(warning, event_ids=("20110311000000",))
    assert match(bare, [event(3, far)]) == 3
    assert match(nameless(warning, 40, origin=None), [event(2, report("32-39_11_01"))]) is None


def test_two_sources_of_one_tsunami_make_one_disaster():
    warning = report("32-39_11_02")
    world = World(ALL_KINDS)
    world.now = warning.at
    world.hear(nameless(warning, origin=None), warning)
    assert (world.running, len(world.events), world.twice) == (1, 1, [])


def test_two_event_ids_name_two_events_and_the_newest_when_neither_is_known():
    two = replace(report("32-39_11_02"), event_ids=("20110311144640", "20110311151540"))
    assert keys_of(two) == ("eq:20110311144640", "eq:20110311151540")
    assert key_of(two) == "eq:20110311151540"


def test_weather_is_one_event_a_day_in_japan():
    assert key_of(report("15_12_01_161130_VPWW53")) == "weather:20160212"
    late = replace(report("15_12_01_161130_VPWW53"), at=report("15_12_01_161130_VPWW53").at + timedelta(hours=9))
    assert key_of(late) == "weather:20160213"


def test_what_no_rule_can_be_about_is_no_event():
    for name in ("54_01_01", "32-35_03_01", "32-35_09_01", "15_17_01_250630_VPWW55"):
        assert key_of(report(name)) == "", name
