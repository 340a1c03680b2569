"""The right to answer one safety check as one person, as a word that a link can carry.

Signed with a key that is used for nothing else; it opens no session and shows nothing but that person's page. There
is no time in it: a link ends 90 days after its check was completed, which is asked when it is used.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Literal

from anpi import links
from server.secrets import Secrets
from server.settings import Settings

PURPOSE = "anpi answer"
NONCE_PURPOSE = "anpi answer form"
LIVES_AFTER = timedelta(days=90)
"""How long after 完了 a link still says that the check is closed."""
SIGNATURE_BYTES = 16
TOKEN_LIMIT = 64
KEY_BYTES = 12

Via = Literal["mail", "push", "sms"]
_WAYS: tuple[Via, ...] = ("mail", "push", "sms")


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a token gives the right to, and on which way it was sent."""

    incident: int
    account: int
    via: Via


@lru_cache(maxsize=16)
def _begun(secrets: Secrets, purpose: str) -> hmac.HMAC:
    return hmac.new(secrets.key(purpose), digestmod="sha256")


def _signed(secrets: Secrets, purpose: str, data: bytes) -> bytes:
    """``Secrets.sign``, begun once for each key. ``hmac.digest`` would give Python's lock away each time, and wait
    for the writer's thread to give it back."""
    signature = _begun(secrets, purpose).copy()
    signature.update(data)
    return signature.digest()[:SIGNATURE_BYTES]


def make(secrets: Secrets, incident: int, account: int, via: Via = "mail") -> str:
    """The token of this person for this check."""
    payload = bytes((_WAYS.index(via),)) + _number(incident) + _number(account)
    return _text(payload + _signed(secrets, PURPOSE, payload))


def read(secrets: Secrets, token: str) -> Ticket | None:
    """What the token gives the right to; None for whatever we have not made, letter by letter."""
    raw = _bytes(token)
    if raw is None or len(raw) <= SIGNATURE_BYTES:
        return None
    payload, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    if not hmac.compare_digest(_signed(secrets, PURPOSE, payload), signature):
        return None
    incident, rest = _taken(payload[1:])
    account, _ = _taken(rest)
    return Ticket(incident, account, _WAYS[payload[0]])


def link(
    settings: Settings, secrets: Secrets, incident: int, account: int, via: Via = "mail", language: str = ""
) -> str:
    """The whole address; "" where nobody outside could open it because there is no public URL."""
    base = links.base(settings)
    if not base:
        return ""
    asked = f"?lang={language}" if language else ""
    return f"{base}/a/{make(secrets, incident, account, via)}{asked}"


def nonce(secrets: Secrets, token: str, incident: int, at: int, key: bytes) -> str:
    """What the page gives its form: which check it showed and when (milliseconds), and the number of the answer, so
    that one that is sent twice is one. Worth nothing with another token."""
    payload = _number(incident) + _number(at) + key
    return _text(payload + _signed(secrets, NONCE_PURPOSE, payload + token.encode()))


@dataclass(frozen=True, slots=True)
class Form:
    """What a form was given by its page."""

    incident: int
    at: int
    key: str


def read_nonce(secrets: Secrets, token: str, given: str) -> Form | None:
    """What the page gave; None for whatever no page of this token's has given."""
    raw = _bytes(given)
    if raw is None or len(raw) <= SIGNATURE_BYTES + KEY_BYTES:
        return None
    payload, signature = raw[:-SIGNATURE_BYTES], raw[-SIGNATURE_BYTES:]
    if not hmac.compare_digest(_signed(secrets, NONCE_PURPOSE, payload + token.encode()), signature):
        return None
    incident, rest = _taken(payload)
    at, key = _taken(rest)
    return Form(incident, at, _text(key))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _bytes(text: str) -> bytes | None:
    """The bytes, if this is the one way in which we write them: base64 itself lets bits and letters pass unseen."""
    if len(text) > TOKEN_LIMIT or not text.isascii():
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Error, ValueError):
        return None
    return raw if _text(raw) == text else None


def _number(value: int) -> bytes:
    """Seven bits a byte, the highest bit says that more follow."""
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _taken(raw: bytes) -> tuple[int, bytes]:
    """The number at the beginning, and the rest. Only ever asked of what we have signed."""
    value = shift = 0
    for place, byte in enumerate(raw):
        value |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return value, raw[place + 1 :]
    raise ValueError("no number")
