"""The rules of listening: how often, how much, what a list says, who has signed."""

from __future__ import annotations

import base64
import gzip
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest

from anpi.hazard.feeds import health, inbound
from anpi.hazard.feeds.atom import read_feed
from anpi.hazard.feeds.dmdata import unpacked
from anpi.hazard.feeds.health import SILENT_AFTER, Health, state_of
from anpi.hazard.feeds.jma_pull import JmaPull
from anpi.hazard.feeds.pacing import LONGEST_SECONDS, Budget, after_trouble, next_look
from anpi.hazard.intake import MAX_TELEGRAM
from server.settings import Settings
from server.work.outbound import OutboundFailed

FEEDS = Path(__file__).parents[3] / "data" / "jma" / "feed"
NOW = datetime(2027, 4, 15, 1, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("cache_control", "age", "seconds"),
    [
        ("max-age=14", "", 15),
        ("public, max-age=53", "", 54),
        ("max-age=20", "5", 16),
        ("max-age=0", "", 2),
        ("max-age=20", "100", 2),
        ("max-age=86400", "", 60),
        ("", "", 30),
        ("no-cache", "", 30),
        ("x-max-age=5", "", 30),
        ("max-age=99999999999999999", "", 60),
        ("MAX-AGE = 10", "x", 11),
    ],
)
def test_the_next_look_is_a_second_after_the_answer_has_grown_old(cache_control: str, age: str, seconds: float):
    assert next_look(cache_control, age, 0) == seconds
    assert next_look(cache_control, age, 1.5) == min(seconds + 1.5, LONGEST_SECONDS)


def test_after_trouble_it_waits_longer_and_never_for_ever():
    waits = [after_trouble(times, 0) for times in range(1, 40)]
    assert waits[:4] == [5, 10, 20, 40] and set(waits[4:]) == {60}


def test_a_budget_is_for_a_day():
    budget = Budget(limit=100)
    budget.spend(60, date(2027, 4, 15))
    assert budget.is_left(date(2027, 4, 15)) and not budget.half_is_left(date(2027, 4, 15))
    budget.spend(60, date(2027, 4, 15))
    assert not budget.is_left(date(2027, 4, 15)) and budget.is_left(date(2027, 4, 16))


def test_a_real_list_is_read():
    entries = read_feed((FEEDS / "eqvol_20211124T080109_REAL_quiet_day.xml").read_bytes())
    assert entries is not None and len(entries) == 25
    assert entries == sorted(entries, key=lambda each: each.at) and all(each.at for each in entries)
    assert sum(each.type == "VFVO53" for each in entries) >= 15
    assert all(each.url.startswith("http://www.data.jma.go.jp/") and each.name for each in entries)


def test_an_older_list_says_http_where_https_is_meant():
    pull = JmaPull(SimpleNamespace(settings=Settings()), None, Health("jma"), lambda: False)
    assert pull._ours("http://www.data.jma.go.jp/x.xml") == "https://www.data.jma.go.jp/x.xml"
    for elsewhere in (
        "https://jma.go.jp/x",
        "https://www.data.jma.go.jp:8443/x",
        "http://www.data.jma.go.jp:80/x",
        "//x",
    ):
        assert pull._ours(elsewhere) == ""
    for wrong in ("ftp://www.data.jma.go.jp/x", "https://x@www.data.jma.go.jp/x", "https://[/x", "x"):
        assert pull._ours(wrong) == ""


def test_a_list_with_stray_html_in_it_is_read():
    entries = read_feed((FEEDS / "eqvol_test_malformed_extra_div.xml").read_bytes())
    assert entries


def test_the_title_says_what_a_telegram_is_whose_name_does_not():
    entry = "<entry><title>震度速報</title><updated>x</updated><link href='https://x/9f-uuid.xml'/></entry>"
    (found,) = read_feed(f"<feed><title>地震</title>{entry}</feed>".encode()) or []
    assert (found.type, found.name, found.at) == ("VXSE51", "9f-uuid", 0)


