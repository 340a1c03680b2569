"""Where clamd listens: ``unix:/path`` or ``tcp://host:port``."""

from __future__ import annotations

import ipaddress
from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class ClamdAddress:
    """A path, or a host and a port."""

    path: str = ""
    host: str = ""
    port: int = 0


def parse_clamd(address: str) -> ClamdAddress:
    """Raises ``ValueError`` that says what is wrong."""
    if address.startswith("unix:/"):
        return ClamdAddress(path=address.removeprefix("unix:"))
    parts = urlsplit(address)
    more = parts.path or parts.query or parts.fragment or parts.username
    if parts.scheme != "tcp" or not parts.hostname or not parts.port or more:
        raise ValueError("must be unix:/path or tcp://host:port")
    return ClamdAddress(host=parts.hostname, port=parts.port)


def require_listed(place: ClamdAddress, hosts: Collection[str]) -> None:
    """Whole files go there: to this machine, or to one that the operator lists. Raises ``ValueError``."""
    if not place.path and not _is_here(place.host) and not {place.host, f"{place.host}:{place.port}"} & set(hosts):
        raise ValueError(f"clamd is on another machine: {place.host} must stand here too")


def _is_here(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
