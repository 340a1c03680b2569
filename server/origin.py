"""Where a request comes from and where it thinks it is going: hosts and origins, compared exactly."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from starlette.types import Scope

from server.settings import Settings

HOST_LIMIT = 300
"""A name has at most 253 letters. What is remembered is whatever strangers have sent."""
_DEFAULT_PORTS = {"http": 80, "https": 443}
_SECURE_OF = {"http": "http", "https": "https", "ws": "http", "wss": "https"}


def is_public(settings: Settings) -> bool:
    """Whether people come by an address that others than this machine can reach."""
    host = _public_host(settings)
    return host is not None and not is_loopback(host)


def header_values(scope: Scope, name: bytes) -> list[str]:
    """All values of a header, in their order."""
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def header(scope: Scope, name: bytes) -> str | None:
    """A header that may stand once; None when it is missing or stands there twice."""
    values = header_values(scope, name)
    return values[0] if len(values) == 1 else None


def host_name(scope: Scope) -> str | None:
    """The name that was asked for, lower case and without port; an IPv6 address in brackets."""
    parsed = _parse_host(header(scope, b"host") or "")
    return parsed[0] if parsed else None


def is_loopback(host: str) -> bool:
    """Whether this name can only be this very machine: there browsers trust plain http."""
    if host == "localhost":
        return True
    address = _address(host)
    return address is not None and address.is_loopback


def host_is_allowed(host: str | None, settings: Settings) -> bool:
    """Loopback, an IP address, or a name the operator gave: others are somebody's trick (DNS rebinding)."""
    if host is None:
        return False
    named = {name.lower() for name in settings.hosts}
    return is_loopback(host) or _address(host) is not None or host in named or host == _public_host(settings)


def is_https(scope: Scope, settings: Settings) -> bool:
    """Whether the browser speaks TLS with us, or with the proxy that carries our public name."""
    if _SECURE_OF[scope["scheme"]] == "https":
        return True
    return settings.public_url.startswith("https://") and host_name(scope) == _public_host(settings)


def own_origin(scope: Scope, settings: Settings) -> str | None:
    """The origin that our own pages have for this request."""
    if settings.public_url:
        return _normal_origin(settings.public_url)
    host = header(scope, b"host")
    return _normal_origin(f"{_SECURE_OF[scope['scheme']]}://{host}") if host else None


def check_origin(scope: Scope, settings: Settings) -> bool:
    """Whether exactly our own page asks. A missing Origin is refused: every browser sends it where we ask."""
    origin = header(scope, b"origin")
    return origin is not None and _normal_origin(origin) == own_origin(scope, settings) is not None


def is_our_page(scope: Scope, settings: Settings) -> bool:
    """Whether a request that changes something comes from our own page (CSRF).

    The browser's own word counts first; old browsers, and plain http, have only the Origin.
    """
    site: Iterable[str] = header_values(scope, b"sec-fetch-site")
    if site:
        return list(site) == ["same-origin"]
    return check_origin(scope, settings)


def _public_host(settings: Settings) -> str | None:
    return urlsplit(settings.public_url).hostname if settings.public_url else None


def _normal_origin(origin: str) -> str | None:
    """``scheme://host[:port]`` in lower case, without a default port; None for anything else."""
    scheme, separator, rest = origin.partition("://")
    scheme = scheme.lower()
    parsed = _parse_host(rest)
    if not separator or scheme not in _DEFAULT_PORTS or parsed is None:
        return None
    host, port = parsed
    return f"{scheme}://{host}" if port in (None, _DEFAULT_PORTS[scheme]) else f"{scheme}://{host}:{port}"


def _parse_host(value: str) -> tuple[str, int | None] | None:
    """Name and port of a Host header's value; None for what is none."""
    return _parsed(value) if len(value) <= HOST_LIMIT else None


@lru_cache(maxsize=256)
def _parsed(value: str) -> tuple[str, int | None] | None:
    if not value or any(char in "/\\@?#, \t" for char in value) or not value.isascii():
        return None
    try:
        parts = urlsplit(f"//{value}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or value.endswith(":"):
        return None
    return (f"[{host}]" if ":" in host else host), port


@lru_cache(maxsize=256)
def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None
