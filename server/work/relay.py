"""The address of the server that carries our mails on, as ``RENRAKU_SMTP_URL`` gives it."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

Tls = Literal["offered", "required", "off"]

_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True, slots=True)
class Relay:
    """Where mails are handed over, and how: by name and password, and under TLS."""

    host: str
    port: int
    implicit_tls: bool = False
    tls: Tls = "offered"
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def needs_tls(self) -> bool:
        """Whether nothing may be said without it: when asked for, and for a password that leaves this machine."""
        if self.tls == "off" or self.implicit_tls:
            return False
        return self.tls == "required" or (bool(self.password) and not _is_here(self.host))

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


def parse_relay(url: str) -> Relay:
    """``smtp://`` or ``smtps://``, ``[user:password@]host[:port]``, ``?tls=``. ``ValueError`` says what is wrong."""
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname:
        raise ValueError("must begin with smtp:// or smtps://, and name a host")
    if parts.path not in ("", "/") or parts.fragment:
        raise ValueError("must have no path")
    # A port that is none raises here.
    port = parts.port or _PORTS[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if bool(user) != bool(password):
        raise ValueError("must have both a user and a password, or neither")
    return Relay(parts.hostname, port, parts.scheme == "smtps", _tls(parts.query), user, password)


def _tls(query: str) -> Tls:
    match parse_qsl(query, keep_blank_values=True):
        case []:
            return "offered"
        case [("tls", "required")]:
            return "required"
        case [("tls", "off")]:
            return "off"
    raise ValueError("knows only ?tls=required and ?tls=off")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
