"""安否の連絡先 (A12): up to three addresses that somebody enters for himself, and the word that confirms one."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from server.secrets import Secrets
from server.text import is_mail_address

CONTACTS_LIMIT = 3
MAILS_A_DAY = 5
"""How often one place may be written to within a day: nobody's mailbox is to be filled by ours."""
LINK_LIVES = timedelta(days=14)
KEPT_AFTER_DELETION = timedelta(days=7)
"""How long a deleted person's addresses wait for the undo of an import."""
PURPOSE = "anpi contact"
SIGNATURE_BYTES = 16
TOKEN_LIMIT = 80

_PAYLOAD = re.compile(rb"(\d{1,18})\.(\d)\.(\d{1,18})")

State = Literal["waiting", "confirmed", "bad"]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a link says: that whoever follows it reads what is sent to this address of this person."""

    account_id: int
    place: int
    version: int


@dataclass(frozen=True, slots=True)
class Contact:
    """One address. ``version`` grows with each change, so that an older link confirms nothing."""

    account_id: int
    place: int
    address: str
    address_key: str
    asked_at: datetime | None
    mails: int
    confirmed_at: datetime | None
    version: int
    gone: bool = False
    """Its owner was deleted, and may come back."""

    @property
    def is_set(self) -> bool:
        return self.address != ""

    def state(self, bad: bool) -> State:
        """ "bad": mails to it come back; "waiting": nobody has followed its link yet."""
        if bad:
            return "bad"
        return "confirmed" if self.confirmed_at is not None else "waiting"

    def is_meant(self, claim: Claim) -> bool:
        """Whether the link is about the address as it is now."""
        return self.is_set and (self.place, self.version) == (claim.place, claim.version)

    def link_is_over(self, now: datetime) -> bool:
        return self.asked_at is None or now - self.asked_at > LINK_LIVES

    def mails_within_a_day(self, now: datetime) -> int:
        """How many questions this place was sent since a day without any."""
        if self.asked_at is None or now - self.asked_at >= timedelta(days=1):
            return 0
        return self.mails


def accepted(text: str) -> str | None:
    """The address as it is kept, carriers' odd ones too (``abc..def@docomo.ne.jp``); None: it is none."""
    address = text.strip()
    return address if is_mail_address(address) else None


def token(secrets: Secrets, claim: Claim) -> str:
    """The claim as a word that a link can carry."""
    payload = f"{claim.account_id}.{claim.place}.{claim.version}".encode()
    signature = secrets.sign(PURPOSE, payload)[:SIGNATURE_BYTES]
    return urlsafe_b64encode(signature + payload).rstrip(b"=").decode()


def read(secrets: Secrets, text: str) -> Claim | None:
    """What the word claims; None for whatever we have not made, letter by letter."""
    if len(text) > TOKEN_LIMIT or not text.isascii():
        return None
    try:
        raw = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (Error, ValueError):
        return None
    signature, payload = raw[:SIGNATURE_BYTES], raw[SIGNATURE_BYTES:]
    found = _PAYLOAD.fullmatch(payload)
    if found is None or not hmac.compare_digest(secrets.sign(PURPOSE, payload)[:SIGNATURE_BYTES], signature):
        return None
    claim = Claim(int(found[1]), int(found[2]), int(found[3]))
    return claim if token(secrets, claim) == text else None
