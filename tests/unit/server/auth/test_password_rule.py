"""Which passwords are let through, and the exact reason when not."""

from __future__ import annotations

import time

import pytest

from server.auth.password_rule import check_password, could_be_password
from server.errors import Invalid

LOGIN = "sano@hokuto.example"
COMPANY = "北斗精機株式会社"


def reason(password: str) -> str | None:
    try:
        check_password(password, LOGIN, COMPANY)
    except Invalid as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    ("password", "expected"),
    [
        ("", "password_short"),
        ("x", "password_short"),
        ("xq7!vbm", "password_short"),
        ("xq7!vbm2", None),
        ("ひらがなでも八字", None),
        # Code points are counted, not UTF-16 units: four of these are eight halves.
        ("𠮷𠮷𠮷𠮷", "password_short"),
        ("q7" * 32, None),
        ("q7" * 512, None),
        ("q7" * 512 + "x", "password_long"),
        # 1,024 characters, but 3,072 bytes.
        ("鍵" * 1024, "password_long"),
        ("q" * 1_000_000, "password_long"),
        ("good enough\x00", "password_characters"),
        ("good enough\ud800", "password_characters"),
        ("password", "password_common"),
        ("12345678", "password_common"),
        ("PassWord", "password_common"),
        ("ｐａｓｓｗｏｒｄ", "password_common"),
        ("sano@hokuto.example", "password_guessable"),
        ("SANO2027!", "password_guessable"),
        ("hokuto2027", "password_guessable"),
        ("北斗精機2027", "password_guessable"),
        ("renraku-2027", "password_guessable"),
        ("renraku-is-what-we-use", None),
        ("correct horse battery", None),
        (" leading and trailing ", None),
    ],
)
def test_a_password_is_let_through_or_refused_for_its_own_reason(password: str, expected: str | None):
    assert reason(password) == expected


def test_a_megabyte_is_refused_without_work():
    check_password("warms the list", LOGIN, COMPANY)
    started = time.perf_counter()

    assert reason("a" * 1_000_000) == "password_long"

    assert time.perf_counter() - started < 0.1


def test_the_rule_names_its_number():
    with pytest.raises(Invalid) as refused:
        check_password("short", LOGIN, COMPANY)
    assert refused.value.details == {"limit": 8}


def test_a_short_word_of_the_company_does_not_forbid_everything():
    assert check_password("abcdefgh-9", "a@b.example", "A B") == "abcdefgh-9"


@pytest.mark.parametrize("absurd", ["", "a" * 1025, "鍵" * 400, "x\x00y", "\udfff", "a" * 1_000_000])
def test_what_cannot_be_a_password_is_known_before_hashing(absurd: str):
    assert not could_be_password(absurd)


@pytest.mark.parametrize("possible", ["x", "a" * 1024, "鍵" * 341, "短い"])
def test_what_was_accepted_under_any_rule_may_be_tried(possible: str):
    assert could_be_password(possible)
