"""Who is too many is told at once when there will be time for him, one after the other."""

from __future__ import annotations

import contextlib

import pytest

from server.entrance import (
    AT_ONCE,
    FIRST_GUESS,
    GREETED_AT_ONCE_EACH,
    JITTER_MS,
    LONGEST_WAIT,
    Entrance,
    TooMany,
)
from server.errors import SignedOut


class Time:
    """The test's own clock, in seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def entrance(time: Time) -> Entrance:
    return Entrance(time)


@pytest.fixture
def full(entrance: Entrance):
    """As many under way as may be."""
    with contextlib.ExitStack() as steps:
        for _ in range(AT_ONCE):
            steps.enter_context(entrance.step())
        yield entrance


def promised(entrance: Entrance) -> int:
    with pytest.raises(TooMany) as later, entrance.step():
        raise AssertionError("let in")
    return later.value.retry_ms


def test_there_is_room_again_when_a_step_ends_even_badly(entrance: Entrance):
    for _ in range(AT_ONCE + 1):
        with contextlib.suppress(ValueError), entrance.step():
            raise ValueError
    assert entrance.under_way == 0


def test_who_has_been_let_in_is_greeted_when_nobody_new_is(full: Entrance):
    promised(full)
    with full.greeting(1):
        assert full.under_way == AT_ONCE + 1


def test_nobody_keeps_the_others_out_alone(entrance: Entrance):
    with contextlib.ExitStack() as greetings:
        for _ in range(GREETED_AT_ONCE_EACH):
            greetings.enter_context(entrance.greeting(1))
        with pytest.raises(TooMany), entrance.greeting(1):
            raise AssertionError("greeted")
        with entrance.greeting(2):
            assert entrance.under_way == GREETED_AT_ONCE_EACH + 1
    with entrance.greeting(1):
        assert entrance.under_way == 1


def test_each_is_promised_a_later_time_than_the_one_before(full: Entrance):
    first = promised(full)
    for _ in range(1000):
        last = promised(full)
    assert AT_ONCE * FIRST_GUESS * 1000 <= first <= AT_ONCE * FIRST_GUESS * 1000 + JITTER_MS
    assert abs(last - first - 1000 * FIRST_GUESS * 1000) <= JITTER_MS
    assert full.turned_away == 1002 - 1


def test_made_up_cookies_push_nobody_away_and_a_crowd_after_them_is_spread_all_the_same(entrance: Entrance):
    for _ in range(500):
        with contextlib.suppress(SignedOut), entrance.step():
            raise SignedOut
    assert pushed_by_a_thousand(entrance) <= 1000 * FIRST_GUESS * 1000 / 10 + JITTER_MS
    for _ in range(200):
        with entrance.step():
            pass
    assert pushed_by_a_thousand(entrance) >= 1000 * FIRST_GUESS * 1000 * 0.9 - JITTER_MS


def test_one_who_says_hello_again_and_again_pushes_nobody_away(entrance: Entrance):
    with contextlib.ExitStack() as greetings:
        for _ in range(GREETED_AT_ONCE_EACH):
            greetings.enter_context(entrance.greeting(1))
        for _ in range(1000):
            with pytest.raises(TooMany) as later, entrance.greeting(1):
                raise AssertionError("greeted")
    assert later.value.retry_ms <= GREETED_AT_ONCE_EACH * FIRST_GUESS * 1000 + JITTER_MS


def pushed_by_a_thousand(entrance: Entrance) -> int:
    """How much later one is told to come after a thousand others were told so."""
    with contextlib.ExitStack() as steps:
        for _ in range(AT_ONCE):
            steps.enter_context(entrance.step())
        first = promised(entrance)
        for _ in range(1000):
            last = promised(entrance)
    return last - first


def test_times_that_nobody_came_for_are_forgotten(full: Entrance, time: Time):
    first = promised(full)
    time.now += 3600
    assert abs(promised(full) - first) <= JITTER_MS


def test_nobody_waits_for_ever(full: Entrance):
    waits = [promised(full) for _ in range(30_000)]
    assert max(waits) <= LONGEST_WAIT * 1000 + JITTER_MS
    late = waits[20_000:]
    assert max(late) - min(late) > LONGEST_WAIT * 1000 / 3, "not all in one moment"


def test_a_slow_machine_promises_later_times(full: Entrance, time: Time):
    for number in range(200):
        with full.greeting(number):
            time.now += 0.02
    first = promised(full)
    assert abs(promised(full) - first - 20) <= JITTER_MS
    assert first >= AT_ONCE * 19


def test_a_quiet_hour_says_nothing_about_the_cost(entrance: Entrance, time: Time):
    for number in range(200):
        with entrance.greeting(number):
            time.now += 60
    with contextlib.ExitStack() as steps:
        for _ in range(AT_ONCE):
            steps.enter_context(entrance.step())
        assert promised(entrance) <= AT_ONCE * FIRST_GUESS * 1000 + JITTER_MS
