"""What an incident is about, by its hits: what is said of it to those who are asked."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from anpi.hazard import levels
from anpi.hazard.evaluating import entries, seen, together
from anpi.hazard.model import Decision, Hit, Known
from anpi.hazard.rules import Rule
from anpi.model import Cause
from anpi.sending.variables import Facts
from directory.areas.resolving import name_of


def cause_of(found: Mapping[str, Hit]) -> Cause:
    """What the incident is about, by its hits."""
    kinds = {hit.kind for hit in found.values()}
    if "intensity" in kinds:
        return "early_warning" if all(hit.early for hit in found.values()) else "earthquake"
    return "tsunami" if "tsunami" in kinds else "weather"


def facts_of(known: Known, found: Mapping[str, Hit], at: datetime) -> Facts:
    """What the mail says of it: the strongest level, the areas from the strongest on. What was observed goes before
    every forecast: as soon as there is any, nobody is told of a forecast as if it had come."""
    observed = [hit for hit in found.values() if hit.kind == "intensity" and not hit.early]
    top = levels.highest(hit.level for hit in observed or found.values())
    ordered = sorted(found, key=lambda code: (found[code].early, -_rank(found[code].level), code))
    return Facts(
        level=top,
        areas=tuple(name_of(code) or code for code in ordered),
        place="" if known.assumed else known.hypocentre,
        at=known.origin or at,
        missing=any(hit.missing and hit.level == top for hit in found.values()),
    )


def _rank(level: str) -> int:
    for scale in (levels.INTENSITIES, levels.TSUNAMI):
        if level in scale:
            return scale.index(level)
    return 0


def strongest(found: Mapping[str, Hit]) -> list[Hit]:
    """The highest level of each kind."""
    kinds = sorted({hit.kind for hit in found.values()})
    return [Hit(kind, levels.highest(hit.level for hit in found.values() if hit.kind == kind)) for kind in kinds]


def as_known(decision: Decision, asked: Mapping[str, Hit]) -> dict[str, Hit]:
    """What was asked, as hard as it is known to be hit by now: each area by what it was asked about, also where the
    report that says it is an hour old."""
    rules = [Rule(each.id, each.kind, each.threshold, each.areas) for each in decision.inputs.rules]
    said = seen(entries(decision.known, None), rules)
    now = {
        kind: together(each for each in said if each.kind == kind) for kind in {hit.kind for hit in asked.values()}
    }
    return {code: now[hit.kind].get(code, hit) for code, hit in asked.items()}
