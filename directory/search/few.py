"""Indexing a few people in one transaction: their bits, and where they stand."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from directory.search import bits, queries, subjects, waiting
from directory.search.lines import EVERYBODY, Subject, grams
from directory.search.queries import GramKey, Indexed, block_and_slot, place_of


@dataclass
class Change:
    """Bits that come and bits that go, by gram and block."""

    come: dict[GramKey, int] = field(default_factory=dict)
    go: dict[GramKey, int] = field(default_factory=dict)

    def enter(self, found: Iterable[str], place: int) -> None:
        self._note(self.come, found, place)

    def leave(self, found: Iterable[str], place: int) -> None:
        self._note(self.go, found, place)

    def size_with(self, found: Iterable[str], block: int) -> int:
        """How many sets would be touched, were these of the block too."""
        keys = self.come.keys() | self.go.keys()
        return len(keys.union((gram, block) for gram in found))

    def write(self, connection: Connection) -> None:
        """Into the stored sets, as they are in this transaction."""
        keys = self.come.keys() | self.go.keys()
        stored = queries.stored_sets(connection, keys)
        rewrite(connection, stored, {key: (self.come.get(key, 0), self.go.get(key, 0)) for key in keys})

    @staticmethod
    def _note(into: dict[GramKey, int], found: Iterable[str], place: int) -> None:
        block, slot = block_and_slot(place)
        for gram in found:
            into[gram, block] = into.get((gram, block), 0) | 1 << slot


def rewrite(
    connection: Connection, stored: Mapping[GramKey, bytes], changes: Mapping[GramKey, tuple[int, int]]
) -> None:
    """Write sets with the bits that come and without those that go; a set in which nobody is left has no row."""
    written: dict[GramKey, bytes] = {}
    emptied: list[GramKey] = []
    for key, (come, go) in changes.items():
        packed = stored.get(key)
        now = (bits.unpacked(packed) & ~go if packed else 0) | come
        if now:
            written[key] = bits.packed(now)
        elif packed:
            emptied.append(key)
    queries.write_sets(connection, written)
    queries.drop_sets(connection, emptied)


def put(connection: Connection, ids: Sequence[int]) -> None:
    """Index these people as they are now; who is gone is found no more."""
    before = queries.indexed(connection, ids)
    after = {each.account_id: each for each in subjects.read(connection, ids)}
    places = _places(connection, before, after)
    changed = [account for account in before.keys() | after.keys() if _differs(account, before, after, places)]
    change = Change()
    for account in changed:
        _note(change, before.get(account), after.get(account), places.get(account))
    change.write(connection)
    queries.forget(connection, [account for account in changed if account in before])
    queries.remember(connection, {places[account]: after[account] for account in changed if account in after})


def block_of(sort_key: str, blocks: Sequence[tuple[str, int]]) -> int:
    """The block in whose stretch of the name order this key falls."""
    return blocks[bisect_right(blocks, sort_key, key=lambda each: each[0]) - 1][1]


def _places(connection: Connection, before: Mapping[int, Indexed], after: Mapping[int, Subject]) -> dict[int, int]:
    """Where each stands from now on: where he stood, or in a free slot of the block that he belongs to."""
    blocks = waiting.blocks(connection)
    wanted = {account: block_of(each.sort_key, blocks) for account, each in after.items()}
    places = {
        account: before[account].place
        for account, block in wanted.items()
        if account in before and block_and_slot(before[account].place)[0] == block
    }
    new = {account: block for account, block in wanted.items() if account not in places}
    taken = taken_slots(connection, set(new.values()))
    for account, block in new.items():
        slot = bits.lowest_free(taken[block])
        taken[block] |= 1 << slot
        places[account] = place_of(block, slot)
    return places


def taken_slots(connection: Connection, blocks: Iterable[int]) -> dict[int, int]:
    """The slots of each block in which somebody stands, or which a run holds."""
    held, wanted = waiting.held(connection), {(EVERYBODY, block) for block in blocks}
    stored = queries.stored_sets(connection, wanted)
    standing = {block: bits.unpacked(stored[EVERYBODY, block]) for gram, block in wanted if (gram, block) in stored}
    return {block: standing.get(block, 0) | held.get(block, 0) for _gram, block in wanted}


def _differs(
    account: int, before: Mapping[int, Indexed], after: Mapping[int, Subject], places: Mapping[int, int]
) -> bool:
    if account not in before or account not in after:
        return True
    was, now = before[account], after[account]
    return (was.place, was.sort_key, was.lines) != (places[account], now.sort_key, now.lines)


def _note(change: Change, before: Indexed | None, after: Subject | None, place: int | None) -> None:
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
