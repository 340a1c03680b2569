"""A rule of the automatic start: a kind, a threshold, the areas it is about."""

from __future__ import annotations

from msgspec import Struct

from anpi.hazard.model import Kind


class Rule(Struct, frozen=True):
    """As it is kept. ``areas`` are JMA's codes of 2, 3 or 7 digits; none: all Japan.

    ``threshold`` is a 震度 from "4" on, "advisory", "warning" or "major" for a tsunami, "" for 特別警報.
    """

    id: int
    kind: Kind
    threshold: str = ""
    areas: tuple[str, ...] = ()
    enabled: bool = True
    place: int = 0


class Limits(Struct, frozen=True):
    """The company's settings that decisions depend on."""

    early_wait_seconds: int = 60
    grace_seconds: int = 0
    guard_hours: int = 6
    weather_guard_hours: int = 24
    oldest_minutes: int = 30
    jma_drills: bool = False
