"""Guessing becomes slow, and never locks anybody out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.auth.throttle import LONGEST_DELAY, Throttle, delay_after, password_key, sign_in_key

NOW = datetime(2027, 4, 1, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, 0), (1, 0), (3, 0), (4, 1), (5, 2), (6, 4), (7, 8), (8, 16), (9, 30), (10, 30), (10_000, 30)],
)
def test_the_delay_doubles_from_the_fourth_failure_to_half_a_minute(failures: int, seconds: int):
    assert delay_after(failures) == timedelta(seconds=seconds)


def test_the_wait_is_over_when_the_delay_has_passed():
    throttle = Throttle(5, NOW)
    assert throttle.wait(NOW) == timedelta(seconds=2)
    assert throttle.wait(NOW + timedelta(seconds=1.5)) == timedelta(seconds=0.5)
    assert throttle.wait(NOW + timedelta(seconds=2)) == timedelta(0)


def test_a_day_later_nothing_is_remembered():
    old = Throttle(50, NOW)
    later = NOW + timedelta(days=1)
    assert old.wait(later) == timedelta(0)
    assert old.failed(later) == Throttle(1, later)


@given(st.integers(0, 10**9), st.integers(0, 10**6))
def test_nobody_ever_waits_longer_than_the_limit(failures: int, seconds: int):
    wait = Throttle(failures, NOW).wait(NOW + timedelta(seconds=seconds))
    assert timedelta(0) <= wait <= LONGEST_DELAY


def test_a_known_device_is_counted_apart():
    assert sign_in_key("sano") != sign_in_key("sano", "nonce")
    assert sign_in_key("sano", "one") != sign_in_key("sano", "two")


@pytest.mark.parametrize("typed", ["5", "account 5", "password\n5", "password 5", ""])
def test_no_login_id_has_the_key_of_somebodys_own_password(typed: str):
    assert sign_in_key(typed) != password_key(5)
    assert sign_in_key(typed, "5") != password_key(5)


def test_a_key_shows_nothing_of_what_was_typed():
    assert "secret" not in sign_in_key("secret typed into the wrong field")
    assert len(sign_in_key("x" * 10_000)) == 64


def test_a_key_can_be_made_of_anything():
    assert sign_in_key("\ud800") != ""
