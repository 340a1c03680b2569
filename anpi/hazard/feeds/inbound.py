"""Telegrams that are brought to us, for a network without a way out: signed, fresh, and otherwise like all others.

``X-Renraku-Timestamp`` is the time in seconds; ``X-Renraku-Signature`` is "sha256=" and the hex HMAC-SHA256, with the
secret of ``RENRAKU_HAZARD_SECRET``, of the timestamp, a full stop, and the body.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime

FRESH_SECONDS = 300
_SIGNATURE = re.compile(r"sha256=([0-9a-f]{64})")
_TIME = re.compile(r"[0-9]{1,12}")


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """What who knows the secret writes above a body."""
    signed = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256)
    return f"sha256={signed.hexdigest()}"


def may_be_read(timestamp: str, signed: str, now: datetime) -> bool:
    """Whether the body is worth reading: the head is well made, and of these minutes."""
    if not _TIME.fullmatch(timestamp) or not _SIGNATURE.fullmatch(signed):
        return False
    return abs(int(timestamp) - now.timestamp()) <= FRESH_SECONDS


def is_signed(secret: str, timestamp: str, signed: str, body: bytes) -> bool:
    """Whether the secret's owner has sent exactly this."""
    return hmac.compare_digest(signature(secret, timestamp, body), signed)


def name_of(body: bytes) -> str:
    """What a telegram is known by that comes without a name: its own content."""
    return hashlib.sha256(body).hexdigest()
