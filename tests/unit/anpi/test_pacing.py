"""Carriers are written to at a pace; everybody else is not kept waiting by it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from anpi.sending.pacing import PROBE, Paces


def test_a_lane_gets_no_more_than_its_pace():
    paces = Paces({"docomo": 10.0}, ["mail"])
    first = paces.shares(200, 0.0, {"docomo"})
    assert first == {"docomo": 10, "mail": 190}
    paces.spent("docomo", 10)
    assert paces.shares(200, 0.1, {"docomo"})["docomo"] == 1
    paces.spent("docomo", 1)
    assert paces.shares(200, 100.0, {"docomo"})["docomo"] == 10


def test_a_lane_that_was_empty_is_only_looked_into():
    paces = Paces({"docomo": 100.0}, ["mail"])
    assert paces.shares(200, 0.0) == {"docomo": PROBE, "mail": 200 - PROBE}


def test_without_a_pace_there_is_no_limit():
    assert Paces({"docomo": 0.0}, ["mail"]).shares(200, 0.0) == {"mail": 100, "docomo": 100}


@given(
    paces=st.dictionaries(st.sampled_from("abc"), st.floats(0, 500)),
    free=st.integers(0, 200),
    times=st.lists(st.floats(0, 1000), max_size=5),
)
def test_never_more_than_there_are_places(paces, free, times):
    given_out = Paces(paces, ["mail"])
    for time in sorted(times):
        shares = given_out.shares(free, time, set(paces))
        assert sum(shares.values()) == free and min(shares.values()) >= 0
