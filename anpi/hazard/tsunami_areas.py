"""Which prefectures a 津波予報区 lies before. Its code is no prefecture's, whatever digits it begins with."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from anpi.hazard.levels import higher

GRADES = {"51": "warning", "52": "major", "53": "major", "62": "advisory"}
"""JMA's kind codes that are in force; all others say that nothing is, or no more."""


@cache
def prefectures_of() -> Mapping[str, tuple[str, ...]]:
    """The 66 by code. A bay may lie before several."""
    return {code: prefectures for code, _, prefectures in _rows()}


@cache
def code_of() -> Mapping[str, str]:
    """Their codes by name."""
    return {name: code for code, name, _ in _rows()}


def by_prefecture(kinds: Mapping[str, str]) -> dict[str, str]:
    """The highest grade before each prefecture."""
    found = dict[str, str]()
    for area, kind in kinds.items():
        for prefecture in prefectures_of().get(area, ()) if kind in GRADES else ():
            found[prefecture] = higher(GRADES[kind], found.get(prefecture, ""))
    return found


@cache
def _rows() -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    text = files("anpi.hazard").joinpath("data", "tsunami_areas.tsv").read_text("utf-8")
    lines = (line.split("\t") for line in text.splitlines())
    return tuple((code, name, tuple(prefectures.split())) for code, name, prefectures in lines)
