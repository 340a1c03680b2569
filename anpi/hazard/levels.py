"""Seismic intensity (震度) and the other scales that are compared, each in its order."""

from __future__ import annotations

from collections.abc import Iterable

INTENSITIES = ("0", "1", "2", "3", "4", "5-", "5+", "6-", "6+", "7")
THRESHOLDS = INTENSITIES[4:]
"""What a rule may ask for."""

AT_LEAST = "5-"
"""What 「震度５弱以上未入電」 is known to be at least."""
MISSING_COUNTS_UP_TO = "5+"
"""A value that did not come counts as a hit up to this threshold: silence is a sign of damage."""

TSUNAMI = ("advisory", "warning", "major")
SPECIAL = "special"
"""The one class of 特別警報."""

_ORDER = {level: at for scale in (INTENSITIES, TSUNAMI, (SPECIAL,)) for at, level in enumerate(scale)}


def is_intensity(text: str) -> bool:
    """Whether it is a value of 震度 as JMA writes it."""
    return text in INTENSITIES


def reaches(level: str, threshold: str) -> bool:
    """Whether a level is the threshold or more; both of the same scale. What is no level reaches nothing."""
    return level in _ORDER and threshold in _ORDER and _ORDER[level] >= _ORDER[threshold]


def higher(one: str, other: str) -> str:
    """The higher of two; "" is below all."""
    return one if _ORDER.get(one, -1) >= _ORDER.get(other, -1) else other


def highest(levels: Iterable[str]) -> str:
    """The highest, "" of none."""
    top = ""
    for level in levels:
        top = higher(level, top)
    return top
