"""Who is found by what somebody types: every word somewhere in a person, the nearest department first.

Nobody finds by a field that he may not see. Within a department those come first whose name or reading begins with
a word, then all others; then the order of names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import Connection

from directory.search import bits, queries, waiting
from directory.search.lines import EVERYBODY, NAME_FAMILIES, Line, cover
from directory.search.queries import Indexed, block_and_slot, place_of
from directory.search.question import Word, whole_number, words_of
from directory.search.sets import Blocks, Sets, both, count, either, without
from directory.search.sight import Searcher, Sight, sight

__all__ = ["COUNTED", "Found", "Searcher", "find", "whose"]

COUNTED = 1000
"""A total says no more than this, and nobody pages further."""
ALL_LOOKED_AT = 200
"""Up to so many candidates are all looked at closely; of more only those who are shown, and those before them."""
LOOKED_AT = 1000
"""So many are looked at closely for one question at most: of a word whose grams stand apart in nearly everybody, who
comes later is not found."""
A_LOOK = 64


@dataclass(frozen=True)
class Found:
    """People in their order; ``hits`` names the field by which each was found.

    A ``total`` above ``ALL_LOOKED_AT`` may be a few too high: whom nobody looked at is counted as the index has him.
    """

    ids: tuple[int, ...] = ()
    total: int = 0
    hits: Mapping[int, str] = field(default_factory=dict)


def find(
    connection: Connection, searcher: Searcher, text: str, offset: int = 0, limit: int = 50, *, hits: bool = True
) -> Found:
    """A page of who is found by ``text``; by blank text nobody is. ``hits``: whether it is told by which field."""
    words = words_of(text)
    if not words:
        return Found()
    return _page(_Search.open(connection, searcher, words), offset, limit, hits)


def whose(connection: Connection, searcher: Searcher, number: str, limit: int = 50) -> Found:
    """Who has exactly this number in a field that ``searcher`` may see, the nearest first."""
    word = whole_number(number)
    return Found() if word is None else _page(_Search.open(connection, searcher, [word]), 0, limit)


Standing = tuple[int, int]
"""An account and its place."""


class _Search:
    """One question on one connection."""

    def __init__(
        self, connection: Connection, words: Sequence[Word], seen: Sight, near: Sequence[Blocks], sets: Sets
    ) -> None:
        self._connection = connection
        self._words = words
        self._sight = seen
        self._near = near
        self._blocks = [block for _key, block in waiting.blocks(connection)]
        self._looked: dict[int, Indexed] = {}
        self._verdicts: dict[int, bool] = {}
        self._gave_up = False
        self.is_exact = all(word.is_exact for word in words)
        self.hits = _standing_in_all([_found(word, seen, sets) for word in words])
        self._openings = both(self.hits, either(_opened(word, seen, sets) for word in words))

    @classmethod
    def open(cls, connection: Connection, searcher: Searcher, words: Sequence[Word]) -> _Search:
        """Read what the index holds for these words, and whom the searcher may find by what."""
        levels = queries.department_levels(connection, searcher.account_id)
        wanted = {EVERYBODY, *(gram for level in levels for gram in level)}
        wanted |= {gram for word in words for gram in word.grams(word.needles)}
        sets = Sets(queries.sets_of(connection, wanted))
        everybody = sets.of(EVERYBODY)
        near = [either(map(sets.of, level)) for level in levels]
        himself = queries.indexed(connection, [searcher.account_id]).get(searcher.account_id)
        seen = sight(searcher, everybody, near[0] if near else {}, _only(himself))
        return cls(connection, words, seen, [*near, everybody], sets)

    def ranked(self) -> Iterator[Standing]:
        """Everybody who is found, in order."""
        left = self.hits
        for near in self._near:
            here = both(left, near)
            if here:
                yield from self._openings_first(here)
                left = without(left, here)

    def total(self) -> int:
        """How many are found."""
        if not self.is_exact and count(self.hits) <= ALL_LOOKED_AT:
            self._look(list(_places_of(self.hits)))
        if self._gave_up:
            return sum(map(self._is_found, self._looked))
        rejected = [] if self.is_exact else [place for place in self._looked if not self._is_found(place)]
        return count(self.hits) - len(rejected)

    def hit_fields(self, page: Sequence[Standing]) -> dict[int, str]:
        """The field in which the first word stands, a name that begins with it before all."""
        self._look([place for _account, place in page])
        return {account: self._hit_field(place) for account, place in page}

    def _openings_first(self, here: Blocks) -> Iterator[Standing]:
        given: set[int] = set()
        certain = self.is_exact and all(word.opens_exactly for word in self._words)
        for standing in self._in_order(both(here, self._openings), look=not certain):
            if certain or self._opens(standing[1]):
                given.add(standing[1])
                yield standing
        yield from self._in_order(without(here, _of_places(given)), look=not self.is_exact)

    def _in_order(self, of: Blocks, look: bool) -> Iterator[Standing]:
        """Those of a set who truly are found, in the order of names."""
        for standings in self._pieces(of):
            for at in range(0, len(standings), A_LOOK):
                piece = standings[at : at + A_LOOK]
                if look:
                    self._look([place for _account, place in piece])
                    if len(self._looked) > LOOKED_AT:
                        self._gave_up = True
                        return
                yield from (each for each in piece if not look or self._is_found(each[1]))

    def _pieces(self, of: Blocks) -> Iterator[list[Standing]]:
        """The set in the order of names: a few blocks at a time, for a block is sorted as a whole."""
        places: list[int] = []
        for block in self._blocks:
            places += [place_of(block, slot) for slot in bits.slots(of.get(block, 0))]
            if len(places) >= A_LOOK:
                yield self._sorted(places)
                places = []
        if places:
            yield self._sorted(places)

    def _sorted(self, places: Sequence[int]) -> list[Standing]:
        if len(places) <= ALL_LOOKED_AT:
            # One question less: they are looked at closely afterwards, or shown.
            self._look(places)
            people = [self._looked[place] for place in places]
            return [
                each[1:] for each in sorted((person.sort_key, person.account_id, person.place) for person in people)
            ]
        return [each[1:] for each in sorted(queries.order_of(self._connection, places))]

    def _look(self, places: Sequence[int]) -> None:
        new = [place for place in places if place not in self._looked]
        if new:
            self._looked |= {each.place: each for each in queries.at_places(self._connection, new)}

    def _lines(self, place: int) -> list[Line]:
        """What the searcher may see of who stands there."""
        self._look([place])
        hidden = self._sight.hidden(*block_and_slot(place))
        lines = self._looked[place].lines.lines
        return [line for line in lines if line[0] not in hidden] if hidden else list(lines)

    def _is_found(self, place: int) -> bool:
        if place not in self._verdicts:
            lines = self._lines(place)
            self._verdicts[place] = all(any(word.stands_in(line) for line in lines) for word in self._words)
        return self._verdicts[place]

    def _opens(self, place: int) -> bool:
        lines = self._lines(place)
        return any(word.opens(line) for word in self._words for line in lines)

    def _hit_field(self, place: int) -> str:
        lines, word = self._lines(place), self._words[0]
        opened = (name for name, text in lines if word.opens((name, text)))
        held = (name for name, text in lines if word.stands_in((name, text)))
        return next(opened, None) or next(held)


def _page(search: _Search, offset: int, limit: int, hits: bool = True) -> Found:
    page = list(islice(search.ranked(), offset, min(offset + limit, COUNTED)))
    ids, total = tuple(account for account, _place in page), min(search.total(), COUNTED)
    return Found(ids, total, search.hit_fields(page) if hits else {})


def _found(word: Word, seen: Sight, sets: Sets) -> Blocks:
    return either(
        sets.with_all([family + gram for gram in cover(needle)], seen.families[family])
        for family, needles in word.needles.items()
        for needle in needles
    )


def _opened(word: Word, seen: Sight, sets: Sets) -> Blocks:
    return either(
        sets.with_all([family + gram for gram in cover(opening)], seen.families[family])
        for family in NAME_FAMILIES
        for opening in word.openings
    )


def _standing_in_all(found: Sequence[Blocks]) -> Blocks:
    left = found[0]
    for each in found[1:]:
        left = both(left, each)
    return left


def _only(person: Indexed | None) -> Blocks:
    return {} if person is None else _of_places({person.place})


def _places_of(of: Blocks) -> Iterator[int]:
    return (place_of(block, slot) for block, each in of.items() for slot in bits.slots(each))


def _of_places(places: set[int]) -> Blocks:
    found: dict[int, int] = {}
    for block, slot in map(block_and_slot, places):
        found[block] = found.get(block, 0) | 1 << slot
    return found
