"""Every telegram of ``tests/data/jma`` gives the decision that ``tests/data/expected.tsv`` states for it.

At 震度5強 for all Japan: by itself, and after the telegrams of its set that were sent before it, each heard five
seconds after it was sent.
"""

from __future__ import annotations

import csv
from datetime import timedelta

import pytest

from anpi.hazard.model import Decision
from anpi.hazard.triggers import REASONS
from tests.tools.hazard import TELEGRAMS, World, report, sets

EXPECTED = TELEGRAMS.parent / "expected.tsv"
HEARD_AFTER = timedelta(seconds=5)


def rows() -> list[dict[str, str]]:
    with EXPECTED.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def story_until(name: str) -> list[str]:
    (story,) = (members for members in sets().values() if name in members)
    return story[: story.index(name) + 1]


def told(names: list[str]) -> Decision:
    world = World()
    for name in names:
        world.pass_time((report(name).at + HEARD_AFTER - world.now).total_seconds())
        decision = world.hear(report(name))
    return decision


def shown(decision: Decision) -> str:
    hits = sorted(decision.hits.items())
    return " ".join(f"{code}:{hit.level}{'?' if hit.missing else ''}" for code, hit in hits)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["telegram"])
def test_a_telegram_is_decided_as_stated(row):
    alone, in_set = told([row["telegram"]]), told(story_until(row["telegram"]))
    assert (alone.act, alone.reason, shown(alone)) == (row["alone"], row["why"], row["areas"])
    assert (in_set.act, in_set.reason, shown(in_set)) == (row["in_set"], row["why_in_set"], row["areas_in_set"])


def test_no_telegram_is_left_out():
    assert [row["telegram"] for row in rows()] == sorted(path.stem for path in TELEGRAMS.glob("*.xml"))


def test_every_reason_stated_is_a_known_one():
    assert {row[column] for row in rows() for column in ("why", "why_in_set")} <= REASONS.keys()
