"""A segment holds one day at most, in the company's time zone, and so many bytes at most."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.log import line, segments
from chat.log.line import GENESIS
from chat.log.manifests import Summary
from chat.log.numbering import number
from chat.log.retention import first_kept
from chat.log.segments import CLOSED, GRACE_MS, Rotation
from server.clock import to_millis, zone
from tests.tools.talk_log import entry

TOKYO = zone("Asia/Tokyo")
RULE = Rotation(TOKYO, 10_000)


def jst(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=TOKYO).astimezone(UTC)  # type: ignore[misc,arg-type]


def rotated(moments: list[datetime], rule: Rotation = RULE, text: str = "x") -> list[tuple[str, int, int]]:
    """Day, part and lines of each segment when these are written one after the other."""
    entries = [entry(at, id, text) for id, at in enumerate(moments, 1)]
    last, done = None, []
    while entries:
        step = number(last, entries, rule)
        last, entries = step.segment, entries[len(step.rows) :]
        if step.full:
            last = replace(last, state=CLOSED)
            done.append(last)
    assert last is not None
    return [(each.day, each.part, each.lines) for each in [*done, last]]


def test_the_day_ends_at_midnight_in_tokyo():
    found = rotated([jst(2027, 4, 1, 23, 59, 59), jst(2027, 4, 2, 0, 0, 0), jst(2027, 4, 2, 12, 0)])
    assert found == [("2027-04-01", 1, 1), ("2027-04-02", 1, 2)]


@pytest.mark.parametrize(
    ("before", "after", "day"),
    [
        ((2027, 4, 30, 23, 59), (2027, 5, 1, 0, 0), "2027-05-01"),
        ((2028, 2, 28, 23, 59), (2028, 2, 29, 0, 0), "2028-02-29"),
        ((2028, 2, 29, 23, 59), (2028, 3, 1, 0, 0), "2028-03-01"),
        ((2027, 2, 28, 23, 59), (2027, 3, 1, 0, 0), "2027-03-01"),
        ((2027, 12, 31, 23, 59), (2028, 1, 1, 0, 0), "2028-01-01"),
    ],
)
def test_months_years_and_leap_days_end_as_they_should(before, after, day):
    found = rotated([jst(*before), jst(*after)])
    assert [each[0] for each in found] == [jst(*before).astimezone(TOKYO).date().isoformat(), day]


def test_the_day_never_goes_back():
    found = rotated([jst(2027, 4, 2, 0, 0), jst(2027, 4, 1, 23, 59), jst(2027, 4, 2, 0, 1)])
    assert found == [("2027-04-02", 1, 3)]


def test_a_segment_closes_before_it_passes_its_limit():
    size = len(line.write(entry(jst(2027, 4, 1, 9), 1, "x"), 1, GENESIS))
    rule = Rotation(TOKYO, 3 * size)
    found = rotated([jst(2027, 4, 1, 9)] * 7, rule)
    assert found == [("2027-04-01", 1, 3), ("2027-04-01", 2, 3), ("2027-04-01", 3, 1)]


def test_a_line_that_is_longer_than_the_limit_has_a_segment_of_its_own():
    entries = [entry(jst(2027, 4, 1, 9), 1), entry(jst(2027, 4, 1, 9), 2, "長" * 20_000)]
    first = number(None, entries, RULE)
    assert first.full and len(first.rows) == 1
    second = number(replace(first.segment, state=CLOSED), entries[1:], RULE)
    assert (second.segment.part, second.segment.lines, second.full) == (2, 1, False)


def test_a_day_is_over_a_little_after_midnight_even_if_nobody_speaks():
    segment = number(None, [entry(jst(2027, 4, 1, 9))], RULE).segment
    midnight = to_millis(jst(2027, 4, 2, 0, 0))
    assert not RULE.is_over(segment, midnight)
    assert RULE.is_over(segment, midnight + GRACE_MS)


def test_where_summer_time_begins_days_are_the_wall_clocks():
    rule = Rotation(zone("Europe/Berlin"), 10_000)
    assert rule.day(to_millis(datetime(2027, 3, 27, 22, 59, tzinfo=UTC))) == "2027-03-27"
    assert rule.day(to_millis(datetime(2027, 3, 28, 21, 59, tzinfo=UTC))) == "2027-03-28"
    assert rule.day(to_millis(datetime(2027, 3, 28, 22, 0, tzinfo=UTC))) == "2027-03-29"


@given(
    gaps=st.lists(st.integers(-3, 30 * 3600), min_size=1, max_size=60),
    sizes=st.lists(st.integers(1, 400), min_size=60, max_size=60),
    cut=st.integers(1, 7),
)
def test_however_it_comes_the_chain_is_whole_and_days_go_forward(gaps, sizes, cut):
    at, entries = jst(2028, 2, 27, 20), []
    for id, (gap, size) in enumerate(zip(gaps, sizes, strict=False), 1):
        at += timedelta(seconds=gap)
        entries.append(entry(at, id, "x" * size))
    rule, last, lines, summary = Rotation(TOKYO, 1_500), None, [], Summary()
    seen: list[tuple[str, int]] = []
    while entries:
        step = number(last, entries[:cut], rule)
        last, entries = step.segment, entries[len(step.rows) :]
        lines += step.lines
        summary.check(step.lines)
        if step.fresh and step.rows:
            seen.append((last.day, last.part))
        assert last.bytes <= rule.limit or last.lines == 1
        if step.full:
            last = replace(last, state=CLOSED)
    assert seen == sorted(set(seen))
    assert last is not None and (summary.last_n, summary.last_hash) == (last.last_n, last.last_hash)


def test_names_are_the_days():
    assert segments.place("2027-04-01", 3) == "talklog/2027-04/talk_20270401_03"
    assert segments.name("2027-04-01", 120) == "talk_20270401_120"


@pytest.mark.parametrize(
    ("today", "months", "kept"),
    [
        (date(2027, 4, 15), 1, date(2027, 3, 15)),
        (date(2027, 3, 31), 1, date(2027, 2, 28)),
        (date(2028, 3, 31), 1, date(2028, 2, 29)),
        (date(2028, 2, 29), 12, date(2027, 2, 28)),
        (date(2027, 1, 10), 1, date(2026, 12, 10)),
        (date(2027, 4, 15), 120, date(2017, 4, 15)),
    ],
)
def test_months_are_counted_by_the_calendar(today, months, kept):
    assert first_kept(today, months) == kept
