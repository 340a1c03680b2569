"""From a message's text to a command: strict, in one step, whatever a stranger sends.

msgspec's traps, each with its answer: a deeply nested unknown field raises ``RecursionError``; unknown fields
vanish unless they are forbidden; integers have no bound unless the type has one; a lone surrogate or a NUL in a
string passes (texts are checked where they are stored).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import reduce
from operator import or_
from typing import Any

import msgspec

from server.errors import Invalid
from server.live.frames import SAFE_INTEGER, Command, Hello, Ping

_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_REF = re.compile(r'"ref"\s*:\s*([0-9]{1,16})(?=\s*[,}])')


class Parser:
    """Knows every command of every feature that runs."""

    def __init__(self, commands: Iterable[type[Command]]) -> None:
        union: Any = reduce(or_, commands, Ping | Hello)
        self._decoder: msgspec.json.Decoder[Command] = msgspec.json.Decoder(union)

    def parse(self, text: str) -> Command:
        """The command, or ``Invalid`` in words a developer can act on."""
        if "\\u0000" in text and _NUL.search(text):
            # PostgreSQL cannot hold it, in no field of no command.
            raise Invalid("bad_text")
        try:
            return self._decoder.decode(text)
        except msgspec.DecodeError as problem:
            raise Invalid("invalid", reason=_reason(problem)) from None
        except RecursionError:
            raise Invalid("invalid", reason="nested too deeply") from None

    def ref(self, text: str) -> int | None:
        """The number of a command that could not be parsed, if it can be told."""
        found = _REF.search(text)
        if found is None or int(found[1]) > SAFE_INTEGER:
            return None
        return int(found[1])


def _reason(problem: Exception) -> str:
    """msgspec's own words: they name the field and the type, never the value."""
    return str(problem)[:200]
