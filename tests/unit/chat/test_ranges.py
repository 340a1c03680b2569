"""Which part of a file a ``Range`` asks for."""

from __future__ import annotations

import pytest

from chat.files.ranges import OutOfRange, Part, part_of

WHOLE = Part(0, 100, True)


@pytest.mark.parametrize(
    ("asked", "part"),
    [
        (None, WHOLE),
        ("bytes=0-0", Part(0, 1, False)),
        ("bytes=10-19", Part(10, 10, False)),
        ("bytes=90-", Part(90, 10, False)),
        ("bytes=90-5000", Part(90, 10, False)),
        ("bytes=-5", Part(95, 5, False)),
        ("bytes=-5000", Part(0, 100, False)),
        # What is not one part, or not read: the whole.
        ("bytes=0-1,5-6", WHOLE),
        ("bytes=" + "0-1," * 5000, WHOLE),
        ("bytes=-", WHOLE),
        ("bytes=9-3", WHOLE),
        ("bytes=a-b", WHOLE),
        ("items=0-1", WHOLE),
        ("bytes=1" + "0" * 30 + "-", WHOLE),
    ],
)
def test_one_part_is_read_and_everything_else_is_the_whole(asked, part):
    assert part_of(asked, 100) == part


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=500-600", "bytes=-0"])
def test_what_begins_after_the_end_is_refused_with_the_size(asked):
    with pytest.raises(OutOfRange) as refused:
        part_of(asked, 100)
    assert refused.value.details["headers"]["Content-Range"] == "bytes */100"


def test_of_nothing_there_is_no_part():
    assert part_of(None, 0) == Part(0, 0, True)
    with pytest.raises(OutOfRange):
        part_of("bytes=0-", 0)
