"""A body on its way in: large parts pass as they came, small ones are gathered."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from server.lines import LARGE_BYTES, Line

LARGE = b"a" * LARGE_BYTES


@pytest.fixture
def line():
    found = Line.__new__(Line)
    found.paused = 0

    def pause():
        found.paused += 1

    found.cycle = SimpleNamespace(body=bytearray(), response_complete=False, message_event=asyncio.Event())
    found.parser = SimpleNamespace(should_upgrade=lambda: False)
    found.flow = SimpleNamespace(pause_reading=pause)
    return found


def test_a_large_part_is_not_copied_and_nothing_more_is_read_before_it_is_taken(line):
    line.on_body(LARGE)
    assert line.cycle.body is LARGE and line.cycle.message_event.is_set()
    assert line.paused == 1


@pytest.mark.parametrize("first", [LARGE, b"first"])
@pytest.mark.parametrize("second", [LARGE, b"second"])
def test_what_follows_before_it_is_taken_stands_behind_it(line, first, second):
    line.on_body(first)
    line.on_body(second)
    assert line.cycle.body == first + second
    assert isinstance(line.cycle.body, bytearray), "bytes would be copied for each small part"


def test_what_comes_after_the_answer_is_dropped(line):
    line.cycle.response_complete = True
    line.on_body(LARGE)
    assert line.cycle.body == b"" and not line.cycle.message_event.is_set()
