"""How a file is called where nobody may guess it: random, the same outside and in the store."""

from __future__ import annotations

import base64
import re
import secrets

_KEY = re.compile(r"[a-z2-7]{26}\Z")


def new_key() -> str:
    """128 random bits in base32."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def is_key(text: str) -> bool:
    """Whether a file may be called so."""
    return _KEY.match(text) is not None


def blob(key: str) -> str:
    """Its bytes in the store."""
    return f"{BLOBS}/{key[:2]}/{key[2:4]}/{key}"


def thumbnail(key: str) -> str:
    """Its small picture in the store."""
    return f"{THUMBNAILS}/{key[:2]}/{key[2:4]}/{key}"


def key_of(name: str) -> str:
    """Whose an object of the store is."""
    return name.rpartition("/")[2]


BLOBS, THUMBNAILS = "files", "thumbnails"
