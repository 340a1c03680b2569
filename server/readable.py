"""Random words that people read out and type: no letter that is taken for another (0, o, 1, l)."""

from __future__ import annotations

import secrets

_LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"


def readable_letters(count: int) -> str:
    """So many letters, five bits each."""
    return "".join(secrets.choice(_LETTERS) for _ in range(count))


def readable_password() -> str:
    """Twelve letters (60 bits) in three groups."""
    return "-".join(readable_letters(4) for _ in range(3))
