"""The tables of ``data/``: prefectures, JMA's areas and cities, postal codes. Read once, when first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

# JIS X 0401 in its order: the first is 01.
_PREFECTURES = (
    "北海道 青森県 岩手県 宮城県 秋田県 山形県 福島県 茨城県 栃木県 群馬県 埼玉県 千葉県 東京都 神奈川県 新潟県 "
    "富山県 石川県 福井県 山梨県 長野県 岐阜県 静岡県 愛知県 三重県 滋賀県 京都府 大阪府 兵庫県 奈良県 和歌山県 "
    "鳥取県 島根県 岡山県 広島県 山口県 徳島県 香川県 愛媛県 高知県 福岡県 佐賀県 長崎県 熊本県 大分県 宮崎県 "
    "鹿児島県 沖縄県"
).split()


@dataclass(frozen=True)
class Area:
    """A place that JMA has a code for.

    ``kind`` is "prefecture" (two digits), "area" (細分区域, three) or "city" (市町村等, seven). ``area_code`` is the
    細分区域 that a city lies in, or its own code; a prefecture has none.
    """

    code: str
    name: str
    kind: str
    pref_code: str
    area_code: str = ""
    jma_name: str = ""


@cache
def prefectures() -> Mapping[str, Area]:
    """The 47 by code."""
    numbered = ((f"{at:02}", name) for at, name in enumerate(_PREFECTURES, 1))
    return {code: Area(code, name, "prefecture", code) for code, name in numbered}


@cache
def areas() -> Mapping[str, Area]:
    """JMA's 細分区域 by code."""
    return {code: Area(code, name, "area", pref, code, name) for code, name, pref in _rows("areas.tsv")}


@cache
def cities() -> Mapping[str, Area]:
    """JMA's 市町村等 by code; the name is the official one, with its prefecture and district (郡)."""
    return {
        code: Area(code, prefectures()[pref].name + official, "city", pref, area, jma)
        for code, jma, official, area, pref in _rows("cities.tsv")
    }


@cache
def postal() -> Mapping[str, tuple[str, ...]]:
    """City codes by the first digits of a postal code: as few digits as say it."""
    return {prefix: tuple(codes.split()) for prefix, codes in _rows("postal.tsv")}


@cache
def both() -> Mapping[str, tuple[str, ...]]:
    """City codes that are postal codes of another place as well, and of which."""
    return {code: tuple(codes.split()) for code, codes in _rows("both.tsv")}


def _rows(name: str) -> Iterator[list[str]]:
    text = files("directory.areas").joinpath("data", name).read_text("utf-8")
    return (line.split("\t") for line in text.splitlines())
