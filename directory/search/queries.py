"""SQL of the index: where people stand in it, and the sets of their grams."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    Connection,
    Delete,
    Select,
    bindparam,
    delete,
    false,
    or_,
    select,
    text,
    true,
    type_coerce,
)
from sqlalchemy.types import NullType

from directory.search.lines import Lines, Subject, department_gram
from directory.tables import departments, posts, search_grams, search_people
from server.data.sets import key_rows, packed

SLOT_BITS = 20
"""A place is a block and a slot in one number."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Lines).decode

GramKey = tuple[str, int]
"""A gram and a block."""


class Indexed(NamedTuple):
    """A person in the index."""

    account_id: int
    place: int
    sort_key: str
    lines: Lines


def place_of(block: int, slot: int) -> int:
    return block << SLOT_BITS | slot


def block_and_slot(place: int) -> tuple[int, int]:
    return place >> SLOT_BITS, place & ((1 << SLOT_BITS) - 1)


# ---------------------------------------------------------------- reading


def indexed(connection: Connection, ids: Sequence[int]) -> dict[int, Indexed]:
    """Those of ``ids`` who are in the index."""
    rows = connection.execute(_people_by(connection.dialect.name, "account_id"), {"keys": packed(ids)}).all()
    return {account: Indexed(account, place, key, _decode(lines)) for account, place, key, lines in rows}


def at_places(connection: Connection, places: Iterable[int]) -> list[Indexed]:
    """Who stands at these places, with their lines."""
    rows = connection.execute(_people_by(connection.dialect.name, "place"), {"keys": packed(places)}).all()
    return [Indexed(account, place, key, _decode(lines)) for account, place, key, lines in rows]


def order_of(connection: Connection, places: Iterable[int]) -> list[tuple[str, int, int]]:
    """Sort key, account and place of who stands at these places."""
    rows = connection.execute(_order(connection.dialect.name), {"keys": packed(places)}).all()
    return [(key, account, place) for key, account, place in rows]


def sets_of(connection: Connection, grams: Iterable[str]) -> dict[str, dict[int, bytes]]:
    """Each gram's stored sets by block."""
    found: dict[str, dict[int, bytes]] = {}
    for gram, block, bits in connection.execute(_sets(connection.dialect.name), {"keys": packed(grams)}).all():
        found.setdefault(gram, {})[block] = bits
    return found


def stored_sets(connection: Connection, wanted: Collection[GramKey]) -> dict[GramKey, bytes]:
    """The stored sets of these grams in these blocks."""
    if connection.dialect.name == "sqlite":
        rows = connection.execute(_sets_in_blocks(), {"keys": packed(wanted)}).all()
    else:
        rows = connection.execute(_SETS_POSTGRES, _columns(wanted)).all()
    return {(gram, block): bits for gram, block, bits in rows}


def sets_in_block(connection: Connection, block: int, grams: Iterable[str]) -> dict[str, bytes]:
    """The stored sets of these grams in one block."""
    if connection.dialect.name != "sqlite":
        return {
            gram: bits for (gram, _block), bits in stored_sets(connection, [(gram, block) for gram in grams]).items()
        }
    given = {"keys": packed(grams), "block": block}
    return {gram: bits for gram, bits in connection.execute(_sets_in_block(), given).all()}


def sets_after(connection: Connection, after: GramKey, limit: int) -> dict[GramKey, bytes]:
    """The stored sets that follow this one, in the order of their keys."""
    g, (gram, block) = search_grams.c, after
    # The first condition alone names a stretch of the key.
    wanted = select(g.gram, g.block, g.bits).where(g.gram >= gram, or_(g.gram > gram, g.block > block))
    rows = connection.execute(wanted.order_by(g.gram, g.block).limit(limit))
    return {(gram, block): bits for gram, block, bits in rows}


def department_levels(connection: Connection, account_id: int) -> list[list[str]]:
    """Grams of one's own departments, then of those one step above, and so on to the top."""
    rows = connection.execute(_chain(), {"account": account_id}).all()
    parents = {department: parent for department, parent, _own in rows}
    level = {department for department, _parent, own in rows if own}
    return [[department_gram(each) for each in sorted(step)] for step in _upwards(level, parents)]


def _upwards(level: set[int], parents: Mapping[int, int | None]) -> Iterable[set[int]]:
    seen: set[int] = set()
    while level:
        yield level
        seen |= level
        above = {parents[each] for each in level} - seen
        level = {each for each in above if each is not None and each in parents}


# Made once: to build them anew takes as long as to run them.


@cache
def _people_by(dialect: str, column: str) -> Select[Any]:
    s, keys = search_people.c, key_rows(dialect, int)
    return select(s.account_id, s.place, s.sort_key, s.lines).join(keys, keys.c.k0 == s[column])


