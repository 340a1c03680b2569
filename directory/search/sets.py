"""Sets of people by block, and what is asked of them. A block in which nobody is left has no entry."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from directory.search import bits

Blocks = Mapping[int, int]
"""The bits of each block that has any."""


class Sets:
    """Stored sets by gram, unpacked when they are needed."""

    def __init__(self, stored: Mapping[str, Mapping[int, bytes]]) -> None:
        self._stored = stored

    def of(self, gram: str) -> Blocks:
        """Everybody with this gram."""
        return {block: bits.unpacked(packed) for block, packed in self._stored.get(gram, {}).items()}

    def with_any(self, grams: Iterable[str], within: Blocks) -> Blocks:
        """Those of ``within`` who have one of these grams."""
        found: dict[int, int] = {}
        for stored in (self._stored.get(gram, {}) for gram in grams):
            for block, left in within.items():
                if block in stored and (some := left & bits.unpacked(stored[block])):
                    found[block] = found.get(block, 0) | some
        return found

    def with_all(self, grams: Sequence[str], within: Blocks) -> Blocks:
        """Those of ``within`` who have all of these grams."""
        stored = sorted((self._stored.get(gram, {}) for gram in grams), key=len)
        found: dict[int, int] = {}
        for block in stored[0]:
            left = within.get(block, 0)
            for each in stored:
                if not left:
                    break
                left &= bits.unpacked(each[block]) if block in each else 0
            if left:
                found[block] = left
        return found


def both(one: Blocks, other: Blocks) -> Blocks:
    """Who is in both."""
    return {block: left for block, each in one.items() if (left := each & other.get(block, 0))}


def either(several: Iterable[Blocks]) -> Blocks:
    """Who is in any."""
    found: dict[int, int] = {}
    for each in several:
        for block, some in each.items():
            found[block] = found.get(block, 0) | some
    return found


def without(one: Blocks, other: Blocks) -> Blocks:
    """Who is in the first only."""
    return {block: left for block, each in one.items() if (left := each & ~other.get(block, 0))}


def count(of: Blocks) -> int:
    """How many there are."""
    return sum(each.bit_count() for each in of.values())


def holds(of: Blocks, block: int, slot: int) -> bool:
    """Whether somebody is in it."""
    return bool(of.get(block, 0) >> slot & 1)
