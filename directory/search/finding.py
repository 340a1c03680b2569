"""Who is found by what somebody types: every word somewhere in a person, the nearest department first.

Nobody finds by a field that he may not see. Within a department those come first whose name or reading begins with
a word, then all others; then the order of names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice, tee

from sqlalchemy import Connection

from directory.search import bits, queries
from directory.search.lines import EVERYBODY, NAME_FAMILIES, cover
from directory.search.looking import Looks
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
        self, connection: Connection, words: Sequence[Word], seen: Sight, asker: queries.Asker, sets: Sets
    ) -> None:
        self._connection = connection
        self._blocks = asker.blocks
        self._levels = [*asker.levels, [EVERYBODY]]
        self._sets = sets
        self._looks = Looks(connection, words, seen)
        self._gave_up = False
        self.is_exact = all(word.is_exact for word in words)
        self._opens_exactly = self.is_exact and all(word.opens_exactly for word in words)
        self.hits = _standing_in_all([_found(word, seen, sets) for word in words])
        self._are_all_looked_at = not self.is_exact and count(self.hits) <= ALL_LOOKED_AT
        self._openings = both(self.hits, either(_opened(word, seen, sets) for word in words))
        self._foreseen, self._steps = tee(self._each_step())

    @classmethod
    def open(cls, connection: Connection, searcher: Searcher, words: Sequence[Word]) -> _Search:
        """Read what the index holds for these words, and whom the searcher may find by what."""
        asker = queries.asker(connection, searcher.account_id)
        wanted = {EVERYBODY, *chain.from_iterable(asker.levels)}
        wanted |= {gram for word in words for gram in word.grams}
        sets = Sets(queries.sets_of(connection, wanted))
        everybody = sets.of(EVERYBODY)
        himself = _of_places(asker.places)
        seen = sight(searcher, everybody, lambda: sets.with_any(asker.own, everybody), himself)
        return cls(connection, words, seen, asker, sets)

    def foresee(self, wanted: int) -> None:
        """Read at once among whom the first ``wanted`` are; otherwise each step of the order asks for its own."""
        if self._are_all_looked_at:
            self._looks.look(_places_of(self.hits))
            return
        first: list[int] = []
        for piece in self._nearest_pieces():
            if len(piece) > ALL_LOOKED_AT:
                break
            first += piece
            if len(first) >= min(wanted, ALL_LOOKED_AT):
                break
        self._looks.look(first)

    def ranked(self) -> Iterator[Standing]:
        """Everybody who is found, in order; to be gone through once."""
        for opening, here in self._steps:
            yield from self._openings_first(opening, here)

    def total(self) -> int:
        """How many are found, as far as anybody has been looked at."""
        if self._gave_up:
            return sum(map(self._looks.is_found, self._looks.at))
        rejected = 0 if self.is_exact else sum(not self._looks.is_found(place) for place in self._looks.at)
        return count(self.hits) - rejected

    def hit_fields(self, page: Sequence[Standing]) -> dict[int, str]:
        """By which field each is found."""
        self._looks.look(place for _account, place in page)
        return {account: self._looks.hit_field(place) for account, place in page}

    def _nearest_pieces(self) -> Iterator[list[int]]:
        for opening, here in self._foreseen:
            yield from self._pieces(opening)
            yield from self._pieces(without(here, opening))

    def _each_step(self) -> Iterator[tuple[Blocks, Blocks]]:
        """From near to far: those whose name may begin with a word, and all."""
        left = self.hits
        for level in self._levels:
            here = self._sets.with_any(level, left)
            if here:
                yield both(here, self._openings), here
                left = without(left, here)

    def _openings_first(self, opening: Blocks, here: Blocks) -> Iterator[Standing]:
        given: set[int] = set()
        for standing in self._in_order(opening, look=not self._opens_exactly):
            if self._opens_exactly or self._looks.opens(standing[1]):
                given.add(standing[1])
                yield standing
        yield from self._in_order(without(here, _of_places(given)), look=not self.is_exact)

    def _in_order(self, of: Blocks, look: bool) -> Iterator[Standing]:
        """Those of a set who truly are found, in the order of names."""
        for standings in chain.from_iterable(map(self._sorted, self._pieces(of))):
            for at in range(0, len(standings), A_LOOK):
                piece = standings[at : at + A_LOOK]
                if look:
                    self._looks.look(place for _account, place in piece)
                    if len(self._looks.at) > LOOKED_AT:
                        self._gave_up = True
                        return
                yield from (each for each in piece if not look or self._looks.is_found(each[1]))

    def _pieces(self, of: Blocks) -> Iterator[list[int]]:
        """Places, a few blocks at a time: the blocks stand in the order of names, and who is in one in none."""
        places: list[int] = []
        for block in self._blocks:
            places += [place_of(block, slot) for slot in bits.slots(of.get(block, 0))]
            if len(places) >= A_LOOK:
                yield places
                places = []
        if places:
            yield places

    def _sorted(self, places: Sequence[int]) -> Iterator[list[Standing]]:
        """A piece in the order of names, of very many some at a time: seldom are more than the first asked for."""
        if len(places) <= ALL_LOOKED_AT:
            # One question less: they are looked at closely afterwards, or shown.
            self._looks.look(places)
            people = sorted((self._looks.at[place] for place in places), key=_sort_key)
            yield [(person.account_id, person.place) for person in people]
            return
        skip, limit = 0, A_LOOK
        while skip < len(places):
            yield queries.in_order(self._connection, places, skip, limit)
            skip, limit = skip + limit, limit * 4


def _page(search: _Search, offset: int, limit: int, hits: bool = True) -> Found:
    end = min(offset + limit, COUNTED)
    search.foresee(end)
    page = list(islice(search.ranked(), offset, end))
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


def _sort_key(person: Indexed) -> tuple[str, int]:
    return person.sort_key, person.account_id


def _places_of(of: Blocks) -> Iterator[int]:
    return (place_of(block, slot) for block, each in of.items() for slot in bits.slots(each))


def _of_places(places: Iterable[int]) -> Blocks:
    found: dict[int, int] = {}
    for block, slot in map(block_and_slot, places):
        found[block] = found.get(block, 0) | 1 << slot
    return found
