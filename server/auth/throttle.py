"""Slowing down who guesses passwords, without ever locking anybody out.

A whole company sits behind one address, so nothing is counted by address. Counted is by login ID, also by
ones that do not exist; and a browser that has signed in before (``device.py``) is counted apart, so that a
stranger who guesses cannot slow down the owner at his own desk.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

FREE_FAILURES = 4
LONGEST_DELAY = timedelta(seconds=30)
FORGOTTEN_AFTER = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Throttle:
    """How often it failed, and when it last did."""

    failures: int
    last_at: datetime

    def wait(self, now: datetime) -> timedelta:
        """How long until the next try is looked at; nothing when it may be made now."""
        if now - self.last_at >= FORGOTTEN_AFTER:
            return timedelta(0)
        return max(self.last_at + delay_after(self.failures) - now, timedelta(0))

    def failed(self, now: datetime) -> Throttle:
        """One more failure."""
        forgotten = now - self.last_at >= FORGOTTEN_AFTER
        return Throttle(1 if forgotten else self.failures + 1, now)


def delay_after(failures: int) -> timedelta:
    """Nothing for the first few, then 1, 2, 4 … seconds, at most 30."""
    if failures < FREE_FAILURES:
        return timedelta(0)
    # Beyond five doublings the limit holds anyway; 2**failures would grow without one.
    return min(timedelta(seconds=2 ** min(failures - FREE_FAILURES, 5)), LONGEST_DELAY)


def sign_in_key(login_key: str, device_nonce: str = "") -> str:
    """Under which key tries to sign in are counted."""
    return _key("signin", login_key, device_nonce)


def code_key(login_key: str, device_nonce: str = "") -> str:
    """Under which key wrong codes are counted."""
    return _key("code", login_key, device_nonce)


def password_key(account_id: int) -> str:
    """Under which key tries at one's own current password are counted."""
    return _key("password", str(account_id))


def _key(purpose: str, *names: str) -> str:
    """Hashed: people type their password into the wrong field.

    The purpose is part of it: no login ID that a stranger types may meet the key of something else.
    """
    return hashlib.sha256("\n".join((purpose, *names)).encode("utf-8", "replace")).hexdigest()
