"""The key that signs: out of the settings, or made on the first run and kept in ``var/secrets`` with mode 600."""

from __future__ import annotations

import hmac
import os
import secrets as random
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path


@dataclass(frozen=True)
class Secrets:
    """One master key; each purpose signs with a key of its own derived from it."""

    master: bytes

    def key(self, purpose: str) -> bytes:
        """The key for one purpose, so that a signature for one is worth nothing for another."""
        return _derived(self.master, purpose)

    def sign(self, purpose: str, data: bytes) -> bytes:
        return hmac.digest(self.key(purpose), data, "sha256")

    def verifies(self, purpose: str, data: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(self.sign(purpose, data), signature)


@lru_cache(maxsize=64)
def _derived(master: bytes, purpose: str) -> bytes:
    return hmac.digest(master, purpose.encode(), "sha256")


def open_secrets(folder: Path, given: str = "") -> Secrets:
    """Those that are given (hex), else those in ``folder``, made there when it has none."""
    if given:
        return Secrets(bytes.fromhex(given))
    path = folder / "master.key"
    try:
        return Secrets(path.read_bytes())
    except FileNotFoundError:
        return Secrets(_make(path))


def _make(path: Path) -> bytes:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    key = random.token_bytes(32)
    temporary = path.with_suffix(".new")
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link does not replace: whoever was first has made the key.
        os.link(temporary, path)
    except FileExistsError:
        return path.read_bytes()
    finally:
        temporary.unlink()
    return key
