"""Tokens of links and the numbers of forms: only what we made is read, letter by letter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anpi.answers import tokens
from anpi.answers.tokens import Form, Ticket
from server.secrets import Secrets
from server.settings import Settings

SECRETS = Secrets(b"1" * 32)
KEY = b"k" * tokens.KEY_BYTES
NUMBERS = st.integers(0, 2**53)


@given(NUMBERS, NUMBERS, st.sampled_from(["mail", "push", "sms"]))
def test_a_token_gives_back_what_it_was_made_of(incident: int, account: int, via: tokens.Via):
    token = tokens.make(SECRETS, incident, account, via)
    assert tokens.read(SECRETS, token) == Ticket(incident, account, via)
    assert len(token) <= tokens.TOKEN_LIMIT
    assert token.isascii() and not set(token) & set("/+=?&")


def test_it_is_short_enough_for_a_line_of_a_mail():
    assert len(tokens.make(SECRETS, 12, 200_000)) <= 30


@given(NUMBERS, NUMBERS, st.integers(0), st.integers(1, 255))
def test_one_changed_bit_makes_it_nothing(incident: int, account: int, place: int, change: int):
    token = bytearray(tokens.make(SECRETS, incident, account).encode())
    token[place % len(token)] ^= change
    assert tokens.read(SECRETS, bytes(token).decode("latin-1")) is None


@given(st.text(max_size=80))
def test_whatever_else_is_given_is_nothing(text: str):
    assert tokens.read(SECRETS, text) is None
    assert tokens.read_nonce(SECRETS, tokens.make(SECRETS, 1, 2), text) is None


def test_another_servers_token_is_nothing():
    assert tokens.read(Secrets(b"2" * 32), tokens.make(SECRETS, 1, 2)) is None


def test_a_token_is_no_number_of_a_form_nor_the_other_way():
    token = tokens.make(SECRETS, 1, 2)
    number = tokens.nonce(SECRETS, token, 1, 5, KEY)
    assert tokens.read(SECRETS, number) is None
    assert tokens.read_nonce(SECRETS, token, token) is None


@given(NUMBERS, NUMBERS)
def test_a_forms_number_is_worth_nothing_with_another_link(incident: int, at: int):
    own, other = tokens.make(SECRETS, incident, 1), tokens.make(SECRETS, incident, 2)
    number = tokens.nonce(SECRETS, own, incident, at, KEY)
    found = tokens.read_nonce(SECRETS, own, number)
    assert found is not None and (found.incident, found.at) == (incident, at)
    assert tokens.read_nonce(SECRETS, other, number) is None


def test_two_openings_give_two_numbers():
    token = tokens.make(SECRETS, 1, 2)
    first, second = (
        tokens.read_nonce(SECRETS, token, tokens.nonce(SECRETS, token, 1, 5, key)) for key in (KEY, KEY[:-1] + b"x")
    )
    assert isinstance(first, Form) and isinstance(second, Form) and first.key != second.key


@pytest.mark.parametrize("language, end", [("", ""), ("en", "?lang=en")])
def test_a_link_begins_with_the_public_address(language: str, end: str):
    settings = Settings(public_url="https://renraku.example.co.jp/")
    link = tokens.link(settings, SECRETS, 7, 3, language=language)
    assert link == f"https://renraku.example.co.jp/a/{tokens.make(SECRETS, 7, 3)}{end}"


def test_without_a_public_address_there_is_no_link(tmp_path):
    assert tokens.link(Settings(var=tmp_path), SECRETS, 7, 3) == ""
