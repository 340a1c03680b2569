"""What people write for an area, as JMA's areas: a prefecture, a city, a postal code, or JMA's own words."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache

from directory.areas.tables import Area, areas, both, cities, postal, prefectures
from directory.search.folding import joined

_POSTAL_MARK = "〒"
_HYPHENED = re.compile(r"(\d{3})-(\d{4})")
_CODE = re.compile(r"\d{2}|\d{3}|\d{7}")
# 空知郡奈井江町 is also written 奈井江町; 郡上市 and 小郡市 have no district.
_DISTRICT = re.compile(r"^.{1,5}?郡(?=.+[町村]$)")
_WARD = re.compile(r"^(.+市)(.+区)$")


def resolve(text: str) -> tuple[Area, ...]:
    """The area that is meant: one, none when it is unknown, or several when it may be any of them."""
    key = joined(text).removeprefix(_POSTAL_MARK)
    number = _hyphened(key)
    if number:
        return _by_postal(number)
    if _CODE.fullmatch(key):
        return _by_code(key)
    # As it stands first: 鹿嶋市 and 鹿島市 are two cities.
    return _by_name(_as_given).get(_as_given(text)) or _by_name(joined).get(key, ())


def warm() -> None:
    """Read and fold all that is looked up, so that whoever names the first area does not wait for it."""
    for fold in (_as_given, joined):
        _by_name(fold)
    both()
    postal()


def area_of(code: str) -> Area | None:
    """The area with this code."""
    return prefectures().get(code) or areas().get(code) or cities().get(code)


def name_of(code: str) -> str | None:
    """How an area is called."""
    area = area_of(code)
    return area.name if area else None


def _hyphened(key: str) -> str:
    found = _HYPHENED.fullmatch(key)
    return found[1] + found[2] if found else ""


def _by_code(code: str) -> tuple[Area, ...]:
    """Seven digits are a city's code or a postal code without its hyphen; some are both."""
    known = area_of(code)
    if known is None:
        return _by_postal(code) if len(code) == 7 else ()
    others = (cities()[other] for other in both().get(code, ()))
    return tuple(dict.fromkeys((known, *others)))


def _by_postal(number: str) -> tuple[Area, ...]:
    for size in range(1, len(number) + 1):
        if codes := postal().get(number[:size]):
            return tuple(cities()[code] for code in codes)
    return ()


def _as_given(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split())


@cache
def _by_name(fold: Callable[[str], str]) -> Mapping[str, tuple[Area, ...]]:
    """Areas by folded name. Who has a name first keeps it: 奈良県 is the prefecture, an area is called so too."""
    found: dict[str, tuple[Area, ...]] = {}
    for named in (_prefecture_names, _city_names, _area_names, _wards_together):
        layer: dict[str, dict[Area, None]] = defaultdict(dict)
        for name, area in named():
            layer[fold(name)][area] = None
        found = {name: tuple(of) for name, of in layer.items()} | found
    return found


def _prefecture_names() -> Iterator[tuple[str, Area]]:
    for area in prefectures().values():
        yield area.name, area
        if area.name != "北海道":
            yield area.name[:-1], area


def _area_names() -> Iterator[tuple[str, Area]]:
    for area in areas().values():
        yield area.name, area
        yield prefectures()[area.pref_code].name + area.name, area


def _city_names() -> Iterator[tuple[str, Area]]:
    for area in cities().values():
        prefecture, official = _parts(area)
        names = {area.jma_name, official, _DISTRICT.sub("", official)}
        if ward := _WARD.match(official):
            names.add(ward[2])
        for name in sorted(names):
            yield name, area
            yield prefecture + name, area


def _wards_together() -> Iterator[tuple[str, Area]]:
    """横浜市 has no code of its own: all its wards lie in one 細分区域, and that is meant."""
    lie_in: dict[tuple[str, str], set[str]] = defaultdict(set)
    for area in cities().values():
        prefecture, official = _parts(area)
        if ward := _WARD.match(official):
            lie_in[prefecture, ward[1]].add(area.area_code)
    for (prefecture, city), codes in lie_in.items():
        for code in codes:
            yield city, areas()[code]
            yield prefecture + city, areas()[code]


def _parts(city: Area) -> tuple[str, str]:
    prefecture = prefectures()[city.pref_code].name
    return prefecture, city.name.removeprefix(prefecture)
