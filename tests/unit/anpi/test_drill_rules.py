"""The rules of a drill: who answers when, its clock, and that three counts must agree."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from anpi.drill.clock import DrillClock
from anpi.drill.crowd import Wish, plan
from anpi.drill.figures import Doings, Figures, differences, quarters

START = datetime(2027, 3, 11, 5, 46, tzinfo=UTC)
ADDRESSES = [f"p{n}@example.co.jp" for n in range(2000)]


def test_the_same_seed_gives_the_same_answers_at_the_same_moments():
    assert plan(ADDRESSES, Wish(people=2000)) == plan(ADDRESSES, Wish(people=2000))
    assert plan(ADDRESSES, Wish(people=2000, seed=2)) != plan(ADDRESSES, Wish(people=2000))


def test_most_press_the_button_in_minute_2_and_nobody_after_the_end():
    steps = plan(ADDRESSES, Wish(people=2000, minutes=15))
    minutes = [int((step.opens + step.reads) // 60) for step in steps]
    assert max(set(minutes), key=minutes.count) + 1 == 2
    assert max(minutes) < 15


def test_as_many_answer_as_were_wished_and_some_of_them_twice():
    steps = plan(ADDRESSES, Wish(people=2000, answering=0.5))
    assert len({step.address for step in steps}) == 1000
    assert 1000 < len(steps) < 1100


def test_nobody_answers_who_cannot_get_a_mail():
    steps = plan(ADDRESSES[:10], Wish(people=2000, answering=1.0))
    assert {step.address for step in steps} == set(ADDRESSES[:10])


class Wall:
    """Somebody else's clock."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_the_clock_goes_as_fast_as_it_is_told():
    wall = Wall()
    clock = DrillClock(START, wall)
    wall.seconds = 10
    assert clock() == START + timedelta(seconds=10)
    clock.run(30)
    wall.seconds = 12
    assert clock() == START + timedelta(seconds=70)


def test_the_clock_waits_and_never_goes_back():
    wall = Wall()
    clock = DrillClock(START, wall)
    clock.hold(START + timedelta(seconds=5))
    wall.seconds = 60
    assert clock() == START + timedelta(seconds=5)
    clock.hold(START + timedelta(seconds=2))
    assert clock() == START + timedelta(seconds=5)
    clock.hold(None)
    wall.seconds = 61
    assert clock() == START + timedelta(seconds=6), "what it stood still is not made up for"


def test_quarters_are_the_moments_when_so_many_had_answered():
    assert quarters([10, 20, 30, 40], 4) == [10, 20, 30, 40]
    assert quarters([10, 20], 4) == [10, 20, 0, 0]
    assert quarters([], 4) == [0, 0, 0, 0]


PRODUCT = Figures(
    {"asked": 4, "answered": 3, "safe": 3, "doubtful": 1}, [61_000, 70_000, 125_000, 0], [0, 2, 1], {1: (4, 3)}
)
CROWD = Doings({"asked": 4, "answered": 3, "safe": 3}, [60_900, 69_000, 124_000, 0], [61_100, 70_000, 126_000, 0])


def test_three_counts_that_agree():
    assert list(differences(PRODUCT, PRODUCT, CROWD)) == []


@pytest.mark.parametrize(
    "wrong, said",
    [
        (replace(PRODUCT, counts={**PRODUCT.counts, "safe": 2}), "safe"),
        (replace(PRODUCT, counts={**PRODUCT.counts, "doubtful": 0}), "doubtful"),
        (replace(PRODUCT, quarters=[61_000, 71_000, 125_000, 0]), "50 %"),
        (replace(PRODUCT, minutes=[0, 1, 2]), "answers a minute"),
        (replace(PRODUCT, departments={1: (4, 2)}), "department 1 (asked, answered)"),
        (replace(PRODUCT, departments={1: (4, 3), 2: (0, 0)}), "department 2 (asked, answered)"),
    ],
)
def test_whatever_sql_counts_otherwise_is_said(wrong: Figures, said: str):
    found = list(differences(PRODUCT, wrong, CROWD))
    assert [each.partition(":")[0] for each in found] == [said]


@pytest.mark.parametrize(
    "crowd, said",
    [
        (replace(CROWD, counts={"safe": 2}), "safe: the report says 3, the crowd did 2"),
        (replace(CROWD, latest=[60_950, 70_000, 126_000, 0]), "25 %: the report says 61000 ms"),
        (replace(CROWD, failed={"no mail came": 2}), "2 people could not answer: no mail came"),
    ],
)
def test_whatever_the_crowd_did_otherwise_is_said(crowd: Doings, said: str):
    (found,) = differences(PRODUCT, PRODUCT, crowd)
    assert found.startswith(said)
