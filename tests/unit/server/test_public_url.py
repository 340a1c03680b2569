"""The public URL is an origin, as browsers write it, or is refused when it is read."""

from __future__ import annotations

import pytest

from server.origin import own_origin
from server.settings import WrongSettings, load

SOUND = {
    "": "",
    "https://renraku.example.co.jp": "https://renraku.example.co.jp",
    "https://renraku.example.co.jp/": "https://renraku.example.co.jp",
    "http://192.0.2.7:8080": "http://192.0.2.7:8080",
    "https://[2001:db8::7]:8443": "https://[2001:db8::7]:8443",
    "https://xn--wgv71a.example": "https://xn--wgv71a.example",
}
WRONG = [
    "renraku.example",
    "ftp://renraku.example",
    "https://",
    "https:///",
    "https://renraku.example/talk",
    "https://renraku.example:80a",
    "https://renraku.example:",
    "https://renraku.example:99999",
    "https://renraku.example:0",
    "https://:443",
    "https://sano@renraku.example",
    "https://sano:geheim@renraku.example",
    "https://renraku.example?",
    "https://renraku.example?a=b",
    "https://renraku.example#a",
    "https://renraku example",
    "https://連絡.example",
    "https://[::1",
    "https://renraku.example\\x",
]


@pytest.mark.parametrize("url", SOUND)
def test_an_origin_is_taken(url: str):
    settings = load({}, public_url=url)
    assert settings.public_url == SOUND[url]
    if url:
        assert own_origin({"type": "http", "scheme": "http", "headers": []}, settings) == SOUND[url]


@pytest.mark.parametrize("url", WRONG)
def test_what_is_none_is_refused_by_name(url: str):
    with pytest.raises(WrongSettings, match="RENRAKU_PUBLIC_URL"):
        load({}, public_url=url)
