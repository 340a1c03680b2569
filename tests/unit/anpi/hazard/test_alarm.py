"""When administrators hear of a source that is silent: once, and once when it is back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from anpi.hazard.feeds.alarm import LOOKED_LATELY, ONCE_IN, SILENT_TOO_LONG, Watch, seen

BEGIN = datetime(2027, 4, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LONG = SILENT_TOO_LONG // MINUTE


def told(
    minutes: Iterable[int], heard: Iterable[int] = (), watch: Watch | None = None, on: bool = True
) -> dict[int, str]:
    """What is news at these minutes, when it was heard at those."""
    return _played(minutes, heard, watch, on)[0]


def _played(
    minutes: Iterable[int], heard: Iterable[int] = (), watch: Watch | None = None, on: bool = True
) -> tuple[dict[int, str], Watch]:
    watch, news = watch or Watch(), {}
    for minute in minutes:
        last = max((each for each in heard if each <= minute), default=None)
        at = None if last is None else BEGIN + last * MINUTE
        watch, found = seen(watch, at, on, BEGIN + minute * MINUTE)
        if found:
            news[minute] = found
    return news, watch


def test_one_that_is_heard_is_no_news():
    assert told(range(300), heard=range(0, 300, LONG - 1)) == {}


def test_one_that_was_never_heard_alarms_once_and_not_again_for_days():
    assert told(range(4 * 24 * 60)) == {LONG + 1: "silent"}


def test_it_counts_from_the_last_time_it_was_heard():
    assert told(range(60), heard=[0, 7]) == {7 + LONG + 1: "silent"}


def test_when_it_is_back_it_is_said_once():
    heard = [0, *range(100, 200)]
    assert told(range(200), heard) == {LONG + 1: "silent", 100: "back"}


def test_one_that_comes_and_goes_alarms_once_a_day():
    a_day = ONCE_IN // MINUTE
    heard = range(0, 3 * a_day, 2 * LONG)
    news = told(range(3 * a_day), heard)
    alarms = [minute for minute, word in news.items() if word == "silent"]
    assert len(alarms) == 3 and all(b - a >= a_day for a, b in pairwise(alarms))
    assert list(news.values()) == ["silent", "back"] * 3


def test_one_that_was_switched_off_is_silent_by_will_and_begins_anew():
    news, watch = _played(range(60), on=False)
    assert news == {}
    assert told(range(60, 60 + LONG + 1), heard=[0], watch=watch) == {}
    assert told(range(60, 200), heard=[0], watch=watch) == {60 + LONG + 1: "silent"}


def test_what_was_told_before_it_was_switched_off_is_not_taken_back():
    _, watch = _played(range(60))
    assert watch.is_silent, "this test needs an alarm"
    _, watch = _played(range(60, 70), watch=watch, on=False)
    assert told(range(70, 80), heard=[75], watch=watch) == {}


def test_silence_while_nobody_listened_does_not_count():
    _, watch = _played(range(5), heard=range(5))
    down = 5 + LOOKED_LATELY // MINUTE + 100
    assert told(range(down, down + LONG + 1), heard=[4], watch=watch) == {}
    assert told(range(down, down + 60), heard=[4], watch=watch) == {down + LONG + 1: "silent"}


def test_a_restart_in_the_middle_of_an_alarm_tells_nothing_anew():
    _, watch = _played(range(60))
    down = 60 + LOOKED_LATELY // MINUTE + 100
    assert told(range(down, down + 60), watch=watch) == {}
    assert told(range(down, down + 60), heard=[down + 3], watch=watch) == {down + 3: "back"}
