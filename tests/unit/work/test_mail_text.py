"""What stands in a mail: nothing that somebody typed becomes a header, a second recipient or a second mail."""

from __future__ import annotations

import email.policy
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage

import pytest

from server.settings import Settings, WrongSettings, load
from server.text import is_mail_address
from server.work import mail
from server.work.mail import Mail
from server.work.relay import Relay, parse_relay

FROM = "連絡 係 <renraku@hokuto.example>"
TEXT = "山田 様\n\n本文\n"


def read(subject: str = "件名", sender: str = FROM, text: str = TEXT, to: str = "a@b.example") -> EmailMessage:
    made = Mail(1, datetime(2026, 11, 22, tzinfo=UTC), "test", to, subject, text, "x@y.example", 1)
    found = message_from_bytes(mail.written(made, sender), policy=email.policy.default)
    assert isinstance(found, EmailMessage)
    return found


def body(found: EmailMessage) -> str:
    content: str = found.get_content()
    return content.replace("\r\n", "\n")


@pytest.mark.parametrize("evil", ["\r\nBcc: all@b.example", "\n\n<script>", "\r", "\u2028X: y", "\n", "\x0bX: y"])
def test_a_subject_is_one_line_whatever_it_holds(evil: str):
    found = read(f"件名{evil}")
    assert found["bcc"] is None and found["x"] is None
    assert found["subject"].startswith("件名") and not {"\r", "\n"} & set(found["subject"])
    assert body(found) == TEXT and found["to"] == "a@b.example"


@pytest.mark.parametrize("evil", ["係\r\nBcc: all@b.example", "係\n", '"係, 長"', "係<x@y.example>"])
def test_a_senders_name_cannot_add_a_header(evil: str):
    found = read(sender=f"{evil} <renraku@b.example>")
    assert found["bcc"] is None and len(found["from"].addresses) <= 1
    assert body(found) == TEXT


@pytest.mark.parametrize("text", ["plain\n", "x" * 5000 + "\n", "From here\n.\nthere\n", "「」" * 800 + "\n"])
def test_a_text_arrives_as_it_was_written_through_lines_of_seven_bits(text: str):
    found = read(text=text)
    assert found.as_bytes().isascii() and max(map(len, found.as_bytes().splitlines())) < 998
    assert body(found) == text


@pytest.mark.parametrize(
    "address",
    ["", "x", "a@b\r\nRCPT TO:<c@d>", "a@b c", "<a@b>", "a@b, c@d", "a@b>", "あ@b", "a@", "a@b@c", "a@-b", "a@b\n"],
)
def test_what_is_no_address(address: str):
    assert not is_mail_address(address)


@pytest.mark.parametrize("address", ["a@b", "abc..def.@docomo.ne.jp", ".x@docomo.ne.jp", "o'neil+1@mail.example"])
def test_what_is_one(address: str):
    assert is_mail_address(address)
    assert str(read(to=address)["to"]) == address


@pytest.mark.parametrize(
    ("url", "relay"),
    [
        ("smtp://mail.example", Relay("mail.example", 25)),
        ("smtp://u:p%40ss@mail.example:587", Relay("mail.example", 587, user="u", password="p@ss")),
        ("smtps://mail.example", Relay("mail.example", 465, implicit_tls=True)),
        ("smtp://mail.example:25?tls=required", Relay("mail.example", 25, tls="required")),
        ("smtp://mail.example?tls=off", Relay("mail.example", 25, tls="off")),
        ("smtp://[::1]:2525/", Relay("::1", 2525)),
    ],
)
def test_a_relay_is_read_from_its_address(url: str, relay: Relay):
    assert parse_relay(url) == relay


@pytest.mark.parametrize(
    ("url", "needs"),
    [
        ("smtp://mail.example", False),
        ("smtp://mail.example?tls=required", True),
        ("smtp://u:p@mail.example", True),
        ("smtp://u:p@mail.example?tls=off", False),
        ("smtp://u:p@127.0.0.1", False),
        ("smtp://u:p@localhost", False),
        ("smtps://u:p@mail.example", False),
    ],
)
def test_a_password_leaves_this_machine_under_tls_only(url: str, needs: bool):
    assert parse_relay(url).needs_tls is needs


@pytest.mark.parametrize(
    "url", ["mail.example", "http://x", "smtp://", "smtp://x/path", "smtp://u@x", "smtp://x:0x", "smtp://x?tls=maybe"]
)
def test_a_wrong_relay_stops_the_start(url: str):
    with pytest.raises(WrongSettings, match="RENRAKU_SMTP_URL"):
        load({}, smtp_url=url)


def test_a_relay_shows_no_password():
    assert "geheim" not in repr(parse_relay("smtp://u:geheim@x")) + str(parse_relay("smtp://u:geheim@x"))


@pytest.mark.parametrize(
    ("given", "sender", "domain"),
    [
        ({}, "renraku@localhost", "localhost"),
        ({"public_url": "https://renraku.example"}, "renraku@renraku.example", "renraku.example"),
        ({"public_url": "https://[::1]"}, "renraku@localhost", "localhost"),
        ({"mail_from": "連絡 <r@b.example>", "public_url": "https://x"}, "連絡 <r@b.example>", "b.example"),
    ],
)
def test_who_sends(given: dict[str, str], sender: str, domain: str):
    settings = Settings(**given)  # type: ignore[arg-type]
    assert (mail.sender(settings), mail.sender_domain(settings)) == (sender, domain)


@pytest.mark.parametrize("wrong", ["連絡", "a@b\r\nBcc: c@d", "x <y>"])
def test_a_wrong_sender_stops_the_start(wrong: str):
    with pytest.raises(WrongSettings, match="RENRAKU_MAIL_FROM"):
        load({}, mail_from=wrong)
