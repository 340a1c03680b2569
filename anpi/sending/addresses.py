"""An address as a key, and by what pace one writes to it."""

from __future__ import annotations

import re

from server.secrets import Secrets

PURPOSE = "anpi address"
KEY_HEX = 32

# Whose servers turn a sender away who writes too fast, by their domains.
_LANES = {
    "docomo": ("docomo.ne.jp",),
    "au": ("ezweb.ne.jp", "au.com", "uqmobile.jp"),
    "softbank": ("softbank.ne.jp", "i.softbank.jp", "vodafone.ne.jp", "ymobile.ne.jp", "ymail.ne.jp"),
    "gmail": ("gmail.com", "googlemail.com"),
    "microsoft": ("outlook.jp", "outlook.com", "hotmail.com", "hotmail.co.jp", "live.jp", "icloud.com"),
}
_LANE_OF = {domain: lane for lane, domains in _LANES.items() for domain in domains}
MAIL = "mail"
"""Every other mail: a company's own server takes what comes."""
PUSH, TALK, SMS = "push", "talk", "sms"
_ANY = re.compile(r"[^\s<>()\"':,;]+\"?@[^\s<>()\"',;]+")
_IN_ANGLES = re.compile(r"<[^<>#]*>")
"""Some write only the part before the @ there."""
_CODES = re.compile(r"(?:[245]\d\d(?:[ -][245]\.\d{1,3}\.\d{1,3})?|[245]\.\d{1,3}\.\d{1,3})(?![\w.])")
PACED = tuple(_LANES)
LANES = (MAIL, *PACED, TALK, PUSH, SMS)


def key(secrets: Secrets, address: str) -> str:
    """What stands for an address after it has been forgotten: the same address gives the same key, and nobody without
    our secret can find the address by trying."""
    local, _, domain = address.rpartition("@")
    return secrets.sign(PURPOSE, f"{local}@{domain.lower()}".encode()).hex()[:KEY_HEX]


def lane(address: str) -> str:
    """By which pace one writes to it."""
    domain = address.rpartition("@")[2].lower()
    return _LANE_OF.get(domain) or _lane_of_parent(domain)


def without_addresses(text: str) -> str:
    """What another server said, without the addresses in it: administrators read it, and a person's own addresses are
    seen by nobody else (A12)."""
    return _ANY.sub("…", _IN_ANGLES.sub("<…>", text))


def code_alone(text: str) -> str:
    """Of what another server said only the number at its beginning: its words may hold parts of the address."""
    found = _CODES.match(text)
    return found[0] if found else ""


def _lane_of_parent(domain: str) -> str:
    """``abc.vodafone.ne.jp`` and the like: carriers have had a domain for each region."""
    return _LANE_OF.get(domain.partition(".")[2], MAIL)
