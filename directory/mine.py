"""One's own profile: what everybody may change of himself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import update

from directory import changes, queries
from directory.fields import PROFILE
from directory.model import own_fields
from directory.placing import Placed, place_areas, resolved
from directory.search import indexing
from directory.tables import people
from server.auth import queries as accounts
from server.auth.audit import record
from server.auth.model import Actor
from server.data.transaction import Transaction
from server.errors import Forbidden, NotFound


@dataclass(frozen=True, slots=True)
class OwnWish:
    """What shall be different of oneself; ``areas`` have been resolved: that is slow work, and not the writer's."""

    texts: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, Placed] = field(default_factory=dict)


def wish(wanted: Mapping[str, str]) -> OwnWish:
    """What is asked for by these fields; an area that is unknown, or may be several, is refused with its field."""
    areas = {name: resolved(name, wanted[name].split(";")) for name in _KINDS if name in wanted}
    return OwnWish({name: text for name, text in wanted.items() if name not in areas}, areas)


def change_mine(tx: Transaction, account: int, wanted: OwnWish) -> None:
    """Change these fields of oneself, all or none; a field that is not one's own to change is refused by name."""
    changes.begin(tx)
    viewer = queries.viewer(tx.connection, account)
    _require_own(tx, [*wanted.texts, *wanted.areas])
    before = queries.person(tx.connection, viewer.id)
    if before is None:
        raise NotFound()
    texts = {name: PROFILE[name].checked(value) for name, value in wanted.texts.items() if name in PROFILE}
    differing = {name: value for name, value in texts.items() if value != before.profile[name]}
    moved = [name for name, placed in wanted.areas.items() if place_areas(tx, account, _KINDS[name], placed)]
    if not differing and not moved:
        return
    if differing:
        tx.connection.execute(update(people).where(people.c.account_id == account).values(**differing))
    record(tx, _actor(tx, account), "person.change_own", before.login_id, fields=sorted([*differing, *moved]))
    rev = changes.next_rev(tx)
    changes.tell(tx, rev, account, people=[account])
    indexing.refresh(tx, [account])


_KINDS = {"home_areas": "home", "work_areas": "work"}
_KNOWN = frozenset({*PROFILE, *_KINDS, "name", "kana"})


def _require_own(tx: Transaction, names: Iterable[str]) -> None:
    allowed = own_fields(queries.shown(tx.connection))
    for name in names:
        if name not in allowed:
            raise Forbidden(field=name) if name in _KNOWN else Forbidden()


def _actor(tx: Transaction, account: int) -> Actor:
    found = accounts.account(tx.connection, account)
    assert found is not None
    return Actor(found.id, found.name, found.privileges)
