"""Whom an area that is hit means: by where people work and live, in JMA's areas (A11).

Asked is whoever has an area that is hit as a 細分区域; a city's own value only adds. A bare prefecture is hit by any
of its areas, a bare 細分区域 by any of its cities. A prefecture that is hit (tsunami, weather) hits all in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import Connection, exists, select

from anpi.queries import IN_SCOPE
from directory.areas import tables as jma
from directory.tables import person_areas
from server.auth.tables import accounts
from server.data.sets import key_rows, packed


@dataclass(frozen=True, slots=True)
class Place:
    """One of somebody's areas: "work" or "home" (where he works goes before where he lives), its JMA code."""

    kind: str
    code: str


@dataclass(frozen=True)
class Hit:
    """What is hit: every code that somebody may have who is to be asked."""

    codes: frozenset[str]

    def of(self, places: Sequence[Place]) -> Place | None:
        """By which of his areas somebody is asked: the first that is hit; None: by none."""
        return next((place for place in places if place.code in self.codes), None)


def hit(codes: Iterable[str]) -> Hit:
    """What these areas mean for people's areas. A code that JMA does not have means itself."""
    return _hit(frozenset(codes))


@lru_cache(maxsize=32)
def _hit(given: frozenset[str]) -> Hit:
    """Kept, because every step of a send asks for the same."""
    reached = set(given)
    for area in jma.areas().values():
        if area.code in given or area.pref_code in given:
            reached |= {area.code, area.pref_code}
    for city in jma.cities().values():
        if city.code in given:
            reached |= {city.area_code, city.pref_code}
        elif city.area_code in given or city.pref_code in given:
            reached.add(city.code)
    return Hit(frozenset(reached))


def within(code: str) -> frozenset[str]:
    """An area and all that lies in it, for finding people by it."""
    inside = {area.code for area in jma.areas().values() if area.pref_code == code}
    inside |= {city.code for city in jma.cities().values() if code in (city.pref_code, city.area_code)}
    return frozenset(inside | {code})


def places(connection: Connection, accounts: Iterable[int]) -> dict[int, list[Place]]:
    """The areas of these people, where they work first; who has none is left out."""
    a = person_areas.c
    keys = key_rows(connection.dialect.name, int)
    wanted = select(a.account_id, a.kind, a.area).select_from(keys.join(person_areas, a.account_id == keys.c.k0))
    rows = connection.execute(wanted.order_by(a.account_id, a.kind.desc(), a.place), {"keys": packed(accounts)})
    found: dict[int, list[Place]] = {}
    for account, kind, code in rows:
        found.setdefault(account, []).append(Place(kind, code))
    return found


def numbers(connection: Connection, areas: Iterable[str], unplaced: bool = True) -> list[int]:
    """Everybody in scope whom these areas mean, and with ``unplaced`` who has no area, by number."""
    a = person_areas.c
    keys = key_rows(connection.dialect.name, str)
    joined = keys.join(person_areas, a.area == keys.c.k0).join(accounts, accounts.c.id == a.account_id)
    wanted = select(a.account_id).select_from(joined).where(IN_SCOPE).distinct()
    hit_ones = connection.execute(wanted, {"keys": packed(sorted(hit(areas).codes))}).scalars()
    return sorted({*hit_ones, *(_unplaced(connection) if unplaced else ())})


def _unplaced(connection: Connection) -> list[int]:
    placed = exists().where(person_areas.c.account_id == accounts.c.id)
    return list(connection.execute(select(accounts.c.id).where(IN_SCOPE, ~placed)).scalars())
