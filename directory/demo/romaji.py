"""Readings in Latin letters, as passports write them: Hepburn, without marks for long vowels."""

from __future__ import annotations

_ROWS = (
    ("アイウエオ", "a i u e o"),
    ("カキクケコ", "ka ki ku ke ko"),
    ("ガギグゲゴ", "ga gi gu ge go"),
    ("サシスセソ", "sa shi su se so"),
    ("ザジズゼゾ", "za ji zu ze zo"),
    ("タチツテト", "ta chi tsu te to"),
    ("ダヂヅデド", "da ji zu de do"),
    ("ナニヌネノ", "na ni nu ne no"),
    ("ハヒフヘホ", "ha hi fu he ho"),
    ("バビブベボ", "ba bi bu be bo"),
    ("パピプペポ", "pa pi pu pe po"),
    ("マミムメモ", "ma mi mu me mo"),
    ("ヤユヨ", "ya yu yo"),
    ("ラリルレロ", "ra ri ru re ro"),
    ("ワヲン", "wa o n"),
)
_SOUNDS = {kana: sound for row, sounds in _ROWS for kana, sound in zip(row, sounds.split(), strict=True)}
_SMALL = {"ャ": "a", "ュ": "u", "ョ": "o"}
_LABIALS = "bmp"
SEAM = "|"
"""Stands in a reading where two words meet whose vowels do not run together: イノ|ウエ is inoue, サトウ is sato."""


def romaji(kana: str) -> str:
    """A katakana word in small letters: オオイシ is oishi, ジュンコ junko, ホンマ homma, ハットリ hattori."""
    return "".join(map(_part, kana.split(SEAM)))


def _part(kana: str) -> str:
    word, doubled = "", False
    for char in kana:
        if char in _SMALL:
            word = _contracted(word, _SMALL[char])
        elif char == "ッ":
            doubled = True
        elif not _lengthens(char, word):
            word, doubled = _joined(word, _SOUNDS[char], doubled), False
    return word


def _contracted(word: str, vowel: str) -> str:
    """キ and ョ are kyo; シ and ョ are sho."""
    stem = word[:-1]
    return stem + vowel if stem.endswith(("sh", "ch", "j")) else f"{stem}y{vowel}"


def _lengthens(char: str, word: str) -> bool:
    """Whether it only makes the vowel before it long."""
    return (char == "ウ" and word.endswith(("o", "u"))) or (char == "オ" and word.endswith("o"))


def _joined(word: str, sound: str, doubled: bool) -> str:
    if doubled:
        return f"{word}{'t' if sound.startswith('ch') else sound[0]}{sound}"
    if word.endswith("n") and sound[0] in _LABIALS:
        return f"{word[:-1]}m{sound}"
    return word + sound
