"""The bodies of telegrams that warn of tsunami and of weather."""

from __future__ import annotations

from typing import Any
from xml.etree.ElementTree import Element

from anpi.hazard.model import Warned
from anpi.hazard.telegram_quake import observed
from anpi.hazard.xml_tree import MET, SEIS, said

SPECIAL_CODES = frozenset({"32", "33", "35", "36", "37", "38", "39"})
"""特別警報: 暴風雪, 大雨, 暴風, 大雪, 波浪, 高潮, 土砂災害. Names change, codes do not."""

_ITEMS = f"{SEIS}Body/{SEIS}Tsunami/{SEIS}Forecast/{SEIS}Item"
_BY_CITY = "気象警報・注意報（市町村等）"


def tsunami(root: Element) -> dict[str, Any]:
    """津波警報・注意報・予報: the kind of each 津波予報区. The headline's areas are other ones and are left alone."""
    kinds = dict[str, str]()
    for item in root.iterfind(_ITEMS):
        area = said(item, f"{SEIS}Area/{SEIS}Code")
        kind = said(item, f"{SEIS}Category/{SEIS}Kind/{SEIS}Code")
        if len(area) == 3 and area.isascii() and area.isdigit() and len(kind) == 2:
            kinds[area] = kind
    return observed(root) | {"tsunami": kinds}


def weather(root: Element) -> dict[str, Any]:
    """What is said of special warnings, city by city; all other warnings are left out."""
    found = dict[Warned, None]()
    for part in root.iterfind(f"{MET}Body/{MET}Warning"):
        if part.get("type") != _BY_CITY:
            continue
        for item in part.iterfind(MET + "Item"):
            area = said(item, f"{MET}Area/{MET}Code")
            if len(area) == 7 and area.isascii() and area.isdigit():
                found |= dict.fromkeys(_special(item, area))
    return {"weather": tuple(found)}


def _special(item: Element, area: str) -> list[Warned]:
    lines = []
    for kind in item.iterfind(MET + "Kind"):
        last = said(kind, f"{MET}LastKind/{MET}Code")
        line = Warned(area, said(kind, MET + "Code")[:2], said(kind, MET + "Status")[:40], last[:2])
        if line.code in SPECIAL_CODES:
            lines.append(line)
    return lines
