"""After signing in one comes to where one wanted to go, and never to another site."""

from __future__ import annotations

import pytest

from web.nextpage import safe_next


@pytest.mark.parametrize("own", ["/", "/talk", "/talk/3?at=5", "/settings", "/anpi/?C=abc"])
def test_a_path_of_ours_is_kept(own: str):
    assert safe_next(own) == own


@pytest.mark.parametrize(
    "foreign",
    [
        "",
        "talk",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "https://evil.example",
        "javascript:alert(1)",
        "/talk\r\nSet-Cookie: a=b",
        "/talk\\x",
        "/\tx",
        "/トーク",
        "/signin",
        "/signin?next=/signin",
        "/signout",
        "/password",
        "/setup",
        "/welcome",
        "/" + "a" * 500,
    ],
)
def test_anything_else_is_forgotten(foreign: str):
    assert safe_next(foreign) == ""
