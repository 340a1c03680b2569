"""A file's name: how it is kept, and which extension counts. Pure.

The name is shown exactly as it was given (to normalise it would change Japanese names); only the check folds it.
"""

from __future__ import annotations

import re
import unicodedata

from server.errors import Invalid

NAME_LIMIT = 255
"""Code points: what the longest name of Windows and macOS has."""

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What breaks or turns a line, and what no file can be called."""
_PARTS = re.compile(r"[/\\]")
_TAIL = " .\t\u00a0\u3000"
"""What Windows strips from the end of a name."""


class FileName(Invalid):
    """No file can be called so."""

    code = "file_name"


def shown_name(name: str) -> str:
    """The name as it is kept: without a path before it, otherwise as given. Raises ``FileName``."""
    if _CONTROLS.search(name):
        raise FileName()
    base = _PARTS.split(name)[-1].strip()
    # A colon names a stream beside a file, or a drive: "a.exe:b.txt" writes a.exe. A full-width one names nothing.
    if not base.strip(_TAIL) or ":" in base or len(base) > NAME_LIMIT:
        raise FileName()
    return base


def told_name(name: str) -> str:
    """A name that no file can have, as a record may tell it: what it hides behind is seen."""
    return _CONTROLS.sub("\ufffd", name)[:NAME_LIMIT]


def name_of_bytes(raw: bytes) -> str:
    """The text of a name that came as bytes: UTF-8, else CP932. Raises ``FileName``.

    Before anything is split off: in CP932 the second byte of 表 and ソ is a backslash.
    """
    for encoding in ("utf-8", "cp932"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise FileName()


def extension(name: str) -> str:
    """What a name ends with, as Windows would take it: ``見積．ＥＸＥ. .`` ends with ``exe``; blank: with nothing.

    The last extension alone counts: ``www.example.com.png`` is a picture.
    """
    base = _PARTS.split(folded(name))[-1].rstrip(_TAIL)
    return base.rpartition(".")[2] if "." in base else ""


def folded(name: str) -> str:
    """Full-width letters and dots as plain ones, in lower case, without what cannot be seen."""
    if name.isascii():
        return name.lower()
    plain = unicodedata.normalize("NFKC", name)
    visible = "".join(letter for letter in plain if unicodedata.category(letter) != "Cf")
    return unicodedata.normalize("NFKC", visible.casefold())
