"""What of a person can be found: folded lines by field, and the grams that stand for them in the index.

Fields that may be hidden one by one stand in families of their own, so that a change of who sees what changes no
index. A gram is the family's letter and one to three characters of a line.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import msgspec

from directory.search import folding, kana

NUMBERS = (
    "extension_number",
    "phone_number",
    "company_mobile_number",
    "personal_mobile_number",
    "mobile_number",
    "fax_number",
)
FAMILIES = {
    "name": "n",
    "kana": "n",
    "alphabet": "r",
    "department": "d",
    "title": "t",
    "post": "p",
    "employee_number": "e",
    "email1": "1",
    "email2": "2",
    "login_id": "l",
    **dict(zip(NUMBERS, "xhcqmf", strict=True)),
}
"""The field that a person is found by, and the letter of its family."""

OPEN = ("name", "kana", "department", "title")
"""Everybody's, whatever the company has set."""
NAME_FAMILIES = (FAMILIES["name"], FAMILIES["alphabet"])
NUMBER_FAMILIES = frozenset(FAMILIES[field] for field in NUMBERS)
START, END = "\x02", "\x03"
_EDGED = NUMBER_FAMILIES | {*NAME_FAMILIES}

GRAMS_READ = 5
"""So many grams tell nearly all who have a word from all others; more would only be read."""

EVERYBODY = "*"
"""The gram of all who are in a block."""

Line = tuple[str, str]
"""A field and one folded line of it."""


class Lines(msgspec.Struct, array_like=True, frozen=True):
    """What is stored beside the index, to look closer and to know which grams were set."""

    lines: tuple[Line, ...] = ()
    departments: tuple[int, ...] = ()


@dataclass(frozen=True)
class Subject:
    """A person as the index sees him."""

    account_id: int
    sort_key: str
    lines: Lines


def name_lines(name: str, reading: str, alphabet: str) -> list[Line]:
    """A name in the ways it may be typed, romaji of its kana included."""
    sounds = kana.romaji(folding.hiragana(reading).replace(" ", ""))
    latin = folding.joined(alphabet)
    found = [
        ("name", folding.joined(name)),
        ("kana", folding.joined(reading)),
        ("kana", sounds),
        ("alphabet", latin),
        ("alphabet", kana.one_spelling(latin)),
    ]
    return _without_doubles(found)


def field_lines(fields: Iterable[Line]) -> list[Line]:
    """The lines of other fields, as they are given by field."""
    found: list[Line] = []
    for field, text in fields:
        if field in NUMBERS:
            found += [(field, number) for number in folding.numbers(text)]
        else:
            found.append((field, folding.joined(text)))
    return _without_doubles(found)


def department_gram(department_id: int) -> str:
    """The gram of all who are in a department or below it."""
    return f"D{department_id}"


def grams(lines: Lines, families: Collection[str] | None = None) -> set[str]:
    """All grams of a person; or those of some families."""
    wanted = (part for part in parts(lines) if families is None or part[0] in families)
    return {EVERYBODY}.union(*(part_grams(*part) for part in wanted))


def parts(lines: Lines) -> Iterator[tuple[str, str]]:
    """What of a person's lines he may have in common with others, for ``part_grams``."""
    for department in lines.departments:
        yield "", department_gram(department)
    for field, line in lines.lines:
        yield FAMILIES[field], line


def part_grams(family: str, text: str) -> frozenset[str]:
    """The grams of a line; of no family, the gram itself."""
    return _line_grams(family, text) if family else frozenset((text,))


def edged(family: str, line: str) -> str:
    """The line as it is indexed: names and numbers have a mark at their start and end."""
    return f"{START}{line}{END}" if family in _EDGED else line


def cover(needle: str) -> list[str]:
    """Few grams that stand in every line which holds ``needle``; up to three characters they say it exactly."""
    last = len(needle) - 3
    if last <= 0:
        return [needle]
    count = min(last + 1, GRAMS_READ)
    return list(dict.fromkeys(needle[at : at + 3] for at in (each * last // (count - 1) for each in range(count))))


# The departments of a company stand in the lines of all its people.
@lru_cache(maxsize=4096)
def _line_grams(family: str, line: str) -> frozenset[str]:
    text = edged(family, line)
    return frozenset(family + text[at : at + size] for size in (1, 2, 3) for at in range(len(text) - size + 1))


def _without_doubles(lines: Iterable[Line]) -> list[Line]:
    return list(dict.fromkeys(line for line in lines if line[1]))
