"""The rules of an incident, the badge, and when the silent are asked again: pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from anpi.model import badge, checked_closing, checked_title
from anpi.reach import Place, hit, within
from anpi.reminding import after_night, next_at
from server.clock import zone
from server.errors import Invalid

TOKYO = zone("Asia/Tokyo")
NOON = datetime(2027, 4, 1, 3, tzinfo=UTC)


@pytest.mark.parametrize("mark", ["\n", "\r", "\t", "\x85", "\u2028", "\x7f"])
def test_a_title_is_one_line(mark: str):
    with pytest.raises(Invalid) as refused:
        checked_title(f"台風{mark}12号")
    assert refused.value.code == "line_break"


def test_a_closing_time_that_was_right_stays_right():
    past = NOON - timedelta(hours=1)
    assert checked_closing(past, "a@b.example", NOON, before=past) == (past, "a@b.example")
    with pytest.raises(Invalid):
        checked_closing(past, "a@b.example", NOON)


@pytest.mark.parametrize(
    ("said", "help", "full", "reduced"),
    [
        ("", False, "unanswered", "unanswered"),
        ("safe", False, "safe", "safe"),
        ("safe", True, "safe", "support"),
        ("minor", False, "minor", "safe"),
        ("major", False, "major", "support"),
        ("other", False, "other", "support"),
    ],
)
def test_what_everybody_sees_of_an_answer(said: str, help: bool, full: str, reduced: str):
    assert (badge(said, help, "full"), badge(said, help, "support")) == (full, reduced)


# ---------------------------------------------------------------- areas

CHUBU, YAIZU, SHIZUOKA = "442", "2221200", "22"


def asked_by(codes: list[str], *own: str) -> str | None:
    found = hit(codes).of([Place("work", code) for code in own])
    return found and found.code


def test_an_area_that_is_hit_means_its_cities_and_bare_prefectures():
    assert asked_by([CHUBU], YAIZU) == YAIZU
    assert asked_by([CHUBU], CHUBU) == CHUBU
    assert asked_by([CHUBU], SHIZUOKA) == SHIZUOKA
    assert asked_by([CHUBU], "13") is None
    assert asked_by([CHUBU], "440", "13") is None, "another area of the same prefecture is not hit"


def test_a_citys_own_value_only_adds():
    assert asked_by([YAIZU], YAIZU) == YAIZU
    assert asked_by([YAIZU], SHIZUOKA) == SHIZUOKA
    assert asked_by([YAIZU], "2221100") is None
    assert asked_by([CHUBU, YAIZU], "2210000", "2221400") == "2221400"


def test_a_prefecture_that_is_hit_means_everything_in_it():
    assert [asked_by([SHIZUOKA], own) for own in (SHIZUOKA, CHUBU, YAIZU)] == [SHIZUOKA, CHUBU, YAIZU]


def test_the_first_of_his_areas_that_is_hit_counts():
    own = [Place("work", "13"), Place("home", YAIZU), Place("home", CHUBU)]
    assert hit([CHUBU]).of(own) == Place("home", YAIZU)


def test_an_area_holds_all_that_lies_in_it():
    assert {CHUBU, YAIZU} < within(SHIZUOKA) and YAIZU in within(CHUBU) and within(YAIZU) == {YAIZU}


# ---------------------------------------------------------------- asking again

MINUTES = (30, 60, 120)


def times(asked: datetime, any_hour: bool) -> list[datetime]:
    """Every time at which somebody who stays silent is asked again."""
    found: list[datetime] = []
    now = asked
    while (at := next_at(asked, MINUTES, now, TOKYO, any_hour=any_hour)) is not None:
        found.append(at)
        now = at
    return found


def test_the_silent_are_asked_three_times():
    assert times(NOON, any_hour=False) == [NOON + timedelta(minutes=each) for each in MINUTES]


def test_the_night_is_left_out_but_after_a_quake():
    late = datetime(2027, 4, 1, 12, 45, tzinfo=UTC)  # 21:45 in Tokyo
    six = datetime(2027, 4, 1, 21, tzinfo=UTC)
    assert times(late, any_hour=False) == [six], "all three fall into the night, and are asked together"
    assert times(late, any_hour=True) == [late + timedelta(minutes=each) for each in MINUTES]


@pytest.mark.parametrize(
    ("local", "moved"), [("21:59", "21:59"), ("22:00", "06:00"), ("05:59", "06:00"), ("06:00", "06:00")]
)
def test_where_the_night_begins_and_ends(local: str, moved: str):
    hour, minute = map(int, local.split(":"))
    at = datetime(2027, 4, 1, hour, minute, tzinfo=TOKYO)
    assert after_night(at, TOKYO).astimezone(TOKYO).strftime("%H:%M") == moved


def test_without_minutes_nobody_is_asked_again():
    assert next_at(NOON, (), NOON, TOKYO, any_hour=True) is None
