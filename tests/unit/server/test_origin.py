"""Whose request it is: hosts and origins are compared exactly."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from server.origin import check_origin, host_is_allowed, host_name, is_https, is_loopback, is_our_page
from server.settings import Settings

PLAIN = Settings()
PUBLIC = Settings(public_url="https://renraku.example.co.jp", hosts=("intern.example",))


def request(scheme: str = "http", **headers: str) -> dict[str, Any]:
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http", "scheme": scheme, "headers": pairs}


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("localhost:8000", "localhost"),
        ("Example.CO.JP", "example.co.jp"),
        ("[::1]:8000", "[::1]"),
        ("127.0.0.1", "127.0.0.1"),
        ("a.example:99999", None),
        ("a.example:", None),
        ("user@a.example", None),
        ("a.example/x", None),
        ("a example", None),
        ("a\\b", None),
        ("", None),
        ("é.example", None),
    ],
)
def test_the_host_is_read_strictly(host: str, name: str | None):
    assert host_name(request(host=host)) == name


def test_a_host_longer_than_any_name_is_none_and_takes_no_memory():
    longest = f"{'a.' * 125}jp"
    assert host_name(request(host=f"{longest}:65535")) == longest
    tracemalloc.start()
    try:
        found = [host_name(request(host=f"{n}{'a' * 100_000}")) for n in range(10)]
        kept, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert found == [None] * 10 and kept < 50_000


def test_two_hosts_are_none():
    scope = request(host="a.example")
    scope["headers"].append((b"host", b"b.example"))
    assert host_name(scope) is None


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.9.1", "[::1]"])
def test_loopback_is_loopback(host: str):
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["localhost.example", "127.0.0.1.example", "192.168.1.5", "[fe80::1]", ""])
def test_what_only_looks_like_loopback_is_not(host: str):
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("host", "allowed"),
    [
        ("localhost", True),
        ("192.168.1.5", True),
        ("[2001:db8::1]", True),
        ("renraku.example.co.jp", True),
        ("intern.example", True),
        ("evil.example", False),
        ("sub.renraku.example.co.jp", False),
        (None, False),
    ],
)
def test_only_names_the_operator_gave_are_answered(host: str | None, allowed: bool):
    assert host_is_allowed(host, PUBLIC) is allowed


@pytest.mark.parametrize(
    ("host", "origin", "same"),
    [
        ("127.0.0.1:8000", "http://127.0.0.1:8000", True),
        ("127.0.0.1:80", "http://127.0.0.1", True),
        ("127.0.0.1", "http://127.0.0.1:80", True),
        ("127.0.0.1:8000", "https://127.0.0.1:8000", False),
        ("127.0.0.1:8000", "http://127.0.0.1:8001", False),
        ("127.0.0.1:8000", "http://127.0.0.1", False),
        ("127.0.0.1:8000", "http://127.0.0.1:8000.evil.example", False),
        ("127.0.0.1:8000", "http://127.0.0.1:8000/", False),
        ("127.0.0.1:8000", "null", False),
        ("127.0.0.1:8000", "", False),
        ("127.0.0.1:8000", "file://", False),
        ("127.0.0.1:8000", None, False),
    ],
)
def test_the_origin_must_be_exactly_our_own(host: str, origin: str | None, same: bool):
    headers = {"host": host} | ({} if origin is None else {"origin": origin})
    assert check_origin(request(**headers), PLAIN) is same


def test_a_websocket_has_the_origin_of_its_page():
    scope = request("wss", host="10.0.0.1", origin="https://10.0.0.1")
    assert check_origin(scope, PLAIN)


def test_with_a_public_address_only_that_counts():
    public = request(host="127.0.0.1:8000", origin="https://renraku.example.co.jp")
    direct = request(host="127.0.0.1:8000", origin="http://127.0.0.1:8000")
    assert check_origin(public, PUBLIC)
    assert not check_origin(direct, PUBLIC)


@pytest.mark.parametrize(
    ("headers", "ours"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "same-site"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"sec_fetch_site": ""}, False),
        # The browser's word goes before the Origin.
        ({"sec_fetch_site": "cross-site", "origin": "http://localhost"}, False),
        ({"origin": "http://localhost"}, True),
        ({"origin": "http://evil.example"}, False),
        ({}, False),
    ],
)
def test_a_change_comes_from_our_own_page_or_not_at_all(headers: dict[str, str], ours: bool):
    assert is_our_page(request(host="localhost", **headers), PLAIN) is ours


def test_the_public_name_behind_a_proxy_is_https():
    assert is_https(request(host="renraku.example.co.jp"), PUBLIC)
    assert not is_https(request(host="192.168.1.5"), PUBLIC)
    assert is_https(request("https", host="192.168.1.5"), PLAIN)
