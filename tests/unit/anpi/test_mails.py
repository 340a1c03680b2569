"""A mail of the safety check, read by the standard library, says exactly what was written, and in the right order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anpi.sending.mails import Recipient, Sender, Template, check
from anpi.sending.variables import Facts, filled
from anpi.sending.words import CANCELLED, Occasion
from server.clock import zone
from server.errors import Invalid

TOKYO = zone("Asia/Tokyo")
AT = datetime(2027, 4, 1, 0, 5, tzinfo=UTC)
QUAKE = Facts("5+", ("石川県能登",), at=AT)
OCCASION = Occasion(
    1,
    0,
    "災害発生/Disaster occurred",
    "{氏名}さん、落ち着いて行動してください。",
    cause="earthquake",
    facts=QUAKE,
    company="北斗商事株式会社",
    emergency="03-1234-5678",
)
LINK = "https://anpi.hokuto.example/a/AbCd_1-2"
YAMADA = Recipient("yamada@hokuto.example", "山田 太郎", "anpi-1@hokuto.example", LINK)
SENDER = Sender("anpi@hokuto.example", "北斗商事株式会社")

one_line = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")), min_size=1, max_size=200).filter(
    lambda text: text.strip() and not {"\ue000", "\ue001"} & set(text)
)
several_lines = st.text(
    st.one_of(st.characters(exclude_categories=("Cs", "Cc")), st.sampled_from("\n{}.=")), max_size=400
)


def read(content: bytes) -> EmailMessage:
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage) and not found.defects
    return found


def mail(occasion: Occasion = OCCASION, recipient: Recipient = YAMADA, language: str = "ja") -> EmailMessage:
    return read(Template(occasion, language, SENDER).mail(recipient, AT))


def lines(message: EmailMessage) -> list[str]:
    return str(message.get_content()).splitlines()


@given(title=one_line, message=several_lines, name=one_line, company=one_line, language=st.sampled_from(["ja", "en"]))
def test_whatever_was_typed_arrives_as_it_was_typed(title, message, name, company, language):
    occasion = replace(OCCASION, title=title, message=message, company=company)
    content = Template(occasion, language, Sender("a@hokuto.example", company)).mail(replace(YAMADA, name=name), AT)
    found = read(content)
    assert found["subject"] == title
    said = filled(message, QUAKE, TOKYO, name).translate({0xE000: None, 0xE001: None}).strip("\n")
    assert said in str(found.get_content()).replace("\r\n", "\n")
    assert LINK in lines(found)
    assert content.isascii() and all(len(line) <= 78 for line in content.split(b"\r\n"))
    text = found.get_payload(decode=True)
    assert isinstance(text, bytes)
    assert all(b"\n" not in each.replace(b"\r\n", b"") for each in (content, text))


def test_the_link_stands_alone_on_its_line_between_what_happened_and_the_message():
    said = lines(mail())
    order = ["山田 太郎 様", "災害発生/Disaster occurred", "地震　4月1日 9:05ごろ", "最大震度 5強（石川県能登）"]
    order += [LINK, "山田 太郎さん、落ち着いて行動してください。", "北斗商事株式会社　安否確認"]
    order += ["緊急連絡先：03-1234-5678", "出典：気象庁"]
    assert [line for line in said if line in order] == order


def test_the_headers_are_those_of_a_mail_that_a_machine_sends():
    found = mail(recipient=replace(YAMADA, reply_to="anpi+r1.ab@back.example"))
    assert found["auto-submitted"] == "auto-generated" and found["x-auto-response-suppress"] == "All"
    assert (found["message-id"], found["date"].datetime) == ("<anpi-1@hokuto.example>", AT)
    assert found["reply-to"] == "anpi+r1.ab@back.example" and found.get_content_type() == "text/plain"
    assert found["from"].addresses[0].addr_spec == "anpi@hokuto.example"
    assert not {"precedence", "list-unsubscribe", "bcc", "cc"} & {name.lower() for name in found}


def test_it_comes_from_the_safety_check_of_the_company():
    content = Template(OCCASION, "ja", SENDER).mail(YAMADA, AT).decode()
    raw = content.partition("From: ")[2].partition("\r\n <")[0]
    assert str(make_header(decode_header(raw))) == "安否確認（北斗商事株式会社）"


@pytest.mark.parametrize("address", ["abc..def@docomo.ne.jp", ".abc@ezweb.ne.jp", "abc.@ezweb.ne.jp"])
def test_carriers_odd_addresses_stand_in_it_as_they_are(address):
    content = Template(OCCASION, "ja", SENDER).mail(replace(YAMADA, address=address), AT)
    assert f"To: {address}\r\n".encode() in content


def test_who_has_chosen_english_finds_it_below_and_only_one_link():
    said = "\n".join(lines(mail(language="en")))
    japanese, _, english = said.partition("[English]")
    assert "山田 太郎 様 (English below)" in japanese and said.count("https://") == 1
    assert "Earthquake, Apr 1 9:05. Maximum intensity 5 upper (石川県能登)" in english
    assert "Emergency number: 03-1234-5678" in english


def test_a_reminder_says_in_english_too_that_it_is_one():
    assert "We have not had your answer yet." in lines(mail(replace(OCCASION, round=1), language="en"))
    assert "We have not had your answer yet." not in lines(mail(language="en"))


def test_a_drill_says_so_at_the_top_and_at_the_end():
    drill = replace(OCCASION, drill=True)
    assert lines(mail(drill))[2] == "【訓練】" and lines(mail(drill))[-1] == "これは訓練です。"
    assert "THIS IS A DRILL." in lines(mail(drill, language="en"))
    assert "訓練" not in str(mail().get_content())


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"asks": False}, "お知らせです。回答は必要ありません。"),
        ({"linked": False}, "安否を回答してください。アプリの「安否確認」から回答できます。"),
        ({"round": CANCELLED}, "先にお送りした災害情報は取り消されました。回答は必要ありません。"),
    ],
)
def test_without_a_question_or_a_public_address_there_is_no_link(change, sentence):
    found = mail(replace(OCCASION, **change))
    assert sentence in lines(found) and "https://" not in str(found.get_content())


def test_one_who_is_asked_again_is_told_so():
    assert "まだ回答を確認できていません。" in lines(mail(replace(OCCASION, round=2)))
    assert mail(replace(OCCASION, round=2))["subject"] == OCCASION.title
    assert mail(replace(OCCASION, round=CANCELLED))["subject"] == f"取消：{OCCASION.title}"


def test_how_to_answer_by_reply_is_said_only_where_replies_are_read():
    assert "1 無事　2 軽いけが　3 大けが" in lines(mail(replace(OCCASION, replies=True)))
    assert "返信" not in str(mail().get_content())


def test_an_unknown_level_counts_as_at_least_this():
    facts = replace_facts(missing=True, level="5-")
    assert filled("震度{震度} {地域} {発生時刻}", facts, TOKYO) == "震度5弱以上 石川県能登 4月1日 9:05"
    many = replace_facts(areas=tuple("abcd"))
    assert filled("{地域}{氏名}", many, TOKYO) == "a、b、c ほか{氏名}"
    assert filled("{震度}{地域}{発生時刻}", Facts(), TOKYO) == "―――"


def replace_facts(**given: object) -> Facts:
    return Facts(**({"level": "5+", "areas": ("石川県能登",), "at": AT} | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("title", "message", "field"),
    [
        ("", "a", "title"),
        ("　", "a", "title"),
        ("a\nBcc: x@y.example", "a", "title"),
        ("a\r", "a", "title"),
        ("a\x00", "a", "title"),
        ("a\u2028b", "a", "title"),
        ("a\ud800", "a", "title"),
        ("a" * 201, "a", "title"),
        ("a", "a" * 5001, "message"),
        ("a", "a\x00", "message"),
        ("a", "a\ud800", "message"),
        ("a", "{名前}さん", "message"),
    ],
)
def test_what_no_mail_can_be_made_of_is_found_when_it_is_saved(title, message, field):
    with pytest.raises(Invalid) as refused:
        check(title, message)
    assert refused.value.details.get("field", "message") == field


@given(title=one_line, message=several_lines)
def test_what_is_let_in_can_be_built(title, message):
    check(title, message.replace("{", "").replace("}", ""))
