"""What stops when room grows short: uploads first, then talk, answers never."""

from __future__ import annotations

import pytest

from server.data.space import MEBIBYTE, Limits, Use

LIMITS = Limits(reserve=512 * MEBIBYTE, ballast=64 * MEBIBYTE)


@pytest.mark.parametrize(
    ("free", "stops"),
    [
        (10_000, Use.NOTHING),
        (512, Use.NOTHING),
        (511, Use.UPLOADS),
        (128, Use.UPLOADS),
        (127, Use.TALK),
        (0, Use.TALK),
    ],
)
def test_each_use_stops_at_its_limit(free: int, stops: Use):
    room = LIMITS.room(free * MEBIBYTE, held=LIMITS.ballast)
    assert LIMITS.stopped(room) == stops < Use.ANSWERS


def test_what_the_ballast_gave_back_is_not_given_to_talk():
    """Free bytes rise when it is given up; what is allowed stays as it was."""
    before = LIMITS.room(100 * MEBIBYTE, held=64 * MEBIBYTE)
    after = LIMITS.room(164 * MEBIBYTE, held=0)
    assert before == after and LIMITS.stopped(after) == Use.TALK


def test_the_ballast_is_not_made_where_talk_stops():
    talk_stops = 127 * MEBIBYTE
    assert LIMITS.stopped(talk_stops) == Use.TALK and not LIMITS.has_plenty(talk_stops)
    assert not LIMITS.has_plenty(talk_stops + MEBIBYTE), "it would come and go"
    assert LIMITS.has_plenty(LIMITS.reserve)


def test_without_a_reserve_nothing_stops_and_the_ballast_does_not_come_out_of_its_own_room():
    limits = Limits(reserve=0, ballast=LIMITS.ballast)
    assert limits.stopped(0) == Use.NOTHING
    assert not limits.has_plenty(limits.room(LIMITS.ballast, held=0)), "just given up, and nothing else is free"
    assert limits.has_plenty(limits.room(2 * LIMITS.ballast, held=0))
