"""Addresses under which mails come back: one for each delivery, signed, so that nobody can invent an answer or a
bounce.

``anpi+b12.1f3a…@`` is where a mail that could not be delivered goes (VERP), ``anpi+r12.1f3a…@`` where an answer by
reply goes, ``anpi+t12.1f3a…@`` where a test mail comes back to (``trial.py``). All come into the one mailbox, or to
the one door, that the operator has set.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from server.secrets import Secrets

PURPOSE = "anpi return address"
SIGN_HEX = 16

_LOCAL = re.compile(r"(?P<base>.+)\+(?P<what>[brt])(?P<id>[0-9]{1,18})\.(?P<sign>[0-9a-f]{16})")

What = Literal["b", "r", "t"]
BOUNCE: What = "b"
REPLY: What = "r"
TRIAL: What = "t"


@dataclass(frozen=True, slots=True)
class Returned:
    """Which delivery (or test mail) a mail came back for, and as what."""

    what: str
    delivery: int


def address(secrets: Secrets, base: str, what: What, delivery: int) -> str:
    """Where mails of this kind about this delivery, or test mail, come to."""
    local, _, domain = base.rpartition("@")
    return f"{local}+{what}{delivery}.{_sign(secrets, what, delivery)}@{domain}"


def read(secrets: Secrets, base: str, given: str) -> Returned | None:
    """What the address says, if it is one of ours and signed. Servers on the way may have changed its case."""
    local, _, domain = given.strip("<> ").lower().rpartition("@")
    found = _LOCAL.fullmatch(local)
    own_local, _, own_domain = base.lower().rpartition("@")
    if found is None or domain != own_domain or found["base"] != own_local:
        return None
    what, delivery = found["what"], int(found["id"])
    data = f"{what}{delivery}".encode()
    if not secrets.verifies(PURPOSE, data, _whole(secrets, data, found["sign"])):
        return None
    return Returned(what, delivery)


def _sign(secrets: Secrets, what: str, delivery: int) -> str:
    return secrets.sign(PURPOSE, f"{what}{delivery}".encode()).hex()[:SIGN_HEX]


def _whole(secrets: Secrets, data: bytes, sign: str) -> bytes:
    """The whole signature, with its shown part as it was given: so that all of it is compared in one time."""
    return bytes.fromhex(sign) + secrets.sign(PURPOSE, data)[SIGN_HEX // 2 :]
