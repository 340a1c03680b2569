"""What is asked: each word with what would show it in each family of fields. Plain rules, no database."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from directory.search import folding, kana
from directory.search.lines import END, FAMILIES, NAME_FAMILIES, NUMBER_FAMILIES, START, Line, cover

WORDS = 8
LETTERS = 200

_ESCAPED = re.compile(r'["\\\x00-\x1f\x7f]')
_LETTERS_ONLY = frozenset(FAMILIES[field] for field in ("email1", "email2", "login_id"))
"""Families whose lines are ASCII: a word of kanji needs not be looked for in them."""


@dataclass(frozen=True)
class Word:
    """A word, as any of ``needles`` in a family shows it; ``openings`` are those with which a name begins."""

    needles: Mapping[str, tuple[str, ...]]
    openings: tuple[str, ...] = ()

    @property
    def grams(self) -> set[str]:
        """What must be read of the index to look for it."""
        wanted = {
            family + gram for family, needles in self.needles.items() for needle in needles for gram in cover(needle)
        }
        openings = {family + gram for family in NAME_FAMILIES for each in self.openings for gram in cover(each)}
        return wanted | openings

    @property
    def is_exact(self) -> bool:
        """Whether the index alone knows the answer."""
        return all(len(needle) <= 3 for needles in self.needles.values() for needle in needles)

    @property
    def opens_exactly(self) -> bool:
        """Whether the index alone knows whose name begins with it."""
        return all(len(opening) <= 3 for opening in self.openings)

    def may_stand_in(self, stored: str) -> bool:
        """Whether lines that are stored as this JSON may show it: says at once of most that they do not."""
        return self._bare is None or any(each in stored for each in self._bare)

    @cached_property
    def _bare(self) -> tuple[str, ...] | None:
        """The needles as they stand in JSON, without the marks of an edge; None: JSON writes them otherwise."""
        bare = {needle.strip(START + END) for needles in self.needles.values() for needle in needles}
        return None if any(_ESCAPED.search(each) for each in bare) else tuple(bare)

    def stands_in(self, lines: Iterable[Line]) -> str | None:
        """The field of the first line that shows it."""
        by_field = self._by_field
        for field, text in lines:
            for needle, edged in by_field[field]:
                if needle in (f"{START}{text}{END}" if edged else text):
                    return field
        return None

    @cached_property
    def _by_field(self) -> dict[str, list[tuple[str, bool]]]:
        """The needles for each field, and whether they hold the mark of an edge, which stands in no line itself."""
        return {
            field: [(needle, START in needle or END in needle) for needle in self.needles.get(family, ())]
            for field, family in FAMILIES.items()
        }

    def opens(self, lines: Iterable[Line]) -> str | None:
        """The field of the first name or reading that begins with it."""
        for field, text in lines:
            if FAMILIES[field] in NAME_FAMILIES and f"{START}{text}{END}".startswith(self.openings):
                return field
        return None


def words_of(text: str) -> list[Word]:
    """The words that somebody typed; what is beyond ``LETTERS`` and ``WORDS`` is not looked at."""
    found = dict.fromkeys(folding.words(text[:LETTERS]))
    return [word for each in list(found)[:WORDS] if (word := _word(each)).needles]


def whole_number(text: str) -> Word | None:
    """Somebody's number, all of it."""
    number = folding.number(text)
    return Word(dict.fromkeys(NUMBER_FAMILIES, (START + number + END,))) if number else None


def _word(word: str) -> Word:
    names = list(dict.fromkeys([word, kana.one_spelling(word)] if kana.is_romaji(word) else [word]))
    names = [each for each in names if each]
    needles: dict[str, tuple[str, ...]] = {}
    for family in dict.fromkeys(FAMILIES.values()):
        if family in NUMBER_FAMILIES:
            if folding.looks_dialled(word) and (number := folding.number(word)):
                needles[family] = (number,)
        elif family in NAME_FAMILIES:
            needles[family] = tuple(names)
        elif family not in _LETTERS_ONLY or word.isascii():
            needles[family] = (word,)
    return Word(needles, tuple(START + each for each in names))
