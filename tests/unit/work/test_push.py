"""Web Push as its RFCs write it, and only to the servers of browsers' makers."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from server.errors import Invalid
from server.secrets import Secrets
from server.settings import Settings
from server.work.push import CURVE, Keys, Subscription, decoded, encoded, encrypted, message, subscription

NOW = datetime(2027, 4, 1, tzinfo=UTC)
OURS = Secrets(b"1" * 32)
HOSTS = Settings().push_hosts
ENDPOINT = "https://fcm.googleapis.com/fcm/send/abc"


def test_the_example_of_rfc_8291_comes_out_byte_for_byte():
    """Appendix A."""
    to = Subscription(
        ENDPOINT,
        decoded("BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"),
        decoded("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    number = int.from_bytes(decoded("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"), "big")
    own = ec.derive_private_key(number, CURVE)
    made = encrypted(b"When I grow up, I want to be a watermelon", to, decoded("DGv6ra1nlYgDCS1FRnbzlw"), own)
    assert encoded(made) == (
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl"
        "7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    )


def test_the_token_is_signed_by_our_key_and_says_for_whom_and_how_long():
    keys = Keys(OURS, "mailto:anpi@hokuto.example")
    header = keys.authorization(ENDPOINT, NOW)
    token, _, public = header.removeprefix("vapid t=").partition(",k=")
    assert public == keys.public == Keys(OURS, "x").public != Keys(Secrets(b"2" * 32), "x").public
    head, claims, signature = token.split(".")
    raw = decoded(signature)
    known = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, decoded(public))
    numbers = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    known.verify(numbers, f"{head}.{claims}".encode(), ec.ECDSA(hashes.SHA256()))
    said = json.loads(decoded(claims))
    assert said["aud"] == "https://fcm.googleapis.com" and said["sub"] == "mailto:anpi@hokuto.example"
    assert NOW.timestamp() < said["exp"] <= (NOW + timedelta(hours=24)).timestamp()
    assert keys.authorization(ENDPOINT, NOW + timedelta(hours=1)) == header
    assert keys.authorization(ENDPOINT, NOW + timedelta(hours=7)) != header


def test_a_message_has_what_the_servers_ask_for():
    to = subscription(ENDPOINT, *keys_of_a_browser(), HOSTS)
    made = message(Keys(OURS, "mailto:a@b.example"), to, b"{}", NOW, topic="anpi7")
    assert made.headers["ttl"] == "86400" and made.headers["urgency"] == "high"
    assert (made.headers["content-encoding"], made.headers["topic"]) == ("aes128gcm", "anpi7")
    assert message(Keys(OURS, "mailto:a@b.example"), to, b"{}", NOW).body != made.body
    with pytest.raises(ValueError):
        encrypted(b"x" * 3001, to)


@pytest.mark.parametrize(
    "endpoint",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://updates.push.services.mozilla.com/wpush/v2/abc",
        "https://web.push.apple.com/abc",
        "https://db5p.notify.windows.com/w/?token=a%2b",
    ],
)
def test_the_browsers_own_servers_are_written_to(endpoint):
    assert subscription(endpoint, *keys_of_a_browser(), HOSTS).endpoint == endpoint


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "http://fcm.googleapis.com/a",
        "https://fcm.googleapis.com:8443/a",
        "https://fcm.googleapis.com@evil.example/a",
        "https://a:b@fcm.googleapis.com/a",
        "https://evil.example/fcm.googleapis.com",
        "https://fcm.googleapis.com.evil.example/a",
        "https://notify.windows.com.evil.example/a",
        "https://xnotify.windows.com/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://[::1/a",
        "https://fcm.googleapis.com:99999/a",
        "https://fcm.googleapis.com/" + "a" * 2000,
        "file:///etc/passwd",
    ],
)
def test_nobody_else_is_written_to(endpoint):
    with pytest.raises(Invalid) as refused:
        subscription(endpoint, *keys_of_a_browser(), HOSTS)
    assert refused.value.code == "push_host"


@pytest.mark.parametrize(
    ("p256dh", "auth"),
    [
        ("", ""),
        ("AAAA", "BTBZMqHH6r4Tts7J_aSIgg"),
        ("B" * 87, "BTBZMqHH6r4Tts7J_aSIgg"),
        (None, "AAAA"),
        (None, "あ"),
    ],
)
def test_keys_that_are_none_are_refused(p256dh, auth):
    with pytest.raises(Invalid) as refused:
        subscription(ENDPOINT, keys_of_a_browser()[0] if p256dh is None else p256dh, auth, HOSTS)
    assert refused.value.code == "invalid"


def keys_of_a_browser() -> tuple[str, str]:
    from server.work.push import point

    return encoded(point(ec.generate_private_key(CURVE).public_key())), encoded(os.urandom(16))