def test_what_is_no_list_is_none():
    for data in (b"", b"<html><body>feed</body></html>", b"<feedback>", b"\xff" * 100, b"{}"):
        assert read_feed(data) is None
    assert read_feed(b"<feed></feed>") == []
    assert read_feed(b"<feed><entry></entry><entry><link href='x'>") == []


def test_a_signature_is_of_secret_time_and_body():
    signed = inbound.signature("secret", "1", b"body")
    assert inbound.is_signed("secret", "1", signed, b"body")
    for secret, timestamp, body in (("other", "1", b"body"), ("secret", "2", b"body"), ("secret", "1", b"bodY")):
        assert not inbound.is_signed(secret, timestamp, signed, body)
    # The full stop keeps time and body apart.
    assert inbound.signature("secret", "1", b"2.x") != inbound.signature("secret", "12", b".x")


def test_only_a_fresh_head_is_worth_reading_the_body_for():
    fresh, signed = str(int(NOW.timestamp())), inbound.signature("s", "1", b"")
    assert inbound.may_be_read(fresh, signed, NOW)
    for timestamp in ("", "x", "-1", "1e9", "１", str(int(NOW.timestamp()) - 301), str(int(NOW.timestamp()) + 301)):
        assert not inbound.may_be_read(timestamp, signed, NOW)
    for wrong in ("", signed[:-1], signed.upper(), signed + "0", "sha1=" + "0" * 64):
        assert not inbound.may_be_read(fresh, wrong, NOW)


def test_what_dmdata_packs_is_unpacked_and_never_more_than_a_telegram():
    packed = base64.b64encode(gzip.compress(b"<Report/>")).decode()
    assert unpacked(packed, "base64", "gzip") == b"<Report/>"
    assert unpacked("<Report/>", "utf-8", None) == b"<Report/>"
    bomb = base64.b64encode(gzip.compress(b"x" * (MAX_TELEGRAM + 1))).decode()
    cut = base64.b64encode(gzip.compress(b"<Report/>" * 100)[:-9]).decode()
    for body, encoding in ((bomb, "base64"), (cut, "base64"), ("no gzip", "utf-8"), ("!", "base64"), ("", "utf-8")):
        with pytest.raises(OutboundFailed):
            unpacked(body, encoding, "gzip")


def test_a_source_is_silent_after_five_minutes():
    known = Health("p2p", heard_at=NOW)
    assert state_of("p2p", None, False, NOW) == "off" and state_of("p2p", None, True, NOW) == "waiting"
    assert state_of("p2p", known, True, NOW + SILENT_AFTER) == "good"
    assert state_of("p2p", known, True, NOW + SILENT_AFTER + timedelta(seconds=1)) == "silent"
    assert state_of("p2p", known, False, NOW) == "off"
    assert state_of("inbound", Health("inbound", heard_at=NOW), True, NOW + timedelta(days=9)) == "good"
    assert state_of("jma", Health("jma", error="connect"), True, NOW) == "silent"


def test_health_is_written_when_it_changes_and_else_now_and_then():
    all_of_them = health.Healths()
    jma = all_of_them["jma"]
    jma.tried(NOW)
    jma.heard(NOW)
    assert [each.name for each in all_of_them.due(NOW)] == ["jma"] and all_of_them.due(NOW) == []
    jma.heard(NOW + timedelta(seconds=5))
    assert all_of_them.due(NOW + timedelta(seconds=5)) == []
    jma.trouble("timeout")
    assert all_of_them.due(NOW + timedelta(seconds=6)) and jma.troubles == 1
    assert all_of_them.due(NOW + timedelta(seconds=27))
    jma.heard(NOW + timedelta(seconds=28))
    assert (jma.error, jma.troubles) == ("", 0) and json.dumps(jma.kept) == "{}"
