"""How text is compared when people are looked for. It lives in the index and in the question alone: nothing that
people see is ever changed by it.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from directory.search import variants

_DASHES = "‐‑‒–—―⁃−─━ーｰ－﹣➖"
_WAVES = "〜～∼∿"
_LARGE = dict(zip("ぁぃぅぇぉっゃゅょゎゕゖ", "あいうえおつやゆよわかけ", strict=True))
_SOUNDS_ALIKE = {"ゐ": "い", "ゑ": "え", "を": "お", "ぢ": "じ", "づ": "ず", "ゔ": "ぶ"}
_INVISIBLE = (
    *range(0x20),
    *range(0x7F, 0xA0),
    0xAD,
    *range(0x200B, 0x2010),
    *range(0x2028, 0x202F),
    0x2060,
    0xFEFF,
    # Variation selectors, the ideographic ones among them.
    *range(0x180B, 0x180E),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
)
_SPACE = re.compile(r"\s+")
_NOT_DIALLED = re.compile(r"[^0-9*#+]")
_BETWEEN_NUMBERS = re.compile(r"[,;、，；\n]+")


def folded(text: str) -> str:
    """One form for width, case, hiragana and katakana, small kana, variant kanji, dashes and accents."""
    return hiragana(text).translate(_same_sounds())


def hiragana(text: str) -> str:
    """As ``folded``, with the kana as they are read: small ones stay small."""
    plain = unicodedata.normalize("NFKC", text.translate(_breaks())).casefold()
    return unicodedata.normalize("NFKC", plain).translate(_same_signs())


def joined(text: str) -> str:
    """Folded, without spaces: 山田 太郎 is found as 山田太郎."""
    return _SPACE.sub("", folded(text))


def words(text: str) -> list[str]:
    """The words of a question, folded; each is to be found."""
    return [word for word in folded(text).split() if word]


def number(text: str) -> str:
    """The digits of one number as it is dialled in Japan; ``+81`` becomes the leading 0."""
    dialled = _NOT_DIALLED.sub("", unicodedata.normalize("NFKC", text))
    if dialled.startswith("+81"):
        return "0" + dialled[3:].removeprefix("0")
    return dialled.replace("+", "")


def numbers(text: str) -> list[str]:
    """The numbers of a field, which may hold several."""
    return [found for part in _BETWEEN_NUMBERS.split(text) if (found := number(part))]


def looks_dialled(word: str) -> bool:
    """Whether a folded word may be a part of a number: digits, with what people put between them."""
    return any(char.isdigit() for char in word) and all(char.isdigit() or char in "-+()*#./" for char in word)


@cache
def _breaks() -> dict[int, str]:
    """A line break separates words; it must not vanish with the other control characters."""
    return dict.fromkeys((9, 10, 11, 12, 13, 0x85, 0x2028, 0x2029), " ")


@cache
def _same_signs() -> dict[int, str | None]:
    table: dict[int, str | None] = dict.fromkeys(_INVISIBLE)
    table |= {code: chr(code - 0x60) for code in range(ord("ァ"), ord("ヶ") + 1)}
    table |= {ord(sign): "-" for sign in _DASHES} | {ord(sign): "~" for sign in _WAVES}
    table |= {ord(form): first for form, first in variants.representatives().items()}
    return table | _without_accents() | {ord("’"): "'", ord("ヵ"): "ゕ", ord("ヶ"): "ゖ"}


@cache
def _without_accents() -> dict[int, str]:
    letters = (chr(code) for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)))
    bases = {ord(letter): unicodedata.normalize("NFD", letter)[0] for letter in letters}
    return {code: base for code, base in bases.items() if base.isascii()}


@cache
def _same_sounds() -> dict[int, str]:
    return {ord(kana): plain for kana, plain in (_LARGE | _SOUNDS_ALIKE).items()}
