"""How text is folded for finding and sorting."""

from __future__ import annotations

import pytest

from server.text import folded


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("サノ ハルカ", "さの はるか"),
        ("ｻﾉ ﾊﾙｶ", "さの はるか"),
        ("ＳＡＮＯ", "sano"),
        ("ガギグ", "がぎぐ"),
        ("ヴァイオリン", "ゔぁいおりん"),
        ("Straße", "STRASSE"),
    ],
)
def test_width_case_and_kana_make_no_difference(one: str, other: str):
    assert folded(one) == folded(other)


@pytest.mark.parametrize(("one", "other"), [("はは", "ばば"), ("佐野", "佐之"), ("a", "b")])
def test_what_differs_stays_different(one: str, other: str):
    assert folded(one) != folded(other)