@cache
def _order(dialect: str) -> Select[Any]:
    s, keys = search_people.c, key_rows(dialect, int)
    return select(s.sort_key, s.account_id, s.place).join(keys, keys.c.k0 == s.place)


@cache
def _sets(dialect: str) -> Select[Any]:
    g, keys = search_grams.c, key_rows(dialect, str)
    return select(g.gram, g.block, type_coerce(g.bits, NullType)).join(keys, keys.c.k0 == g.gram)


@cache
def _sets_in_blocks() -> Select[Any]:
    g, keys = search_grams.c, key_rows("sqlite", str, int)
    named = select(g.gram, g.block, type_coerce(g.bits, NullType))
    return named.join(keys, (keys.c.k0 == g.gram) & (keys.c.k1 == g.block))


@cache
def _sets_in_block() -> Select[Any]:
    g, keys = search_grams.c, key_rows("sqlite", str)
    named = select(g.gram, type_coerce(g.bits, NullType))
    return named.join(keys, (keys.c.k0 == g.gram) & (g.block == bindparam("block")))


# Two arrays: to read two thousand keys out of JSON takes the server longer than to find their rows. LIMIT has each
# key looked up; a plan made while the table was young would read the arrays anew for each of its rows.
_SETS_POSTGRES = text(
    "SELECT g.gram, g.block, g.bits "
    "FROM unnest(CAST(:grams AS text[]), CAST(:blocks AS bigint[])) AS wanted (gram, block) "
    "CROSS JOIN LATERAL (SELECT * FROM search_grams WHERE gram = wanted.gram AND block = wanted.block LIMIT 1) AS g"
)


def _columns(keys: Iterable[GramKey]) -> dict[str, list[Any]]:
    return {"grams": [gram for gram, _block in keys], "blocks": [block for _gram, block in keys]}


@cache
def _chain() -> Select[Any]:
    """The departments of an account and all above them, and which are his own; UNION ends a circle."""
    d = departments.c
    own = select(d.id, d.parent_id, true().label("own")).join(posts, posts.c.department_id == d.id)
    chain = own.where(posts.c.account_id == bindparam("account"), ~d.gone).cte("chain", recursive=True)
    above = select(d.id, d.parent_id, false()).join(chain, chain.c.parent_id == d.id).where(~d.gone)
    chain = chain.union(above)
    return select(chain.c.id, chain.c.parent_id, chain.c.own)


# ---------------------------------------------------------------- writing


def forget(connection: Connection, ids: Sequence[int]) -> None:
    """Take these people's rows out; their bits are the caller's."""
    if ids:
        connection.execute(_gone(connection.dialect.name), {"keys": packed(ids)})


@cache
def _gone(dialect: str) -> Delete:
    keys = key_rows(dialect, int)
    return delete(search_people).where(search_people.c.account_id.in_(select(keys.c.k0)))


def remember(connection: Connection, subjects: Mapping[int, Subject]) -> None:
    """Write the rows of those who stand at these places now; ``forget`` has taken the old ones."""
    rows = [
        {"account_id": each.account_id, "place": at, "sort_key": each.sort_key, "lines": _encode(each.lines).decode()}
        for at, each in subjects.items()
    ]
    if rows:
        connection.execute(search_people.insert(), rows)


# As the driver takes it: a step writes two thousand of these.
_UPSERT_SQLITE = (
    "INSERT INTO search_grams (gram, block, bits) VALUES (?, ?, ?) "
    "ON CONFLICT (gram, block) DO UPDATE SET bits = excluded.bits"
)
# One statement of three arrays: a thousand rows cost the server what ten statements do.
_UPSERT_POSTGRES = text(
    "INSERT INTO search_grams (gram, block, bits) "
    "SELECT * FROM unnest(CAST(:grams AS text[]), CAST(:blocks AS bigint[]), CAST(:bits AS bytea[])) "
    "ON CONFLICT (gram, block) DO UPDATE SET bits = excluded.bits"
)


def write_sets(connection: Connection, sets: Mapping[GramKey, bytes]) -> None:
    """Put these sets in the place of what was stored."""
    if not sets:
        return
    if connection.dialect.name == "sqlite":
        rows = [(gram, block, bits) for (gram, block), bits in sets.items()]
        connection.exec_driver_sql(_UPSERT_SQLITE, rows)
        return
    connection.execute(_UPSERT_POSTGRES, _columns(sets) | {"bits": list(sets.values())})


def drop_sets(connection: Connection, keys: Sequence[GramKey]) -> None:
    """Take out sets in which nobody is left."""
    if keys:
        g = search_grams.c
        gone = delete(search_grams).where(g.gram == bindparam("of"), g.block == bindparam("within"))
        connection.execute(gone, [{"of": gram, "within": block} for gram, block in keys])
