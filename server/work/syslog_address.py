"""Where a syslog is: ``udp://host:port``, ``tcp://host:port`` or ``unix:/dev/log``."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

PORTS = {"udp": 514, "tcp": 601}


@dataclass(frozen=True)
class SyslogAddress:
    """``scheme`` is udp, tcp or unix; the last has a path and nothing else."""

    scheme: str
    host: str = ""
    port: int = 0
    path: str = ""


def parse_syslog(url: str) -> SyslogAddress:
    """Raises ``ValueError`` that says what is wrong."""
    parts = urlsplit(url)
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        return SyslogAddress("unix", path=parts.path)
    more = parts.path or parts.query or parts.fragment or parts.username
    if parts.scheme not in PORTS or not parts.hostname or more:
        raise ValueError("must be udp://host:port, tcp://host:port or unix:/dev/log")
    return SyslogAddress(parts.scheme, parts.hostname, parts.port or PORTS[parts.scheme])
