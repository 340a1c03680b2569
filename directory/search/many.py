"""Indexing many people: their grams are gathered in small steps, then written set by set, each set once.

Nobody sees what is half written. Each person gets a slot in which nobody stands, and its bits count for nothing until
one step puts him there: his row, and his bit among all who are in the block. What he leaves is cleared afterwards.
Till then both slots are ``held`` in ``search_blocks``, so that nobody else is put into bits that are not his; a run
that ends in the middle leaves them held, and the next one sweeps them.

Whose change comes between gathering and that step stays where the change has put him, and waits on: ``times`` tells.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from directory.search import bits, few, queries, subjects, waiting
from directory.search.few import Change, block_of
from directory.search.lines import EVERYBODY, Lines, Subject, grams, part_grams, parts
from directory.search.queries import GramKey, Indexed, block_and_slot, place_of
from directory.search.running import Doing, Run
from server.data.sets import chunks
from server.data.transaction import Transaction

READ_IN_A_STEP = 16
COLLECTED_IN_A_STEP = 150
WRITTEN_IN_A_STEP = 250
PUT_IN_A_STEP = 32
FEW_IN_A_STEP = 5
SPELLED_IN_A_STEP = 250
SWEPT_IN_A_STEP = 2000
MANY = 64
"""Fewer are written person by person: gathered they would share too few sets."""
LITTLE_IN_A_STEP = 300
"""So many sets are changed at once for those who stay where they are: a department's new name is the same for all."""

Parts = dict[int, defaultdict[tuple[str, str], list[int]]]
"""The slots of those who have a part, by block and part."""


@dataclass
class Mover:
    """Somebody who is put somewhere else, or in, or out."""

    account_id: int
    times: int
    before: Indexed | None
    after: Subject | None
    block: int | None
    """Where he belongs."""
    place: int | None = None
    """Where he will stand."""

    @property
    def left_behind(self) -> tuple[Lines, int] | None:
        """What must be cleared when he has been put."""
        return (self.before.lines, self.before.place) if self.before else None

    @property
    def in_vain(self) -> tuple[Lines, int] | None:
        """What must be cleared when he has not been put."""
        return (self.after.lines, self.place) if self.after and self.place is not None else None


def enter(run: Run, ids: Sequence[int]) -> Doing[None]:
    """Index these people, as many as fit a block."""
    movers: list[Mover] = []
    for some in chunks(ids, READ_IN_A_STEP):
        movers += yield from run.do(_gather, some)
    if len(movers) < MANY:
        for part in chunks(movers, FEW_IN_A_STEP):
            yield from run.do(_put_few, [each.account_id for each in part])
        return
    yield from _reserved(run, movers)
    yield from _write(run, movers)
    stale: Parts = {}
    for part in chunks(movers, PUT_IN_A_STEP):
        moved = yield from run.do(_put, part)
        for each in part:
            _collect(stale, each.left_behind if each.account_id in moved else each.in_vain)
    yield from _cleared(run, stale)


def _gather(tx: Transaction, ids: Sequence[int]) -> list[Mover]:
    """Do at once what is little; gives who is left."""
    times = waiting.waiting_times(tx.connection, ids)
    before = queries.indexed(tx.connection, list(times))
    after = {each.account_id: each for each in subjects.read(tx.connection, list(times))}
    blocks, change = waiting.blocks(tx.connection), Change()
    movers: list[Mover] = []
    renewed: dict[int, Subject] = {}
    for account, asked in times.items():
        was, now = before.get(account), after.get(account)
        block = block_of(now.sort_key, blocks) if now else None
        if not _is_little(was, now, block, change):
            movers.append(Mover(account, asked, was, now, block))
        elif was and now and (was.sort_key, was.lines) != (now.sort_key, now.lines):
            renewed[was.place] = now
    change.write(tx.connection)
    queries.forget(tx.connection, [each.account_id for each in renewed.values()])
    queries.remember(tx.connection, renewed)
    waiting.no_longer_waiting(tx.connection, list(times.keys() - {each.account_id for each in movers}))
    return movers


def _is_little(was: Indexed | None, now: Subject | None, block: int | None, change: Change) -> bool:
    """Whether he stays where he is and few sets have to be changed for him, which are noted in ``change``."""
    if was is None or now is None:
        return was is None and now is None
    if block_and_slot(was.place)[0] != block:
        return False
    if was.lines == now.lines:
        return True
    families = {family for family, _text in set(parts(was.lines)) ^ set(parts(now.lines))}
    were, are = grams(was.lines, families), grams(now.lines, families)
    if change.size_with(were ^ are, block) > LITTLE_IN_A_STEP:
        return False
    change.leave(were - are, was.place)
    change.enter(are - were, was.place)
    return True


def _put_few(tx: Transaction, ids: Sequence[int]) -> None:
    few.put(tx.connection, ids)
    waiting.no_longer_waiting(tx.connection, ids)


# ---------------------------------------------------------------- where nobody looks


def _reserved(run: Run, movers: Sequence[Mover]) -> Doing[None]:
    wanted = Counter(each.block for each in movers if each.block is not None)
    slots = yield from run.do(_reserve, wanted)
    for each in movers:
        if each.block is not None:
            each.place = place_of(each.block, slots[each.block].pop())


