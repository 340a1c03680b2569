"""Keeping the index: at once for a few people, in bulk steps after an import or an upgrade.

The index is a row for each gram and block of people, with a bit for each person. A block holds a stretch of the
name order, so that a question with very many answers need only sort the blocks it shows.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from sqlalchemy import Connection, select

from directory.search import bits, queries, subjects
from directory.search.lines import EVERYBODY, Subject, grams
from directory.search.queries import GramKey, Indexed, block_and_slot, place_of
from directory.tables import departments, people, posts
from server.data.batch import Steps
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction

AT_ONCE = 100
"""So many are indexed in the transaction of their change; more are marked, and follow in steps."""
IN_A_STEP = 24
BLOCK_SIZE = 2048
_LOCK = "directory.search"


def refresh(tx: Transaction, ids: Sequence[int]) -> None:
    """Index these people anew, in this transaction; who is gone is found no more. More than a few are marked."""
    if len(ids) > AT_ONCE:
        mark(tx, ids)
        return
    tx.lock(_LOCK)
    _put(tx.connection, ids)


def mark(tx: Transaction, ids: Iterable[int]) -> None:
    """Let ``steps`` index these people."""
    tx.lock(_LOCK)
    keys = key_rows(tx.dialect, int)
    queries.wait(tx.connection, select(keys.c.k0), {"keys": packed(ids)})


def mark_below(tx: Transaction, department_ids: Iterable[int]) -> None:
    """Let ``steps`` index all who are in these departments and below."""
    tx.lock(_LOCK)
    keys, d = key_rows(tx.dialect, int), departments.c
    below = select(d.id).join(keys, keys.c.k0 == d.id).cte("below", recursive=True)
    below = below.union(select(d.id).join(below, d.parent_id == below.c.id))
    who = select(posts.c.account_id).distinct().join(below, below.c.id == posts.c.department_id)
    queries.wait(tx.connection, who, {"keys": packed(department_ids)})


def mark_all(tx: Transaction) -> None:
    """Let ``steps`` index everybody."""
    tx.lock(_LOCK)
    queries.wait(tx.connection, select(people.c.account_id))


def steps() -> Steps:
    """Index all who are marked, a few in each step; gives how many. What a crash leaves, the next run takes up."""
    split: list[tuple[int, str]] = yield _plan
    for block, first_key in split:
        yield partial(_move, block=block, first_key=first_key)
    ids: list[int] = yield _waiting
    for at in range(0, len(ids), IN_A_STEP):
        yield partial(_take, ids=ids[at : at + IN_A_STEP])
    return len(ids)


def _waiting(tx: Transaction) -> list[int]:
    return queries.waiting(tx.connection)


def _take(tx: Transaction, ids: Sequence[int]) -> None:
    tx.lock(_LOCK)
    _put(tx.connection, ids)
    queries.no_longer_waiting(tx.connection, ids)


def _plan(tx: Transaction) -> list[tuple[int, str]]:
    """Make more blocks when there are many people for them; gives each block that is split, and where."""
    tx.lock(_LOCK)
    known = queries.blocks(tx.connection)
    if queries.head_count(tx.connection) * 2 <= BLOCK_SIZE * len(known) * 3:
        return []
    keys = sorted(set(queries.every_nth_key(tx.connection, BLOCK_SIZE)) - {key for key, _block in known})
    if not keys:
        return []
    first_number = max(block for _key, block in known) + 1
    queries.add_blocks(tx.connection, {key: first_number + at for at, key in enumerate(keys)})
    split: dict[int, str] = {}
    for key in keys:
        split.setdefault(_block_of(key, known), key)
    return list(split.items())


def _move(tx: Transaction, block: int, first_key: str) -> None:
    tx.lock(_LOCK)
    queries.wait_to_move(tx.connection, block, first_key)


def _block_of(sort_key: str, blocks: Sequence[tuple[str, int]]) -> int:
    return blocks[bisect_right(blocks, sort_key, key=lambda each: each[0]) - 1][1]


# ---------------------------------------------------------------- bits of a few people


@dataclass
class _Change:
    """Bits that come and bits that go, by gram and block."""

    come: dict[GramKey, int] = field(default_factory=dict)
    go: dict[GramKey, int] = field(default_factory=dict)

    def enter(self, found: Iterable[str], place: int) -> None:
        self._note(self.come, found, place)

    def leave(self, found: Iterable[str], place: int) -> None:
        self._note(self.go, found, place)

    @staticmethod
    def _note(into: dict[GramKey, int], found: Iterable[str], place: int) -> None:
        block, slot = block_and_slot(place)
        for gram in found:
            into[gram, block] = into.get((gram, block), 0) | 1 << slot


def _put(connection: Connection, ids: Sequence[int]) -> None:
    before = queries.indexed(connection, ids)
    after = {each.account_id: each for each in subjects.read(connection, ids)}
    places = _places(connection, before, after)
    changed = [account for account in before.keys() | after.keys() if _differs(account, before, after, places)]
    change = _Change()
    for account in changed:
        _note(change, before.get(account), after.get(account), places.get(account))
    _write(connection, change)
    queries.forget(connection, [account for account in changed if account in before])
    queries.remember(connection, {places[account]: after[account] for account in changed if account in after})


def _places(connection: Connection, before: Mapping[int, Indexed], after: Mapping[int, Subject]) -> dict[int, int]:
    """Where each stands from now on: where he stood, or in a free slot of the block that he belongs to."""
    blocks = queries.blocks(connection)
    wanted = {account: _block_of(each.sort_key, blocks) for account, each in after.items()}
    places = {
        account: before[account].place
        for account, block in wanted.items()
        if account in before and block_and_slot(before[account].place)[0] == block
    }
    new = {account: block for account, block in wanted.items() if account not in places}
    stored = queries.stored_sets(connection, {(EVERYBODY, block) for block in new.values()})
    taken = {block: bits.unpacked(each) for (_gram, block), each in stored.items()}
    for account, block in new.items():
        slot = bits.lowest_free(taken.get(block, 0))
        taken[block] = taken.get(block, 0) | 1 << slot
        places[account] = place_of(block, slot)
    return places


def _differs(
    account: int, before: Mapping[int, Indexed], after: Mapping[int, Subject], places: Mapping[int, int]
) -> bool:
    if account not in before or account not in after:
        return True
    was, now = before[account], after[account]
    return (was.place, was.sort_key, was.lines) != (places[account], now.sort_key, now.lines)


def _note(change: _Change, before: Indexed | None, after: Subject | None, place: int | None) -> None:
    were = grams(before.lines) if before else set()
    are = grams(after.lines) if after else set()
    if before and place == before.place:
        change.leave(were - are, before.place)
        change.enter(are - were, before.place)
        return
    if before:
        change.leave(were, before.place)
    if place is not None:
        change.enter(are, place)


def _write(connection: Connection, change: _Change) -> None:
    keys = change.come.keys() | change.go.keys()
    stored = queries.stored_sets(connection, keys)
    written: dict[GramKey, bytes] = {}
    emptied: list[GramKey] = []
    for key in keys:
        was = bits.unpacked(stored[key]) if key in stored else 0
        now = was & ~change.go.get(key, 0) | change.come.get(key, 0)
        if now:
            written[key] = bits.packed(now)
        elif was:
            emptied.append(key)
    queries.write_sets(connection, written)
    queries.drop_sets(connection, emptied)
