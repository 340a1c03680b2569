"""Romaji of kana, in one spelling for all systems: Hepburn and Kunrei meet in it, long vowels are short.

The same rules are laid over what somebody types, so that ``shouji``, ``shoji`` and ``syouzi`` are one word, and
``takahas`` on the way to ``takahashi`` is found as well.
"""

from __future__ import annotations

import re

_ROWS = {
    "": "あいうえお",
    "k": "かきくけこ",
    "g": "がぎぐげご",
    "s": "さしすせそ",
    "z": "ざじずぜぞ",
    "t": "たちつてと",
    "d": "だぢづでど",
    "n": "なにぬねの",
    "h": "はひふへほ",
    "b": "ばびぶべぼ",
    "p": "ぱぴぷぺぽ",
    "m": "まみむめも",
    "r": "らりるれろ",
}
_SINGLE = {kana: row + vowel for row, line in _ROWS.items() for kana, vowel in zip(line, "aiueo", strict=True)} | {
    "や": "ya", "ゆ": "yu", "よ": "yo", "わ": "wa", "ゐ": "i", "ゑ": "e", "を": "o", "ん": "n", "ゔ": "bu",
    "ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o", "ー": "", "-": "",
}  # fmt: skip
_SMALL_Y = {"ゃ": "ya", "ゅ": "yu", "ょ": "yo"}
_SMALL_VOWEL = {"ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o"}

# In this order: what stands first may make what a later rule finds.
_RULES = tuple(
    (re.compile(pattern), spelling)
    for pattern, spelling in (
        (r"['’`\-]", ""),
        # っ before ch is a t in Hepburn.
        (r"c(?=ch)|c$", "t"),
        (r"sh(?=i)|sh$", "s"),
        (r"sh", "sy"),
        (r"ch(?=i)|ch$", "t"),
        (r"ch", "ty"),
        (r"ts", "t"),
        (r"dz|d(?=[iu])", "z"),
        (r"j(?=i)|j$|j(?=y)", "z"),
        (r"j", "zy"),
        (r"f(?=u)|f$", "h"),
        (r"v(?=u)", "b"),
        (r"wo", "o"),
        # ん before b, p and m; nn is one n.
        (r"m(?=[bpm])", "n"),
        (r"n{2,}", "n"),
        # Long vowels: ou, oo, uu, and the h of Satoh and Ohno.
        (r"oh(?=[^aiueoy]|$)", "o"),
        (r"o[ou]+", "o"),
        (r"u{2,}", "u"),
    )
)
_ROMAJI = re.compile(r"[a-z'’`\-]+")


def romaji(kana: str) -> str:
    """The one romaji spelling of hiragana; what is no kana stays as it is."""
    return one_spelling("".join(_syllables(kana)))


def one_spelling(text: str) -> str:
    """Romaji in the spelling that all systems meet in. ``text`` is in small letters."""
    for pattern, spelling in _RULES:
        text = pattern.sub(spelling, text)
    return text


def is_romaji(text: str) -> bool:
    """Whether somebody may have meant romaji by it."""
    return _ROMAJI.fullmatch(text) is not None


def _syllables(kana: str) -> list[str]:
    parts: list[str] = []
    doubled = False
    for char in kana:
        if char == "っ":
            doubled = True
            continue
        if parts and char in _SMALL_Y and parts[-1][-1:] == "i":
            parts[-1] = parts[-1][:-1] + _SMALL_Y[char]
            continue
        if parts and char in _SMALL_VOWEL and len(parts[-1]) > 1:
            parts[-1] = parts[-1][:-1] + _SMALL_VOWEL[char]
            continue
        sound = _SINGLE.get(char) or _SMALL_Y.get(char) or ("" if char in _SINGLE else char)
        parts.append(sound[:1] + sound if doubled and sound[:1].isalpha() and sound[:1] not in "aiueo" else sound)
        doubled = False
    return parts
