"""What text may be stored: the same on SQLite and PostgreSQL, on the wire and in a mail header."""

from __future__ import annotations

import re
import unicodedata

from server.errors import Invalid

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_LINE_ENDS = re.compile("\r\n?")
# As people's addresses are, carriers' odd ones too (``abc..def@``); nothing that means something in a mail's header.
_MAIL_ADDRESS = re.compile(r"[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?")
MAIL_ADDRESS_LIMIT = 256
_BREAKS = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def plain_text(text: str) -> str:
    """The text with LF line ends. NUL (PostgreSQL cannot hold it) and lone surrogates are refused."""
    if _UNSTORABLE.search(text):
        raise Invalid("bad_text")
    return _LINE_ENDS.sub("\n", text)


def storable(text: str) -> str:
    """Somebody else's words, made such that they can be kept: what cannot be stored is replaced, not refused."""
    return text.replace("\0", " ").encode("utf-8", "replace").decode()


def one_line(text: str) -> str:
    """The text on one line without edges: control characters and line breaks become a space."""
    return _BREAKS.sub(" ", plain_text(text)).strip()


def is_mail_address(text: str) -> bool:
    """Whether a mail can be sent there."""
    return len(text) <= MAIL_ADDRESS_LIMIT and _MAIL_ADDRESS.fullmatch(text) is not None


def folded(text: str) -> str:
    """The text as it is searched and sorted: width and case folded, katakana as hiragana. Never shown."""
    return "".join(_hiragana(char) for char in unicodedata.normalize("NFKC", text).casefold())


def _hiragana(char: str) -> str:
    return chr(ord(char) - 0x60) if "ァ" <= char <= "ヶ" else char


def like(text: str) -> str:
    """A LIKE pattern that finds ``text`` anywhere, escaped with a backslash."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"
