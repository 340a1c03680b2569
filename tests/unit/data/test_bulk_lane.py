"""Whose step of a bulk job comes next."""

from __future__ import annotations

from dataclasses import dataclass

from server.data.bulk_lane import FIRST_IN_A_ROW, BulkLane


@dataclass
class Job:
    name: str
    first: bool = False


def order(lane: BulkLane[Job], steps: int) -> str:
    """The names of the next steps, where every job has further ones."""
    found = ""
    for _ in range(steps):
        job = lane.pop()
        found += job.name
        lane.append(job)
    return found


def test_equals_take_turns():
    lane: BulkLane[Job] = BulkLane()
    for name in "abc":
        lane.append(Job(name))
    assert order(lane, 6) == "abcabc"


def test_who_goes_first_goes_before_the_others_and_they_never_stand_still():
    lane: BulkLane[Job] = BulkLane()
    for job in (Job("i"), Job("l"), Job("A", first=True)):
        lane.append(job)
    assert order(lane, 2 * (FIRST_IN_A_ROW + 1)) == "A" * FIRST_IN_A_ROW + "i" + "A" * FIRST_IN_A_ROW + "l"


def test_an_empty_lane_says_so_and_who_waits_is_named():
    lane: BulkLane[Job] = BulkLane()
    assert not lane
    lane.append(Job("a"))
    lane.append(Job("B", first=True))
    assert [job.name for job in lane] == ["B", "a"] and lane
