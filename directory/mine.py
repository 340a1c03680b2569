"""One's own profile: what everybody may change of himself."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import update

from directory import changes, queries
from directory.fields import PROFILE
from directory.model import own_fields
from directory.placing import place_areas, resolved
from directory.search import indexing
from directory.tables import people
from server.auth import queries as accounts
from server.auth.audit import record
from server.auth.model import Actor
from server.data.transaction import Transaction
from server.errors import Forbidden, NotFound


def change_mine(tx: Transaction, account: int, wanted: Mapping[str, str]) -> None:
    """Change these fields of oneself, all or none; a field that is not one's own to change is refused by name."""
    viewer = queries.viewer(tx.connection, account)
    allowed = own_fields(queries.shown(tx.connection))
    for name in wanted:
        if name not in allowed:
            raise Forbidden(field=name) if name in _KNOWN else Forbidden()
    before = queries.person(tx.connection, viewer.id)
    if before is None:
        raise NotFound()
    texts = {name: PROFILE[name].checked(value) for name, value in wanted.items() if name in PROFILE}
    differing = {name: value for name, value in texts.items() if value != before.profile[name]}
    moved = _move(tx, account, wanted)
    if not differing and not moved:
        return
    if differing:
        tx.connection.execute(update(people).where(people.c.account_id == account).values(**differing))
    record(tx, _actor(tx, account), "person.change_own", before.login_id, fields=sorted([*differing, *moved]))
    rev = changes.next_rev(tx)
    changes.tell(tx, rev, account, people=[account])
    indexing.refresh(tx, [account])


_KNOWN = frozenset({*PROFILE, "work_areas", "home_areas", "name", "kana"})


def _move(tx: Transaction, account: int, wanted: Mapping[str, str]) -> list[str]:
    """Write where one lives and works; returns the fields that are different now."""
    moved = []
    for name, kind in (("home_areas", "home"), ("work_areas", "work")):
        if name in wanted and place_areas(tx, account, kind, resolved(name, wanted[name].split(";"))):
            moved.append(name)
    return moved


def _actor(tx: Transaction, account: int) -> Actor:
    found = accounts.account(tx.connection, account)
    assert found is not None
    return Actor(found.id, found.name, found.privileges)
