"""An address as a key, the lane it is written to by, and what is shown of it."""

from __future__ import annotations

import json

import pytest

from anpi.sending.addresses import code_alone, key, lane, without_addresses
from anpi.sending.texting import filled_body
from server.secrets import Secrets
from server.settings import WrongSettings, load

OURS = Secrets(b"1" * 32)


def test_the_key_is_the_same_for_the_same_address_and_says_nothing_to_others():
    assert key(OURS, "Sano@Hokuto.Example") == key(OURS, "Sano@hokuto.example")
    assert key(OURS, "sano@hokuto.example") != key(OURS, "Sano@hokuto.example"), (
        "before the @ case may mean something"
    )
    assert key(OURS, "a@b.example") != key(Secrets(b"2" * 32), "a@b.example")
    assert "sano" not in key(OURS, "sano@hokuto.example")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("a..b@docomo.ne.jp", "docomo"),
        ("a@DOCOMO.ne.jp", "docomo"),
        ("a.@ezweb.ne.jp", "au"),
        ("a@abc.ezweb.ne.jp", "au"),
        ("a@i.softbank.jp", "softbank"),
        ("a@t.vodafone.ne.jp", "softbank"),
        ("a@gmail.com", "gmail"),
        ("a@hokuto.example", "mail"),
        ("a@docomo.ne.jp.example", "mail"),
        ("a@xdocomo.ne.jp", "mail"),
    ],
)
def test_carriers_have_a_lane_of_their_own(address, expected):
    assert lane(address) == expected


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("550 5.1.1 <hanako..w@docomo.ne.jp>: unknown", "550 5.1.1 <…>: unknown"),
        ('553 "abc..def"@docomo.ne.jp, no', '553 "…, no'),
        ("554 a@b.example,c@d.example", "554 …,…"),
        ("550 5.1.1 <taro.private>: unknown <#5.1.1>", "550 5.1.1 <…>: unknown <#5.1.1>"),
        ("451 later", "451 later"),
    ],
)
def test_what_another_server_says_is_shown_without_addresses(said, shown):
    assert without_addresses(said) == shown


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("550 5.1.1 unknown user taro.private", "550 5.1.1"),
        ("550-5.1.1 taro.private 5.2.2", "550-5.1.1"),
        ("451 later", "451"),
        ("5.1.1", "5.1.1"),
        ("5551234 taro", ""),
        ("taro.private 550", ""),
    ],
)
def test_of_a_persons_own_address_only_the_code_is_shown(said, shown):
    assert code_alone(said) == shown


def test_a_text_cannot_end_its_string_in_the_body_of_an_sms():
    text = '災害発生 "} , {"to": "1\\ \n{to}'
    body = json.loads(filled_body('{"to": "{to}", "text": "{text}"}', "09012345678", text))
    assert body == {"to": "09012345678", "text": text}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("smtp_url_2", "http://relay.example"),
        ("anpi_return_address", "anpi"),
        ("anpi_lmtp", "2424"),
        ("anpi_sms_url", "sms.example/send"),
        ("anpi_sms_body", '{"to": "{to}"}'),
        ("anpi_sms_body", "{to} {text}"),
    ],
)
def test_a_setting_with_which_nothing_could_be_sent_is_refused_at_start(name, value):
    with pytest.raises(WrongSettings, match=f"RENRAKU_{name.upper()}"):
        load({}, **{name: value})
