"""The keys that sign manifests: Ed25519, the private ones in ``var/secrets`` with mode 600 and nowhere else.

A key is called by the first 16 digits of the SHA-256 of its public half. Where processes share a master key by the
settings, they share the key that follows from it; else a machine makes one of its own. A new key is begun by putting
its file there (``talklog-….key``, 32 bytes): the newest signs, the older ones stay for what they have signed.
"""

from __future__ import annotations

import os
import secrets as random
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from chat.log.segments import FOLDER
from server.data.store.model import Missing
from server.secrets import Secrets
from server.services import Services

PURPOSE = "talk log"
_FILES = "talklog-*.key"
_ID_DIGITS = 16


class Keys:
    """The keys of this process; the first signs."""

    def __init__(self, keys: list[Ed25519PrivateKey]) -> None:
        self._keys = {key_id(each.public_key()): each for each in keys}
        self.current = next(iter(self._keys))

    def sign(self, data: bytes) -> tuple[str, bytes]:
        """The id of the key that signs now, and its 64 bytes over ``data``."""
        return self.current, self._keys[self.current].sign(data)

    def public(self, id: str) -> bytes | None:
        """The public half as PEM, if the key is one of ours."""
        key = self._keys.get(id)
        return _pem(key.public_key()) if key is not None else None


def open_keys(folder: Path, secrets: Secrets, *, shared: bool) -> Keys:
    """Those that lie in ``folder``, the newest first; else the shared one, else one that is made now."""
    found = sorted(folder.glob(_FILES), key=lambda path: (path.stat().st_mtime_ns, path.name), reverse=True)
    seeds = [path.read_bytes() for path in found]
    if shared:
        seeds.append(secrets.key(PURPOSE))
    if not seeds:
        seeds = [_make(folder)]
    return Keys([Ed25519PrivateKey.from_private_bytes(seed) for seed in seeds])


def key_id(key: Ed25519PublicKey) -> str:
    return sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:_ID_DIGITS]


def key_id_of(pem: bytes) -> str:
    """By which name a public key goes; ``ValueError`` if this is none of this kind."""
    key = load_pem_public_key(pem)
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("this is no Ed25519 public key")
    return key_id(key)


def verifies(pem: bytes, data: bytes, signature: bytes) -> bool:
    """Whether the key of this PEM has signed ``data``."""
    try:
        key = load_pem_public_key(pem)
        if not isinstance(key, Ed25519PublicKey):
            return False
        key.verify(signature, data)
        return True
    except (InvalidSignature, ValueError):
        return False


def public_place(id: str) -> str:
    """Where the public half lies in the store: any process, and any restored copy, finds it there."""
    return f"{FOLDER}/keys/{id}.pem"


async def public_pem(services: Services, id: str) -> bytes | None:
    """The public half of a key that has signed, ours or another machine's."""
    if not id.isalnum() or not id.isascii() or len(id) != _ID_DIGITS:
        return None
    own: bytes | None = services.state["chat.log"].keys.public(id)
    if own is not None:
        return own
    try:
        return b"".join([piece async for piece in services.store.read(public_place(id.lower()))])
    except Missing:
        return None


def _pem(key: Ed25519PublicKey) -> bytes:
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _make(folder: Path) -> bytes:
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    seed = random.token_bytes(32)
    half = folder / f".{random.token_hex(8)}"
    with open(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(seed)
        file.flush()
        os.fsync(file.fileno())
    try:
        # A link does not replace: whoever was first has made the key.
        os.link(half, folder / "talklog-1.key")
    except FileExistsError:
        return (folder / "talklog-1.key").read_bytes()
    finally:
        half.unlink()
    return seed