def _reserve(tx: Transaction, wanted: Mapping[int, int]) -> dict[int, list[int]]:
    """The lowest free slots of each block, held from now on; the last of a list is the lowest."""
    taken = few.taken_slots(tx.connection, wanted)
    held = waiting.held(tx.connection)
    slots = {block: bits.free(taken[block], count)[::-1] for block, count in wanted.items()}
    waiting.hold(tx.connection, {block: held.get(block, 0) | bits.of(each) for block, each in slots.items()})
    return slots


def _write(run: Run, movers: Sequence[Mover]) -> Doing[None]:
    come: Parts = {}
    for some in chunks(movers, COLLECTED_IN_A_STEP):
        yield from run.do(_nothing)
        for each in some:
            _collect(come, each.in_vain)
    yield from _each_set(run, come, _add)


def _collect(into: Parts, standing: tuple[Lines, int] | None) -> None:
    if standing is not None:
        block, slot = block_and_slot(standing[1])
        within = into.setdefault(block, defaultdict(list))
        for part in parts(standing[0]):
            within[part].append(slot)


def _each_set(run: Run, of: Parts, do: Callable[[Transaction, int, Mapping[str, int]], None]) -> Doing[None]:
    """``do`` with each gram's slots, some of a block in each step. Who is in the block at all is said by ``_put``."""
    for block, slots in of.items():
        found: dict[str, int] = {}
        for some in chunks(list(slots), SPELLED_IN_A_STEP):
            yield from run.do(_nothing)
            for part in some:
                standing = bits.of(slots[part])
                for gram in part_grams(*part):
                    found[gram] = found.get(gram, 0) | standing
        yield from run.do(_nothing)
        for written in chunks(sorted(found), WRITTEN_IN_A_STEP):
            yield from run.do(do, block, {gram: found[gram] for gram in written})


def _nothing(tx: Transaction) -> None:
    """Where a step ends, people are served."""


def _add(tx: Transaction, block: int, slots: Mapping[str, int]) -> None:
    stored = queries.sets_in_block(tx.connection, block, slots)
    written = {}
    for gram, come in slots.items():
        packed = stored.get(gram)
        written[gram, block] = bits.packed(bits.unpacked(packed) | come if packed else come)
    queries.write_sets(tx.connection, written)


# ---------------------------------------------------------------- the moment, and after it


def _put(tx: Transaction, movers: Sequence[Mover]) -> set[int]:
    """Put them where their bits are; gives who has been. Who has been changed or marked anew is not."""
    times = waiting.waiting_times(tx.connection, [each.account_id for each in movers])
    still = [each for each in movers if times.get(each.account_id) == each.times]
    _stand(tx.connection, still)
    ids = [each.account_id for each in still]
    queries.forget(tx.connection, ids)
    queries.remember(
        tx.connection, {each.place: each.after for each in still if each.after and each.place is not None}
    )
    waiting.no_longer_waiting(tx.connection, ids)
    return set(ids)


def _stand(connection: Connection, movers: Iterable[Mover]) -> None:
    held, change = waiting.held(connection), Change()
    for each in movers:
        if each.before:
            change.leave([EVERYBODY], each.before.place)
            block, slot = block_and_slot(each.before.place)
            held[block] = held.get(block, 0) | 1 << slot
        if each.place is not None:
            change.enter([EVERYBODY], each.place)
            block, slot = block_and_slot(each.place)
            held[block] &= ~(1 << slot)
    change.write(connection)
    waiting.hold(connection, held)


def _cleared(run: Run, stale: Parts) -> Doing[None]:
    """Take the bits out of slots where nobody stands, then let others have the slots."""
    yield from _each_set(run, stale, _clear)
    for block, found in stale.items():
        yield from run.do(_release, block, bits.of({slot for each in found.values() for slot in each}))


def _clear(tx: Transaction, block: int, slots: Mapping[str, int]) -> None:
    stored = queries.sets_in_block(tx.connection, block, slots)
    keyed = {(gram, block): packed for gram, packed in stored.items()}
    few.rewrite(tx.connection, keyed, {key: (0, slots[key[0]]) for key in keyed})


def _release(tx: Transaction, block: int, slots: int) -> None:
    waiting.hold(tx.connection, {block: waiting.held(tx.connection).get(block, 0) & ~slots})


# ---------------------------------------------------------------- after a crash


def sweep(run: Run) -> Doing[None]:
    """Clear the slots that an earlier run has left held."""
    if not (yield from run.do(_is_anything_held)):
        return
    last: GramKey | None = ("", -1)
    while last:
        last = yield from run.do(_sweep_some, last)
    yield from run.do(_release_all)


def _is_anything_held(tx: Transaction) -> bool:
    return bool(waiting.held(tx.connection))


def _sweep_some(tx: Transaction, after: GramKey) -> GramKey | None:
    held, stored = waiting.held(tx.connection), queries.sets_after(tx.connection, after, SWEPT_IN_A_STEP)
    dirty = {key: packed for key, packed in stored.items() if bits.unpacked(packed) & held.get(key[1], 0)}
    few.rewrite(tx.connection, dirty, {key: (0, held[key[1]]) for key in dirty})
    return next(reversed(stored), None)


def _release_all(tx: Transaction) -> None:
    waiting.hold(tx.connection, dict.fromkeys(waiting.held(tx.connection), 0))
