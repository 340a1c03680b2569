"""SQL of the index: where people stand in it, and the sets of their grams."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cache, cached_property, partial
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import (
    CompoundSelect,
    Connection,
    Delete,
    Integer,
    Select,
    Text,
    bindparam,
    delete,
    literal,
    null,
    or_,
    select,
    text,
    type_coerce,
    union_all,
)
from sqlalchemy.types import NullType

from directory.search.lines import Lines, Subject, department_gram
from directory.tables import departments, posts, search_blocks, search_grams, search_people
from server.data.engine import BINARY
from server.data.sets import is_one_of, key_rows, packed

SLOT_BITS = 20
"""A place is a block and a slot in one number."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Lines).decode

GramKey = tuple[str, int]
"""A gram and a block."""


class Indexed(msgspec.Struct, frozen=True, dict=True):
    """A person in the index."""

    account_id: int
    place: int
    sort_key: str
    stored: str
    """His lines as they are stored, in JSON."""

    @cached_property
    def lines(self) -> Lines:
        # Of those who are looked at, many are not who was meant: what they are found by need not be read.
        return _decode(self.stored)


def place_of(block: int, slot: int) -> int:
    return block << SLOT_BITS | slot


def block_and_slot(place: int) -> tuple[int, int]:
    return place >> SLOT_BITS, place & ((1 << SLOT_BITS) - 1)


# ---------------------------------------------------------------- reading


def indexed(connection: Connection, ids: Sequence[int]) -> dict[int, Indexed]:
    """Those of ``ids`` who are in the index."""
    rows = connection.execute(_people_by(connection.dialect.name, "account_id"), {"keys": packed(ids)}).all()
    return {row[0]: Indexed(*row) for row in rows}


def at_places(connection: Connection, places: Iterable[int]) -> list[Indexed]:
    """Who stands at these places, with their lines."""
    rows = connection.execute(_people_by(connection.dialect.name, "place"), {"keys": packed(places)}).all()
    return [Indexed(*row) for row in rows]


def in_order(connection: Connection, places: Iterable[int], skip: int, limit: int) -> list[tuple[int, int]]:
    """Account and place of who stands at these places, in the order of names."""
    given = {"keys": packed(places), "skip": skip, "limit": limit}
    rows = connection.execute(_in_order(connection.dialect.name), given).all()
    return [(account, place) for account, place in rows]


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


class Asker(NamedTuple):
    """Where somebody stands who asks."""

    levels: Sequence[Sequence[str]]
    """Grams of his own departments, then of those one step above, and so on to the top."""
    places: Sequence[int]
    """His own; none, who is not in the index."""
    blocks: Sequence[int]
    """All blocks, in the order of names."""

    @property
    def own(self) -> Sequence[str]:
        return self.levels[0] if self.levels else ()


def asker(connection: Connection, account_id: int) -> Asker:
    """What must be known of somebody before his question is looked at."""
    rows = connection.execute(_asker(), {"account": account_id}).all()
    parents = {number: parent for kind, number, parent, _text in rows if kind in (_OWN, _ABOVE)}
    own = {number for kind, number, _parent, _text in rows if kind == _OWN}
    levels = [[department_gram(each) for each in sorted(step)] for step in _upwards(own, parents)]
    places = [number for kind, number, _parent, _text in rows if kind == _PLACE]
    blocks = sorted((first_key, number) for kind, number, _parent, first_key in rows if kind == _BLOCK)
    return Asker(levels, places, [block for _first_key, block in blocks])


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
    s = search_people.c
    return select(s.account_id, s.place, s.sort_key, s.lines).where(is_one_of(s[column], dialect))


@cache
def _in_order(dialect: str) -> Select[Any]:
    s = search_people.c
    wanted = select(s.account_id, s.place).where(is_one_of(s.place, dialect)).order_by(s.sort_key, s.account_id)
    return wanted.offset(bindparam("skip")).limit(bindparam("limit"))


@cache
def _sets(dialect: str) -> Select[Any]:
    g, keys = search_grams.c, key_rows(dialect, str)
    wanted = select(g.gram, g.block, type_coerce(g.bits, NullType)).join(keys, keys.c.k0 == g.gram)
    return wanted.execution_options(**BINARY)


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
).execution_options(**BINARY)


def _columns(keys: Iterable[GramKey]) -> dict[str, list[Any]]:
    return {"grams": [gram for gram, _block in keys], "blocks": [block for _gram, block in keys]}


_OWN, _ABOVE, _PLACE, _BLOCK = range(4)


@cache
def _asker() -> CompoundSelect[Any]:
    """One question for three: each costs its way there and back."""
    s, b, chain = search_people.c, search_blocks.c, _chain().subquery()
    kind, nothing, no_text = partial(literal, type_=Integer), null().label("parent_id"), literal("", Text)
    above = select(chain.c.kind, chain.c.id, chain.c.parent_id, no_text)
    himself = select(kind(_PLACE), s.place, nothing, no_text).where(s.account_id == bindparam("account"))
    return union_all(above, himself, select(kind(_BLOCK), b.block, nothing, b.first_key))


def _chain() -> Select[Any]:
    """The departments of an account and all above them; UNION ends a circle."""
    d, (own_kind, above_kind) = departments.c, (literal(each, Integer).label("kind") for each in (_OWN, _ABOVE))
    own = select(d.id, d.parent_id, own_kind).join(posts, posts.c.department_id == d.id)
    chain = own.where(posts.c.account_id == bindparam("account"), ~d.gone).cte("chain", recursive=True)
    # Each step looks up a key; PostgreSQL would go through all departments to join them.
    above = departments.alias().c
    there = [select(each).where(above.id == chain.c.parent_id, ~above.gone) for each in (above.id, above.parent_id)]
    step = select(*(each.scalar_subquery() for each in there), above_kind).where(chain.c.parent_id.is_not(None))
    chain = chain.union(step)
    return select(chain.c.id, chain.c.parent_id, chain.c.kind).where(chain.c.id.is_not(None))


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
