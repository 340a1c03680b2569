"""No socket of a test leaves this machine, and no name is asked of the outside.

An audit hook and no patch: it also sees whoever imported `socket` before us. It stays for
the life of the process, because Python has no way to take one out again.
"""

import ipaddress
import sys
from collections.abc import Iterator
from typing import Any

import pytest

LOCAL_NAMES = {"", "localhost", "ip6-localhost"}
attempts: list[str] = []


class OutsideWorld(RuntimeError):
    """A test tried to talk to another machine."""


@pytest.fixture(autouse=True)
def nobody_left_the_machine() -> Iterator[None]:
    """Fail a test that tried, even if the code under test swallowed the refusal."""
    attempts.clear()
    yield
    assert not attempts, f"this test reached for the network: {', '.join(attempts)}"


def refuse_the_outside(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        host, harmless = arguments[0], is_literal(arguments[0]) or is_local(arguments[0])
    elif event in ("socket.connect", "socket.sendto"):
        # A path (str or bytes) is a Unix socket.
        address = arguments[1]
        host, harmless = address, not isinstance(address, tuple) or is_local(address[0])
    else:
        return
    if not harmless:
        attempts.append(f"{event} {host}")
        raise OutsideWorld(f"{event} {host}: a test may only talk to this machine")


def is_local(host: str | bytes | None) -> bool:
    if host is None or text(host).lower() in LOCAL_NAMES:
        return True
    if not is_literal(host):
        return False
    address = ipaddress.ip_address(text(host).partition("%")[0])
    return address.is_loopback or address.is_unspecified


def is_literal(host: str | bytes | None) -> bool:
    try:
        ipaddress.ip_address(text(host or "").partition("%")[0])
    except ValueError:
        return False
    return True


def text(host: str | bytes) -> str:
    return host.decode("ascii", "replace") if isinstance(host, bytes) else host


sys.addaudithook(refuse_the_outside)
