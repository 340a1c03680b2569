"""Which addresses the server may reach out to, and which hosts a URL may name. Rules only: nobody is asked."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urljoin, urlsplit

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_URL = 8192
DEFAULT_PORTS = {"http": 80, "https": 443}

_NAME = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*\Z")
_PLACE = re.compile(r"(\[(?P<six>[0-9a-f:.]*:[0-9a-f:.]*)\]|(?P<name>[^\[\]:]+))(:(?P<port>[0-9]{1,5}))?\Z")
_NUMBER = re.compile(r"([0-9]+|0x[0-9a-f]*)\Z")

# Written out, because what `ipaddress` calls private differs between Python versions.
_CLOSED_V4 = tuple(
    ipaddress.IPv4Network(each)
    for each in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' own; Alibaba's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # Azure's own, on a public address
        "169.254.0.0/16",  # link-local; metadata of most clouds
        "172.16.0.0/12",
        "192.0.0.0/24",  # Oracle's metadata
        "192.0.2.0/24",
        "192.88.99.0/24",  # relays to 6to4
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
    )
)
_OPEN_V6 = ipaddress.IPv6Network("2000::/3")
"""All that is given out to the public. What lies outside is closed: ``::1``, ``::ffff:0:0/96`` and ``::/96`` (IPv4 in
disguise), NAT64 ``64:ff9b::/96``, ``fc00::/7``, ``fe80::/10``, ``ff00::/8``, and what nobody has."""
_CLOSED_V6 = tuple(
    ipaddress.IPv6Network(each)
    for each in (
        "2001::/23",  # protocols, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4: IPv4 in disguise
        "3fff::/20",
    )
)


class Refused(Exception):
    """A URL, host or address that is not reached for. The text is a word for the log."""


@dataclass(frozen=True)
class Target:
    """Where a request goes. ``host`` is a name in lower case or an IP address without brackets."""

    scheme: Literal["http", "https"]
    host: str
    port: int
    path: str
    """With the query; secret."""

    @property
    def place(self) -> str:
        """Host and port, as they stand in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.place}{self.path}"


def target_of(url: str) -> Target:
    """Read a URL strictly: whatever two readers could understand differently is ``Refused``."""
    _require_plain(url)
    try:
        parts = urlsplit(url)
    except ValueError:
        raise Refused("spelling") from None
    if parts.scheme not in ("http", "https"):
        raise Refused("scheme")
    if "@" in parts.netloc:
        raise Refused("userinfo")
    if not (place := _PLACE.match(parts.netloc.lower())):
        raise Refused("host")
    scheme: Literal["http", "https"] = "https" if parts.scheme == "https" else "http"
    port = int(place["port"] or DEFAULT_PORTS[scheme])
    if not 0 < port < 65536:
        raise Refused("port")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme, host_of(place["six"] or place["name"]), port, path)


def host_of(host: str) -> str:
    """A host as it is compared and asked for. Numbers that are no plain IP address are ``Refused``: some resolvers
    read ``2130706433``, ``0x7f.1`` and ``0177.0.0.1`` as 127.0.0.1."""
    host = host.lower()
    if (address := literal(host)) is not None:
        return str(address)
    if not _NAME.match(host) or _NUMBER.match(host.rpartition(".")[2]):
        raise Refused("host")
    return host


def literal(host: str) -> Address | None:
    """The address that ``host`` is, in its plain spelling."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if "%" in host else address


def is_public(address: Address) -> bool:
    """Whether it belongs to the public network, and to nothing that only looks like it."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _CLOSED_V4)
    return address in _OPEN_V6 and not any(address in network for network in _CLOSED_V6)


def is_listed(host: str, port: int, listed: tuple[str, ...]) -> bool:
    """Whether the operator has named this host, or this host and port."""
    shown = f"[{host}]" if ":" in host else host
    names = {name.lower() for name in listed}
    return not names.isdisjoint({host, shown, f"{shown}:{port}"})


def redirected(target: Target, location: str) -> Target:
    """Where a redirect leads: the same host, by the same scheme and port, or from plain http to https.

    Everything else is ``Refused``.
    """
    _require_plain(location)
    following = target_of(urljoin(target.url, location))
    same = (following.scheme, following.port) == (target.scheme, target.port)
    upgrade = (target.scheme, target.port, following.scheme, following.port) == ("http", 80, "https", 443)
    if following.host != target.host or not (same or upgrade):
        raise Refused("redirect")
    return following


def _require_plain(url: str) -> None:
    if len(url) > MAX_URL or not url.isascii() or re.search(r"[\x00-\x20\x7f\\]", url):
        raise Refused("spelling")
