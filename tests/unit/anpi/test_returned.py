"""What comes back by mail is understood as it is labelled in ``tests/data/bounces``; nothing makes the reader
fall."""

from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from anpi.sending.returned import Came, read_bounce, read_reply

SAMPLES = Path(__file__).parents[2] / "data" / "bounces"
READERS = {"bounce": read_bounce, "reply": read_reply}
with (SAMPLES / "expected.tsv").open(encoding="utf-8", newline="") as file:
    EXPECTED = list(csv.DictReader(file, delimiter="\t"))


@pytest.mark.parametrize("row", EXPECTED, ids=[f"{row['file']} {row['where']}" for row in EXPECTED])
def test_a_labelled_mail_is_what_its_label_says(row):
    came = READERS[row["where"]]((SAMPLES / row["file"]).read_bytes())
    assert replace(came, at=0) == Came(row["kind"], row["status"] or "", row["answer"] or "")


def test_every_sample_has_a_label():
    assert {path.name for path in SAMPLES.glob("*.eml")} == {row["file"] for row in EXPECTED}


@pytest.mark.parametrize("text", ["1", " １ ", "1 無事", "1\n\n山田", "1.", "1。足は無事", "無事", "Safe"])
def test_many_ways_to_write_one(text):
    assert read_reply(plain(text)) == Came("answer", answer="safe")


NO_ANSWERS = ("", "10", "1人です", "4", "0", "はい", "11日に", "-1", "2 階にいます", "1 人では動けません", "1 大けが")
NUMBERS = ("1、2人けがをしています", "1.5キロ先にいます", "３．１１のときと同じです")


@pytest.mark.parametrize("text", [*NO_ANSWERS, *NUMBERS])
def test_what_is_no_answer_is_none(text):
    assert read_reply(plain(text)).kind == "nothing"


def test_a_reply_to_a_title_that_sounds_like_a_machine_is_read_all_the_same():
    raw = "Subject: Re: 夜間不在時の安否確認\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n1\r\n".encode()
    assert read_reply(raw) == Came("answer", answer="safe")


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("Fri, 1 Jan 2027 16:10:00 +0900", 1_798_787_400_000),
        ("Fri, 1 Jan 2027 07:10:00 -0000", 1_798_787_400_000),
        ("1 Jan 1900 00:00:00 +0000", 0),
        ("99 Foo 2027", 0),
        ("", 0),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a_reply_says_when_it_was_written_wherever_we_are(date, at, zone, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        came = read_reply(f"Date: {date}\r\n".encode() + plain("1"))
    time.tzset()
    assert came.at == at


@given(st.binary(max_size=2000))
def test_bytes_that_are_no_mail_mean_nothing_for_good(raw):
    assert read_bounce(raw).kind != "answer"
    assert read_reply(raw).kind in ("answer", "machine", "nothing")


@given(st.sampled_from(EXPECTED), st.integers(0, 3000), st.binary(max_size=40))
def test_a_torn_mail_is_read_all_the_same(row, place, torn):
    raw = (SAMPLES / row["file"]).read_bytes()
    READERS[row["where"]](raw[:place] + torn + raw[place + len(torn) :])


def plain(text: str) -> bytes:
    return f"From: a@b.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()
