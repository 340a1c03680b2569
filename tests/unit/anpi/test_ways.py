"""Two relays: three failures in a row, or half a minute without a success, and the other one carries the mails."""

from __future__ import annotations

from anpi.sending.ways import FAILURES, SILENCE_SECONDS, Ways


def test_three_failures_in_a_row_change_over():
    ways = Ways(2)
    for _ in range(FAILURES - 1):
        ways.failed(0, 1.0)
    ways.succeeded(0, 1.0)
    for _ in range(FAILURES - 1):
        ways.failed(0, 1.0)
    assert ways.current == 0
    ways.failed(0, 1.0)
    assert (ways.current, ways.changes) == (1, 1)


def test_what_is_heard_late_of_the_other_one_is_not_counted():
    ways = Ways(2)
    for _ in range(FAILURES):
        ways.failed(0, 1.0)
    for _ in range(FAILURES):
        ways.failed(0, 2.0)
    assert ways.current == 1
    for _ in range(FAILURES):
        ways.failed(1, 2.0)
    assert ways.current == 0


def test_silence_while_mails_are_under_way_changes_over():
    ways = Ways(2)
    ways.busy(100.0)
    ways.busy(100.0 + SILENCE_SECONDS - 1)
    assert ways.current == 0
    ways.busy(100.0 + SILENCE_SECONDS)
    assert ways.current == 1
    ways.busy(100.0 + SILENCE_SECONDS * 1.5)
    assert ways.current == 1


def test_a_no_is_an_answer_but_no_success():
    ways = Ways(2)
    ways.busy(0.0)
    for second in range(int(SILENCE_SECONDS)):
        ways.failed(0, second)
        ways.answered(0)
    assert ways.current == 0
    ways.busy(SILENCE_SECONDS)
    assert ways.current == 1


def test_silence_while_nothing_is_under_way_means_nothing():
    ways = Ways(2)
    ways.busy(0.0)
    ways.succeeded(0, 1.0)
    ways.idle()
    ways.busy(1000.0)
    assert ways.current == 0


def test_a_single_relay_stays():
    ways = Ways(1)
    ways.busy(0.0)
    for _ in range(10):
        ways.failed(0, 1000.0)
    assert (ways.current, ways.changes) == (0, 0)
