"""The mark of a browser in which somebody has signed in before. It proves that, and gives no right.

OWASP calls them device cookies: with one, failures are counted apart from those of strangers.
"""

from __future__ import annotations

import base64
import secrets as random
from dataclasses import dataclass

from server.secrets import Secrets

_PURPOSE = "device"


@dataclass(frozen=True, slots=True)
class Device:
    """A browser known to one account."""

    account_id: int
    nonce: str


def new_device(account_id: int) -> Device:
    return Device(account_id, random.token_urlsafe(9))


def written(device: Device, secrets: Secrets) -> str:
    """The device as a cookie's value."""
    data = f"{device.account_id}.{device.nonce}"
    return f"{data}.{_text(secrets.sign(_PURPOSE, data.encode()))}"


def read(value: str, secrets: Secrets) -> Device | None:
    """The device that we wrote; None for anything else."""
    data, _, signature = value.rpartition(".")
    account_id, _, nonce = data.partition(".")
    if not value.isascii() or not account_id.isdecimal() or len(value) > 200:
        return None
    if not random.compare_digest(_text(secrets.sign(_PURPOSE, data.encode())), signature):
        return None
    return Device(int(account_id), nonce)


def _text(signature: bytes) -> str:
    return base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
