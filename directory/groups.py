"""グループ電話帳: one's own groups and favourites, seen by nobody else.

Every change is answered by all of them, and tells the same to one's other devices.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import UNSET
from sqlalchemy import Connection, Select, bindparam, delete, func, insert, select, update

from directory import events, queries
from directory.fields import GROUP_NAME
from directory.frames import Groups, ListPeople, PersonalGroup
from directory.model import FAVOURITES_LIMIT, GROUP_PEOPLE_LIMIT, GROUPS_LIMIT
from directory.queries import IN_ORDER, LISTED
from directory.tables import favourites, group_people, groups, people
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid, NotFound

# ---------------------------------------------------------------- asking


def all_of(connection: Connection, account: int) -> Groups:
    """Somebody's groups and favourites, without people who are gone."""
    queries.viewer(connection, account)
    return _all(connection, account)


def page(connection: Connection, account: int, asked: ListPeople) -> tuple[int, list[int]]:
    """A page of one of one's groups, or of one's favourites. ``NotFound`` for a group that is not one's own."""
    if asked.group is UNSET:
        return queries.in_favourites(connection, account, asked.from_, asked.limit)
    found = queries.in_group(connection, account, asked.group, asked.from_, asked.limit)
    if found is None:
        raise NotFound()
    return found


def _all(connection: Connection, account: int) -> Groups:
    g = groups.c
    own = connection.execute(select(g.id, g.name).where(g.owner_id == account).order_by(g.place, g.id)).all()
    members: dict[int, list[int]] = {row.id: [] for row in own}
    for row in connection.execute(_members(account)):
        members[row.group_id].append(row.account_id)
    held = favourites.join(people, people.c.account_id == favourites.c.account_id)
    liked = select(people.c.account_id).select_from(held).where(favourites.c.owner_id == account, LISTED)
    return Groups(
        groups=[PersonalGroup(row.id, row.name, members[row.id]) for row in own],
        favourites=list(connection.execute(liked.order_by(*IN_ORDER)).scalars()),
    )


def _members(account: int) -> Select[Any]:
    m = group_people.c
    held = groups.join(group_people, m.group_id == groups.c.id).join(people, people.c.account_id == m.account_id)
    wanted = select(m.group_id, m.account_id).select_from(held).where(groups.c.owner_id == account, LISTED)
    return wanted.order_by(m.group_id, m.place, m.account_id)


# ---------------------------------------------------------------- changing


def add(tx: Transaction, account: int, name: str) -> Groups:
    """One more group, the last."""
    _begin(tx, account)
    name = GROUP_NAME.checked(name)
    count, last = tx.connection.execute(
        select(func.count(), func.max(groups.c.place)).where(groups.c.owner_id == account)
    ).one()
    if count >= GROUPS_LIMIT:
        raise Conflict("groups_full", limit=GROUPS_LIMIT)
    place = 0 if last is None else last + 1
    tx.connection.execute(insert(groups), {"owner_id": account, "name": name, "place": place})
    return _told(tx, account)


def rename(tx: Transaction, account: int, group: int, name: str) -> Groups:
    """Another name for one's own group."""
    _begin(tx, account, group)
    tx.connection.execute(update(groups).where(groups.c.id == group).values(name=GROUP_NAME.checked(name)))
    return _told(tx, account)


def remove(tx: Transaction, account: int, group: int) -> Groups:
    """One's own group goes."""
    _begin(tx, account, group)
    tx.connection.execute(delete(group_people).where(group_people.c.group_id == group))
    tx.connection.execute(delete(groups).where(groups.c.id == group))
    return _told(tx, account)


def change(tx: Transaction, account: int, group: int, add: Sequence[int], remove: Sequence[int]) -> Groups:
    """Who comes in, at the end, and who goes out. Who is not in the directory is refused."""
    _begin(tx, account, group)
    wanted = list(dict.fromkeys(add))
    if len(queries.listed(tx.connection, wanted)) < len(wanted):
        raise NotFound()
    _put_out(tx, group, {*wanted, *remove})
    count, last = tx.connection.execute(
        select(func.count(), func.max(group_people.c.place)).where(group_people.c.group_id == group)
    ).one()
    if count + len(wanted) > GROUP_PEOPLE_LIMIT:
        raise Invalid("too_many_values", field="group_people", limit=GROUP_PEOPLE_LIMIT)
    first = 0 if last is None else last + 1
    rows = [{"group_id": group, "account_id": id, "place": first + n} for n, id in enumerate(wanted)]
    if rows:
        tx.connection.execute(insert(group_people), rows)
    return _told(tx, account)


def order(tx: Transaction, account: int, wanted: Sequence[int]) -> Groups:
    """One's groups in this order: all of them, each once."""
    _begin(tx, account)
    own = set(tx.connection.execute(select(groups.c.id).where(groups.c.owner_id == account)).scalars())
    if not set(wanted) <= own:
        raise NotFound()
    if len(wanted) != len(own):
        raise Conflict()
    rows = [{"group": id, "at": place} for place, id in enumerate(wanted)]
    if rows:
        placed = update(groups).where(groups.c.id == bindparam("group")).values(place=bindparam("at"))
        tx.connection.execute(placed, rows)
    return _told(tx, account)


def favour(tx: Transaction, account: int, person: int, on: bool) -> Groups:
    """Whether somebody is one of one's favourites; again is harmless."""
    _begin(tx, account)
    own = (favourites.c.owner_id == account, favourites.c.account_id == person)
    known = tx.connection.execute(select(favourites.c.account_id).where(*own)).first() is not None
    if on and not known:
        _favour(tx, account, person)
    elif known and not on:
        tx.connection.execute(delete(favourites).where(*own))
    return _told(tx, account)


def _favour(tx: Transaction, account: int, person: int) -> None:
    if not queries.listed(tx.connection, [person]):
        raise NotFound()
    count = select(func.count()).select_from(favourites).where(favourites.c.owner_id == account)
    if tx.connection.execute(count).scalar_one() >= FAVOURITES_LIMIT:
        raise Invalid("too_many_values", field="favourites", limit=FAVOURITES_LIMIT)
    tx.connection.execute(insert(favourites), {"owner_id": account, "account_id": person, "at": tx.now})


def _begin(tx: Transaction, account: int, group: int | None = None) -> None:
    """One change of one's groups at a time; a group that is not one's own is not there."""
    queries.viewer(tx.connection, account)
    tx.lock(f"groups:{account}")
    if group is None:
        return
    own = select(groups.c.id).where(groups.c.id == group, groups.c.owner_id == account)
    if tx.connection.execute(own).first() is None:
        raise NotFound()


def _put_out(tx: Transaction, group: int, ids: Iterable[int]) -> None:
    keys = key_rows(tx.dialect, int)
    gone = delete(group_people).where(group_people.c.group_id == group, group_people.c.account_id.in_(keys.select()))
    tx.connection.execute(gone, {"keys": packed(sorted(ids))})


def _told(tx: Transaction, account: int) -> Groups:
    now = _all(tx.connection, account)
    tx.emit(events.groups_changed(account, now))
    return now
