"""The bodies of telegrams about shaking: forecast (緊急地震速報) and observed (震度)."""

from __future__ import annotations

import re
from typing import Any
from xml.etree.ElementTree import Element

from anpi.hazard.levels import higher, highest, is_intensity
from anpi.hazard.xml_tree import EB, SEIS, moment, said

NOT_COME = "震度５弱以上未入電"
_ASSUMED = "仮定震源要素"
_GIANT = "Ｍ８を超える巨大地震"
_WARNING_KINDS = ("10", "11", "19")
_PLACE = re.compile(r"([+-]\d{1,3}(?:\.\d+)?)([+-]\d{1,3}(?:\.\d+)?)([+-]\d+)?/")
_COMMENT = f"{SEIS}Body/{SEIS}Comments/{SEIS}ForecastComment/{SEIS}Code"


def observed(root: Element) -> dict[str, Any]:
    """震度速報, 震源 and 震源・震度: what was measured, as far as it has come."""
    body = root.find(SEIS + "Body")
    facts = _earthquake(body)
    facts["comments"] = tuple(said(root, _COMMENT).split()[:20])
    observation = body.find(f"{SEIS}Intensity/{SEIS}Observation") if body is not None else None
    if observation is not None:
        facts |= _observation(observation)
    return facts


def warning(root: Element) -> dict[str, Any]:
    """緊急地震速報（警報）: an area without a class is warned, else it would not stand in it."""
    return _forecast(root, unclassed_is_warned=True)


def forecast(root: Element) -> dict[str, Any]:
    """緊急地震速報（地震動予報）: only some of its areas are warned."""
    return _forecast(root, unclassed_is_warned=False)


def _earthquake(body: Element | None) -> dict[str, Any]:
    quake = body.find(SEIS + "Earthquake") if body is not None else None
    if quake is None:
        return {}
    shaken = moment(said(quake, SEIS + "OriginTime")) or moment(said(quake, SEIS + "ArrivalTime"))
    facts: dict[str, Any] = {"origin": shaken} if shaken else {}
    if said(quake, SEIS + "Condition") == _ASSUMED:
        return facts | {"assumed": True}
    area = quake.find(f"{SEIS}Hypocenter/{SEIS}Area")
    return (
        facts
        | {"hypocentre": said(area, SEIS + "Name")[:100], "magnitude": _magnitude(quake)}
        | _place(said(area, EB + "Coordinate"))
    )


def _place(text: str) -> dict[str, Any]:
    found = _PLACE.match(text)
    if not found:
        return {}
    depth = {"depth_km": abs(int(found[3])) // 1000} if found[3] and len(found[3]) <= 8 else {}
    return {"latitude": float(found[1]), "longitude": float(found[2]), **depth}


def _magnitude(quake: Element) -> str:
    """As a number, "8+" for more than can be said yet, "" when it is not known."""
    element = quake.find(EB + "Magnitude")
    if element is None:
        return ""
    text = (element.text or "").strip()
    if re.fullmatch(r"\d{1,2}(\.\d{1,2})?", text):
        return text
    return "8+" if element.get("description") == _GIANT else ""


def _observation(observation: Element) -> dict[str, Any]:
    prefs, areas, cities = dict[str, str](), dict[str, str](), dict[str, str]()
    area_prefs, missing = dict[str, str](), dict[str, None]()
    for pref in observation.iterfind(SEIS + "Pref"):
        pref_code = _code(pref, 2)
        _raise(prefs, pref_code, _level(pref))
        for area in pref.iterfind(SEIS + "Area"):
            code = _code(area, 3)
            _raise(areas, code, _level(area))
            if code and pref_code:
                area_prefs[code] = pref_code
            if code and _not_come(area):
                missing[code] = None
            for city in area.iterfind(SEIS + "City"):
                _raise(cities, _code(city, 7), _level(city))
                if (city_code := _code(city, 7)) and _not_come(city):
                    missing[city_code] = None
    top = higher(said(observation, SEIS + "MaxInt"), highest(areas.values()))
    return {
        "max_level": top if is_intensity(top) else "",
        "areas": areas,
        "area_prefs": area_prefs,
        "cities": cities,
        "prefs": prefs,
        "missing": tuple(missing),
    }


def _forecast(root: Element, *, unclassed_is_warned: bool) -> dict[str, Any]:
    body = root.find(SEIS + "Body")
    facts = _earthquake(body)
    given = body.find(f"{SEIS}Intensity/{SEIS}Forecast") if body is not None else None
    if given is None:
        return facts
    areas, area_prefs, warned = dict[str, str](), dict[str, str](), dict[str, None]()
    for pref in given.iterfind(SEIS + "Pref"):
        for area in pref.iterfind(SEIS + "Area"):
            code = _code(area, 3)
            kind = said(area, f"{SEIS}Category/{SEIS}Kind/{SEIS}Code")
            _raise(areas, code, forecast_level(*_span(area)))
            if code and (number := _code(pref, 4)):
                area_prefs[code] = number[1:3]
            if code and (kind in _WARNING_KINDS or (not kind and unclassed_is_warned)):
                warned[code] = None
    top = higher(forecast_level(*_span(given)), highest(areas.values()))
    return facts | {"max_level": top, "areas": areas, "area_prefs": area_prefs, "warned": tuple(warned)}


def forecast_level(least: str, most: str) -> str:
    """A forecast from … to … as one level: the higher, or the lower where the higher is open."""
    return most if is_intensity(most) else least if is_intensity(least) else ""


def _span(element: Element) -> tuple[str, str]:
    return said(element, f"{SEIS}ForecastInt/{SEIS}From"), said(element, f"{SEIS}ForecastInt/{SEIS}To")


def _not_come(element: Element) -> bool:
    return said(element, SEIS + "Condition") == NOT_COME


def _code(element: Element, digits: int) -> str:
    code = said(element, SEIS + "Code")
    return code if len(code) == digits and code.isascii() and code.isdigit() else ""


def _level(element: Element) -> str:
    level = said(element, SEIS + "MaxInt")
    return level if is_intensity(level) else ""


def _raise(levels: dict[str, str], code: str, level: str) -> None:
    """An area may stand in it several times: the highest counts."""
    if code and level:
        levels[code] = higher(level, levels.get(code, ""))
