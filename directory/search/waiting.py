"""SQL of those who wait for the index, and of the blocks that runs fill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Delete, Select, bindparam, delete, func, or_, select, true, update
from sqlalchemy.dialects import postgresql, sqlite

from directory.search import bits
from directory.search.queries import place_of
from directory.tables import people, search_blocks, search_people, search_waiting
from server.data.sets import key_rows, packed

Named = tuple[str, int]
"""A sort key and an account."""


# ---------------------------------------------------------------- who waits


def is_anybody_waiting(connection: Connection) -> bool:
    return connection.execute(select(search_waiting.c.account_id).limit(1)).first() is not None


def waiting_after(connection: Connection, after: Named, until: str | None, limit: int) -> list[Named]:
    """Who waits to be indexed and comes next in the order of names, before the key ``until``."""
    p, w, (key, account) = people.c, search_waiting.c, after
    wanted = select(p.sort_key, p.account_id).join(search_waiting, w.account_id == p.account_id)
    wanted = wanted.where(~p.gone, p.sort_key >= key, or_(p.sort_key > key, p.account_id > account))
    if until is not None:
        wanted = wanted.where(p.sort_key < until)
    rows = connection.execute(wanted.order_by(p.sort_key, p.account_id).limit(limit)).all()
    return [(key, account) for key, account in rows]


def waiting_from(connection: Connection, account_id: int, limit: int) -> list[int]:
    """Who waits, from the next account on."""
    w = search_waiting.c
    wanted = select(w.account_id).where(w.account_id > account_id).order_by(w.account_id).limit(limit)
    return list(connection.execute(wanted).scalars())


def waiting_times(connection: Connection, ids: Sequence[int]) -> dict[int, int]:
    """Those of ``ids`` who wait, and how many changes have come since they do."""
    rows = connection.execute(_times(connection.dialect.name), {"keys": packed(ids)}).all()
    return {account: times for account, times in rows}


def wait(connection: Connection, who: Select[tuple[int]], given: Mapping[str, str] | None = None) -> None:
    """Let these accounts wait for the index; who waits already is known to have been changed once more."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    # SQLite takes ON CONFLICT after SELECT for a join unless a WHERE stands between.
    listed = insert(search_waiting).from_select(["account_id"], select(who.subquery()).where(true()))
    w = search_waiting.c
    once_more = listed.on_conflict_do_update(index_elements=[w.account_id], set_={"times": w.times + 1})
    connection.execute(once_more, given or {})


def wait_on(connection: Connection, ids: Sequence[int]) -> None:
    """Those of ``ids`` who wait have been changed once more."""
    w, keys = search_waiting.c, key_rows(connection.dialect.name, int)
    known = update(search_waiting).where(w.account_id.in_(select(keys.c.k0))).values(times=w.times + 1)
    connection.execute(known, {"keys": packed(ids)})


def no_longer_waiting(connection: Connection, ids: Sequence[int]) -> None:
    connection.execute(_no_longer(connection.dialect.name), {"keys": packed(ids)})


# Made once: to build them anew takes as long as to run them.


@cache
def _times(dialect: str) -> Select[Any]:
    w, keys = search_waiting.c, key_rows(dialect, int)
    return select(w.account_id, w.times).join(keys, keys.c.k0 == w.account_id)


@cache
def _no_longer(dialect: str) -> Delete:
    keys = key_rows(dialect, int)
    return delete(search_waiting).where(search_waiting.c.account_id.in_(select(keys.c.k0)))


# ---------------------------------------------------------------- blocks


def blocks(connection: Connection) -> list[tuple[str, int]]:
    """First key and block of each, in the order of names."""
    b = search_blocks.c
    return [(key, block) for key, block in connection.execute(select(b.first_key, b.block).order_by(b.first_key))]


def key_after(connection: Connection, key: str, step: int) -> str | None:
    """The sort key of the ``step``-th person after this key in the order of names."""
    p = people.c
    wanted = select(p.sort_key).where(~p.gone, p.sort_key > key).order_by(p.sort_key).offset(step - 1).limit(1)
    return connection.execute(wanted).scalar()


def add_blocks(connection: Connection, rows: Mapping[str, int]) -> None:
    """New blocks, by their first key."""
    connection.execute(search_blocks.insert(), [{"first_key": key, "block": block} for key, block in rows.items()])


def last_place(connection: Connection, block: int) -> int:
    """The highest place of the block where somebody stands, else its first."""
    s, first = search_people.c, place_of(block, 0)
    wanted = select(func.max(s.place)).where(s.place.between(first, place_of(block + 1, 0) - 1))
    return connection.execute(wanted).scalar() or first


def wait_to_move(connection: Connection, places: range, first_key: str) -> None:
    """Let those wait who stand in these places and belong to a new block, which begins at ``first_key``."""
    s = search_people.c
    within = s.place.between(places.start, places.stop - 1)
    wait(connection, select(s.account_id).where(within, s.sort_key >= first_key))


# ---------------------------------------------------------------- what a run holds


def runner(connection: Connection) -> int:
    """The number of the newest run."""
    b = search_blocks.c
    number: int = connection.execute(select(b.run).order_by(b.block).limit(1)).scalar_one()
    return number


def take_over(connection: Connection, run: int) -> None:
    """From now on this run is the newest."""
    connection.execute(update(search_blocks).values(run=run))


def held(connection: Connection) -> dict[int, int]:
    """The slots of each block that a run holds: nobody stands there, and their bits say nothing."""
    b = search_blocks.c
    wanted = select(b.block, b.held).where(func.length(b.held) > 0)
    return {block: bits.unpacked(packed) for block, packed in connection.execute(wanted)}


def hold(connection: Connection, slots: Mapping[int, int]) -> None:
    """These slots of each block are held, and no others."""
    if slots:
        b = search_blocks.c
        kept = update(search_blocks).where(b.block == bindparam("of")).values(held=bindparam("slots"))
        rows = [{"of": block, "slots": bits.packed(each) if each else b""} for block, each in slots.items()]
        connection.execute(kept, rows)
