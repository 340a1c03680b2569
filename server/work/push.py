"""Web Push: waking a browser through its maker's server, which cannot read what is said (RFC 8030, 8291, 8292).

A message is encrypted for one subscription with its keys; who sends it is shown by a token that is signed with our
own VAPID key. Which servers are written to is a list: the addresses come from browsers.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.errors import Invalid
from server.secrets import Secrets

PURPOSE = "web push"
CURVE = ec.SECP256R1()
CURVE_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
RECORD_BYTES = 4096
PAYLOAD_LIMIT = 3000
"""Bytes of a message: servers take 4,096 with all that goes round it."""
TOKEN_LIVES = timedelta(hours=12)
"""Apple takes none that lives for more than a day."""
ENDPOINT_LIMIT = 1000


@dataclass(frozen=True, slots=True)
class Subscription:
    """A browser that wants to be woken: where, and the keys to write to it."""

    endpoint: str
    p256dh: bytes
    auth: bytes


@dataclass(frozen=True, slots=True)
class Message:
    """A request to the server of the browser's maker."""

    url: str
    headers: dict[str, str]
    body: bytes


def subscription(endpoint: str, p256dh: str, auth: str, hosts: tuple[str, ...]) -> Subscription:
    """What a browser has given, checked: on one of these hosts, with keys that are keys."""
    if len(endpoint) > ENDPOINT_LIMIT or not is_push_host(endpoint, hosts):
        raise Invalid("push_host")
    try:
        found = Subscription(endpoint, decoded(p256dh), decoded(auth))
        ec.EllipticCurvePublicKey.from_encoded_point(CURVE, found.p256dh)
    except (ValueError, Error):
        raise Invalid() from None
    if len(found.auth) != 16 or len(found.p256dh) != 65:
        raise Invalid()
    return found


def is_push_host(endpoint: str, hosts: tuple[str, ...]) -> bool:
    """Whether the address is HTTPS, without a port or a name, on one of the hosts; ``*.`` stands for any below."""
    try:
        parts = urlsplit(endpoint)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return False
    if parts.scheme != "https" or port not in (None, 443) or "@" in parts.netloc or not endpoint.isascii():
        return False
    return any(host == each or (each.startswith("*.") and host.endswith(each[1:])) for each in hosts)


class Keys:
    """Our VAPID key: derived from the secret that signs everything, so that every process has the same one."""

    def __init__(self, secrets: Secrets, contact: str) -> None:
        """``contact``: mailto: or https:, by which the browser's maker can reach whoever runs this server."""
        number = int.from_bytes(secrets.sign(PURPOSE, b"1") + secrets.sign(PURPOSE, b"2"), "big")
        self._private = ec.derive_private_key(number % (CURVE_ORDER - 1) + 1, CURVE)
        self._contact = contact
        self._tokens: dict[str, tuple[str, datetime]] = {}
        self.public = encoded(point(self._private.public_key()))

    def authorization(self, endpoint: str, now: datetime) -> str:
        """The header by which the server knows us; made anew for a host every few hours."""
        parts = urlsplit(endpoint)
        audience = f"{parts.scheme}://{parts.netloc}"
        kept = self._tokens.get(audience)
        if kept is None or kept[1] <= now:
            kept = (self._signed(audience, now + TOKEN_LIVES), now + TOKEN_LIVES / 2)
            self._tokens[audience] = kept
        return f"vapid t={kept[0]},k={self.public}"

    def _signed(self, audience: str, ends: datetime) -> str:
        claims = {"aud": audience, "exp": int(ends.timestamp()), "sub": self._contact}
        said = ".".join(encoded(json.dumps(part).encode()) for part in ({"typ": "JWT", "alg": "ES256"}, claims))
        r, s = decode_dss_signature(self._private.sign(said.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{said}.{encoded(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


def message(
    keys: Keys, to: Subscription, payload: bytes, now: datetime, seconds: int = 86_400, topic: str = ""
) -> Message:
    """What is sent to wake the browser with this payload. One of the same ``topic`` takes the place of another that
    has not been fetched yet; ``seconds`` is how long it is kept."""
    headers = {
        "ttl": str(seconds),
        "urgency": "high",
        "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
        "authorization": keys.authorization(to.endpoint, now),
    }
    if topic:
        headers["topic"] = topic
    return Message(to.endpoint, headers, encrypted(payload, to))


def encrypted(
    payload: bytes, to: Subscription, salt: bytes | None = None, own: ec.EllipticCurvePrivateKey | None = None
) -> bytes:
    """The payload for this browser alone (RFC 8291). ``salt`` and ``own`` are new each time; a test gives them."""
    if len(payload) > PAYLOAD_LIMIT:
        raise ValueError("too long for a push")
    salt = salt or os.urandom(16)
    own = own or ec.generate_private_key(CURVE)
    sender = point(own.public_key())
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, to.p256dh)
    shared = own.exchange(ec.ECDH(), theirs)
    material = _hkdf(to.auth, b"WebPush: info\0" + to.p256dh + sender, 32, shared)
    key = _hkdf(salt, b"Content-Encoding: aes128gcm\0", 16, material)
    nonce = _hkdf(salt, b"Content-Encoding: nonce\0", 12, material)
    head = salt + RECORD_BYTES.to_bytes(4, "big") + bytes((len(sender),)) + sender
    # The last record, and the only one: 2, then no padding.
    return head + AESGCM(key).encrypt(nonce, payload + b"\x02", None)


def point(key: ec.EllipticCurvePublicKey) -> bytes:
    """A public key as it is given to others."""
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)


def encoded(raw: bytes) -> str:
    """base64url without its ends."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of it; ``ValueError`` or ``binascii.Error`` for what is none."""
    return urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))


def _hkdf(salt: bytes, info: bytes, length: int, material: bytes) -> bytes:
    return HKDF(hashes.SHA256(), length, salt, info).derive(material)
