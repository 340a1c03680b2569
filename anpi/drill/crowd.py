"""Who answers what and when, decided beforehand: pure, and the same for the same seed on every machine."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BUSIEST_SECONDS = 80.0
"""After ［発信］, in minute 2: when most answers come."""
SPREAD = 0.7
"""Of the logarithm of the seconds: some answer at once, some after a quarter of an hour."""
READING_SECONDS = (5.0, 25.0)
"""From opening the page to its button."""
CHANGES = 0.02
"""How many answer once more, a minute or more later."""
_SELVES = {"safe": 0.93, "minor": 0.04, "major": 0.01, "other": 0.02}
_HELP = {"safe": 0.005, "minor": 0.2, "major": 0.8, "other": 0.3}
_WORK = {"can": 0.7, "home": 0.18, "cannot": 0.05, "unknown": 0.07}


@dataclass(frozen=True, slots=True)
class Said:
    """What somebody chooses on the page."""

    self: str
    help: bool
    work: str


@dataclass(frozen=True, slots=True)
class Step:
    """Somebody, by his address, opens his link ``opens`` seconds after ［発信］, and presses the button later."""

    address: str
    opens: float
    reads: float
    said: Said


@dataclass(frozen=True, slots=True)
class Wish:
    """What the drill is to be like. ``answering``: the share of all people who answer."""

    people: int = 10_000
    minutes: int = 15
    speed: float = 30.0
    answering: float = 0.9
    seed: int = 1


def plan(addresses: Sequence[str], wish: Wish) -> list[Step]:
    """Everything that these people do, in its order."""
    chance = random.Random(f"drill {wish.seed}")
    answering = chance.sample(addresses, min(len(addresses), round(wish.people * wish.answering)))
    steps = [step for address in answering for step in _steps(chance, address, wish.minutes * 60.0)]
    return sorted(steps, key=lambda step: step.opens)


def _steps(chance: random.Random, address: str, seconds: float) -> Iterator[Step]:
    reads = chance.uniform(*READING_SECONDS)
    pressed = _when(chance, seconds)
    opens = max(0.0, pressed - reads)
    yield Step(address, opens, reads, _said(chance))
    later = opens + reads + chance.uniform(60.0, 300.0)
    if chance.random() < CHANGES and later + reads < seconds:
        yield Step(address, later, reads, _said(chance))


def _when(chance: random.Random, seconds: float) -> float:
    """When the button is pressed: log-normal, with its peak at ``BUSIEST_SECONDS``; nobody comes after the end."""
    while True:
        found = chance.lognormvariate(math.log(BUSIEST_SECONDS) + SPREAD**2, SPREAD)
        if found < seconds:
            return found


def _said(chance: random.Random) -> Said:
    self = _one(chance, _SELVES)
    return Said(self, chance.random() < _HELP[self], _one(chance, _WORK))


def _one(chance: random.Random, weights: dict[str, float]) -> str:
    return chance.choices(list(weights), list(weights.values()))[0]
