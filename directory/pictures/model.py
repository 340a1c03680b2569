"""A picture of a person or of the company, drawn anew."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

Form = Literal["photo", "logo"]
Size = Literal["large", "small"]

MOST_BYTES = 10 * 1024 * 1024
"""Of what somebody sends."""
MOST_PIXELS = 50_000_000
SWEPT_AFTER = timedelta(days=1)
"""So long a picture that nobody has stays: what is being shown should not go away meanwhile."""

_NAME = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Picture:
    """What the sandbox has drawn. Its name is that of its bytes: what has a name never changes."""

    media: str
    large: bytes
    small: bytes

    @property
    def name(self) -> str:
        return hashlib.sha256(self.large).hexdigest()


def is_name(text: str) -> bool:
    """Whether a picture can be called so."""
    return _NAME.fullmatch(text) is not None
