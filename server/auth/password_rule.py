"""Which passwords are accepted: long enough, not famous, not the company's own words. Nothing else is asked.

No rule about kinds of characters and no forced change: both make worse passwords (OWASP ASVS 5.0, 6.2). A
password is kept exactly as it was typed, never normalised.
"""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import NewType

from server.errors import Invalid
from server.text import folded

MINIMUM_LENGTH = 8
MAXIMUM_BYTES = 1024
COMMON_PASSWORDS = 3000

Accepted = NewType("Accepted", str)
"""A password that ``check_password`` has let through: what may be hashed for keeping."""

_PRODUCT_WORDS = ("renraku", "連絡")
_SHORTEST_WORD = 4
_SEPARATORS = re.compile(r"[@.\s　_+-]+")
_LEGAL_FORMS = re.compile(r"株式会社|有限会社|合同会社|\(株\)|\(有\)")
_UNSPEAKABLE = re.compile("[\x00\ud800-\udfff]")


def check_password(password: str, login_id: str, company: str) -> Accepted:
    """The password, if it may become somebody's; else the exact reason why not."""
    if len(password) < MINIMUM_LENGTH:
        raise Invalid("password_short", limit=MINIMUM_LENGTH)
    if _UNSPEAKABLE.search(password):
        raise Invalid("password_characters")
    if len(password.encode()) > MAXIMUM_BYTES:
        raise Invalid("password_long", limit=MAXIMUM_BYTES)
    if folded(password) in _common_passwords():
        raise Invalid("password_common")
    if _length_without(password, [login_id, *_words_of(login_id), *_words_of(company)]) < MINIMUM_LENGTH:
        raise Invalid("password_guessable", limit=MINIMUM_LENGTH)
    return Accepted(password)


def could_be_password(password: str) -> bool:
    """Whether this can be anybody's password at all: what cannot is never hashed, at sign-in neither."""
    if not password or len(password) > MAXIMUM_BYTES or _UNSPEAKABLE.search(password):
        return False
    return len(password.encode()) <= MAXIMUM_BYTES


def _length_without(password: str, words: list[str]) -> int:
    """How long the password is when the words that everybody here knows count for nothing."""
    rest = folded(password)
    for word in sorted({folded(word) for word in [*words, *_PRODUCT_WORDS]}, key=len, reverse=True):
        if word:
            rest = rest.replace(word, "")
    return len(rest)


def _words_of(name: str) -> list[str]:
    """The name, its parts, and what remains without its legal form; short ones would hit everything.

    Two kanji say as much as four letters, so a company's name in kanji may be shorter.
    """
    parts = [name, _LEGAL_FORMS.sub("", name), *_SEPARATORS.split(name)]
    return [part for part in parts if len(part) >= _SHORTEST_WORD or (len(part) >= 2 and not part.isascii())]


@cache
def _common_passwords() -> frozenset[str]:
    """The most frequent passwords of known leaks, read when first asked for."""
    # The file alone: importing the package would also build its other dictionaries (40 ms, 10 MB).
    package = importlib.util.find_spec("zxcvbn")
    assert package is not None and package.submodule_search_locations
    file = Path(package.submodule_search_locations[0]) / "frequency_lists.py"
    spec = importlib.util.spec_from_file_location("_frequency_lists", file)
    assert spec is not None and spec.loader is not None
    lists = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(lists)
    return frozenset(lists.FREQUENCY_LISTS["passwords"][:COMMON_PASSWORDS])
