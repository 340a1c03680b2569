"""How JMA's areas lie in one another: a city in its 細分区域, that in its prefecture."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import lru_cache

from directory.areas.tables import areas, cities, prefectures


@lru_cache(maxsize=4096)
def around(code: str) -> tuple[str, ...]:
    """The area itself and those it lies in, the narrowest first."""
    if city := cities().get(code):
        return code, city.area_code, city.pref_code
    if area := areas().get(code):
        return code, area.pref_code
    # A city that no table knows yet: its code begins with its prefecture's, as those of 細分区域 do not.
    return (code, code[:2]) if len(code) == 7 and code[:2] in prefectures() else (code,)


def known_or(code: str, prefecture: str) -> str:
    """The area's code, or its prefecture's for an area that no table knows: rather too wide than nobody."""
    known = code in areas() or code in cities() or code in prefectures()
    return code if known or prefecture not in prefectures() else prefecture


def meeting(area: str, limits: Collection[str]) -> set[str]:
    """What an area and the areas of a rule have in common; no limits are all Japan."""
    if not limits or any(wide in limits for wide in around(area)):
        return {area}
    return {limit for limit in limits if area in around(limit)}


def covered(code: str, by: Iterable[str]) -> bool:
    """Whether everybody in an area is in one of these."""
    wide = set(around(code))
    return any(each in wide for each in by)
