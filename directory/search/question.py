"""What is asked: each word with what would show it in each family of fields. Plain rules, no database."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from directory.search import folding, kana
from directory.search.lines import END, FAMILIES, NAME_FAMILIES, NUMBER_FAMILIES, START, Line, cover, edged

WORDS = 8
LETTERS = 200

_LETTERS_ONLY = frozenset(FAMILIES[field] for field in ("email1", "email2", "login_id"))
"""Families whose lines are ASCII: a word of kanji needs not be looked for in them."""


@dataclass(frozen=True)
class Word:
    """A word, as any of ``needles`` in a family shows it; ``openings`` are those with which a name begins."""

    needles: Mapping[str, tuple[str, ...]]
    openings: tuple[str, ...] = ()

    def grams(self, families: Iterable[str]) -> set[str]:
        """What must be read of the index to look for it in these families."""
        wanted = {family + gram for family in families for needle in self.of(family) for gram in cover(needle)}
        openings = {family + gram for family in NAME_FAMILIES for each in self.openings for gram in cover(each)}
        return wanted | openings

    def of(self, family: str) -> tuple[str, ...]:
        return self.needles.get(family, ())

    @property
    def is_exact(self) -> bool:
        """Whether the index alone knows the answer."""
        return all(len(needle) <= 3 for needles in self.needles.values() for needle in needles)

    @property
    def opens_exactly(self) -> bool:
        """Whether the index alone knows whose name begins with it."""
        return all(len(opening) <= 3 for opening in self.openings)

    def stands_in(self, line: Line) -> bool:
        """Whether a line shows it."""
        family = FAMILIES[line[0]]
        needles = self.of(family)
        if not needles:
            return False
        text = edged(family, line[1])
        return any(needle in text for needle in needles)

    def opens(self, line: Line) -> bool:
        """Whether a name or its reading begins with it."""
        return FAMILIES[line[0]] in NAME_FAMILIES and any(
            (START + line[1] + END).startswith(opening) for opening in self.openings
        )


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
