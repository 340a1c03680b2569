"""A push service that does not answer rests, and one that answers does not."""

from __future__ import annotations

from anpi.sending.resting import MISSES, REST_SECONDS, Rests

HOST, OTHER = "fcm.googleapis.com", "web.push.apple.com"


def missed(times: int) -> Rests:
    rests = Rests()
    for _ in range(times):
        rests.missed(HOST, 100.0)
    return rests


def test_a_few_misses_in_a_row_and_it_rests_for_a_while():
    assert not missed(MISSES - 1).resting(HOST, 100.0)
    rests = missed(MISSES)
    assert rests.resting(HOST, 100.0) and not rests.resting(OTHER, 100.0)
    assert not rests.resting(HOST, 100.0 + REST_SECONDS)


def test_after_its_rest_one_more_miss_is_enough():
    rests = missed(MISSES)
    rests.missed(HOST, 100.0 + REST_SECONDS)
    assert rests.resting(HOST, 101.0 + REST_SECONDS)


def test_an_answer_ends_it():
    rests = missed(MISSES)
    rests.answered(HOST)
    assert not rests.resting(HOST, 100.0)
    rests.missed(HOST, 100.0)
    assert not rests.resting(HOST, 100.0), "counted in a row"
