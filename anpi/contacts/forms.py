"""What is sent and answered over HTTP about 安否の連絡先, and about people whom no mail reaches."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from anpi.contacts.model import State


class NewContact(Struct, forbid_unknown_fields=True):
    """An address to be asked about, and kept."""

    address: Annotated[str, Meta(max_length=300)]


class ContactRow(Struct, omit_defaults=True):
    """One of one's own addresses. ``asked_at``: when the mail that asks went, in milliseconds; 0: not yet."""

    place: int
    address: str
    state: State
    asked_at: int = 0


class Contacts(Struct):
    """One's own addresses, how many there may be, and from whom mails come: what a phone must let through
    (指定受信)."""

    contacts: list[ContactRow]
    limit: int
    sender: str


class UnreachableRow(Struct, omit_defaults=True):
    """Somebody whom no mail reaches. ``company``: Email 1 is missing, sent back or good; of his own addresses only
    how many there are, are confirmed, and are sent back (A12)."""

    id: int
    name: str
    kana: str
    department: str
    company: Literal["none", "bad", "ok"]
    registered: int = 0
    confirmed: int = 0
    bad: int = 0
    push: bool = False


class Unreachable(Struct):
    """届かない人, by name. ``people`` counts all of them, ``scope`` everybody with an 安否ログインID.

    With ``more`` there are others after the last.
    """

    rows: list[UnreachableRow]
    people: int
    scope: int
    more: bool
