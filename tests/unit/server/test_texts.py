"""Every refusal has a sentence in both languages, and every template's text exists."""

from __future__ import annotations

import re
import string
from pathlib import Path

import pytest

from server.catalogue import CATALOGUE
from server.errors import AppError, Busy, Forbidden, Invalid
from server.texts import LANGUAGES, preferred, sentence, text, title
from tests.tools.refusals import refusal_codes

ROOT = Path(__file__).parents[3]


def test_every_code_has_a_sentence():
    codes = refusal_codes()
    assert {"not_owner", "signin_wrong", "too_large"} <= set(codes), "the search found too little to mean anything"
    missing = {code: where for code, where in codes.items() if f"error.{code}" not in CATALOGUE}
    assert missing == {}


@pytest.mark.parametrize("key", CATALOGUE)
def test_both_languages_say_the_same(key: str):
    both = CATALOGUE[key]
    variables = [{name for _, name, _, _ in string.Formatter().parse(both[each]) if name} for each in LANGUAGES]
    assert variables[0] == variables[1]
    assert all(both[language].strip() for language in LANGUAGES)
    assert "！" not in both["ja"]


def test_every_text_of_a_template_exists():
    asked = {
        key
        for page in (ROOT / "web" / "templates").glob("*.html")
        for key in re.findall(r"\bt\('([a-z._]+)'", page.read_text())
    }
    assert asked, "no template was read"
    assert asked <= set(CATALOGUE)


def test_numbers_and_fields_stand_in_the_sentence():
    assert sentence(Busy(retry_ms=1500), "ja") == "混み合っています。2秒後にもう一度お試しください。"
    assert sentence(Invalid("required", field="name"), "en") == "Please enter name."
    assert sentence(Invalid("password_short", limit=8), "ja") == "パスワードは8文字以上にしてください。"


def test_a_sentence_never_fails():
    assert sentence(Busy(), "ja") == "混み合っています。…秒後にもう一度お試しください。"
    assert sentence(Forbidden("a code nobody knows"), "en") == sentence(Forbidden(), "en")
    assert title(AppError(), "en")


def test_a_text_that_does_not_exist_is_a_bug():
    with pytest.raises(KeyError):
        text("ja", "no.such.key")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("en-US,en;q=0.9,ja;q=0.8", "en"),
        ("ja,en;q=0.9", "ja"),
        ("fr,de;q=0.9", "ja"),
        ("en;q=0.1,ja;q=0.9", "ja"),
        ("en;q=0", "ja"),
        ("", "ja"),
        ("en;q=rubbish", "ja"),
        ("x" * 100_000, "ja"),
    ],
)
def test_the_browser_is_asked_for_its_language(header: str, language: str):
    assert preferred(header) == language
