"""Whom the server may reach out to: every way to write or disguise an address of one's own network."""

from __future__ import annotations

import ipaddress

import pytest

from server.work.addresses import Refused, Target, host_of, is_listed, is_public, redirected, target_of

CLOSED = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",  # IPv4-compatible
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::ffff:0:127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::808:808",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",  # Teredo
    "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "2001:10::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2002:808:808::1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "4000::1",
]
OPEN = ["1.1.1.1", "8.8.8.8", "100.63.255.255", "100.128.0.1", "172.32.0.1", "192.0.1.1", "223.255.255.254"]
OPEN += ["2001:4860:4860::8888", "2400:cb00::1", "2606:4700::1111", "2a00:1450::1", "2001:200::1"]


@pytest.mark.parametrize("address", CLOSED)
def test_an_address_that_is_not_of_the_public_network_is_closed(address):
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OPEN)
def test_a_public_address_is_open(address):
    assert is_public(ipaddress.ip_address(address))


SOUND = {
    "https://www.jma.go.jp": Target("https", "www.jma.go.jp", 443, "/"),
    "http://WWW.Example.co.jp:8080/a/b?c=d#part": Target("http", "www.example.co.jp", 8080, "/a/b?c=d"),
    "https://example.com?x=1": Target("https", "example.com", 443, "/?x=1"),
    "https://xn--wgv71a119e.jp/": Target("https", "xn--wgv71a119e.jp", 443, "/"),
    "https://a_b.example/": Target("https", "a_b.example", 443, "/"),
    "http://8.8.8.8/": Target("http", "8.8.8.8", 80, "/"),
    "http://[2606:4700:0::1]:81/": Target("http", "2606:4700::1", 81, "/"),
    "https://4a.example.9x/": Target("https", "4a.example.9x", 443, "/"),
}


@pytest.mark.parametrize("url", SOUND)
def test_a_plain_url_is_read(url):
    assert target_of(url) == SOUND[url]


ODD = [
    "ftp://example.com/",
    "file:///etc/passwd",
    "gopher://example.com/",
    "javascript:alert(1)",
    "//example.com/",
    "example.com",
    "",
    "http://",
    "http:///path",
    "http:example.com",
    "https://user@example.com/",
    "https://user:password@example.com/",
    "https://example.com@127.0.0.1/",
    "https://example.com:80@127.0.0.1/",
    "https://example.com\\@127.0.0.1/",
    "https://example.com%2f@127.0.0.1/",
    "https://127.0.0.1%00.example.com/",
    "https://example.com./",
    "https://.example.com/",
    "https://a..example.com/",
    "https://-a.example.com/",
    "https://" + "a" * 64 + ".example.com/",
    "https://" + "a." * 130 + "com/",
    "https://日本.jp/",
    "https://ｅｘａｍｐｌｅ.com/",
    "https://１２７.0.0.1/",
    "https://①②⑦.⓪.⓪.①/",
    "https://exa mple.com/",
    "https://example.com/a b",
    "https://example.com/a\r\nHost: other",
    "https://example.com/\x00",
    "\thttps://example.com/",
    "https://example.com:0/",
    "https://example.com:/",
    "https://example.com:65536/",
    "https://example.com:eighty/",
    "https://example.com:-1/",
    "https://2130706433/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0X7F.1/",
    "https://017700000001/",
    "https://0177.0.0.1/",
    "https://127.1/",
    "https://127.0.1/",
    "https://127.0.0.01/",
    "https://1.2.3.4.5/",
    "https://256.1.1.1/",
    "https://example.0x/",
    "https://[::1/",
    "https://::1/",
    "https://[::1]x/",
    "https://[fe80::1%25eth0]/",
    "https://[fe80::1%eth0]/",
    "https://[127.0.0.1]/",
    "https://[v1.a]/",
    "https://[]/",
    "https://example.com/" + "a" * 9000,
]


@pytest.mark.parametrize("url", ODD)
def test_a_url_that_can_be_read_in_two_ways_is_refused(url):
    with pytest.raises(Refused):
        target_of(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[0:0:0:0:0:0:0:1]/",
        "http://0.0.0.0/",
    ],
)
def test_one_s_own_address_written_plainly_is_seen_as_what_it_is(url):
    assert not is_public(ipaddress.ip_address(target_of(url).host))


@pytest.mark.parametrize(
    ("listed", "found"),
    [
        ("feed.lan", True),
        ("FEED.lan", True),
        ("feed.lan:8080", True),
        ("feed.lan:80", False),
        ("lan", False),
        ("a.feed.lan", False),
        ("*.lan", False),
    ],
)
def test_a_host_is_listed_by_its_whole_name_or_with_its_port(listed, found):
    assert is_listed(host_of("Feed.LAN"), 8080, (listed,)) is found


@pytest.mark.parametrize("listed", ["::1", "[::1]", "[::1]:8080"])
def test_an_address_is_listed_as_people_write_it(listed):
    assert is_listed(host_of("0:0::1"), 8080, (listed,))


HERE = target_of("http://example.com/a")


@pytest.mark.parametrize(
    ("location", "path"),
    [
        ("/b?c", "/b?c"),
        ("http://example.com/b", "/b"),
        ("//example.com/b", "/b"),
        ("b", "/b"),
        ("https://EXAMPLE.com/b", "/b"),
    ],
)
def test_a_redirect_may_stay_on_its_host_or_become_safer(location, path):
    assert redirected(HERE, location).path == path


@pytest.mark.parametrize(
    "location",
    [
        "http://other.example/b",
        "http://example.com.other.example/",
        "http://www.example.com/",
        "//other.example/",
        "http://example.com:8080/",
        "https://example.com:8443/",
        "http://example.com@other.example/",
        "ftp://example.com/",
    ],
)
def test_a_redirect_elsewhere_is_refused(location):
    with pytest.raises(Refused):
        redirected(HERE, location)


def test_a_redirect_never_goes_back_to_plain_http():
    with pytest.raises(Refused):
        redirected(target_of("https://example.com/a"), "http://example.com/a")
