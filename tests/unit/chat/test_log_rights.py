"""What the log tells of rights, and what it finds when it is compared."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import msgspec
import pytest

from chat.log import syslog
from chat.log.reconciling import Comparison, _Told
from chat.log.rights import Rights, changed
from server.work.syslog_address import parse_syslog

NOBODY = Rights("enabled")
TALKER = Rights("enabled", talk=True)


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (None, NOBODY, {}),
        (None, TALKER, {"talk": [False, True], "state": ["", "enabled"]}),
        (NOBODY, Rights("disabled"), {}),
        (TALKER, TALKER, {}),
        (TALKER, Rights("disabled", talk=True), {"state": ["enabled", "disabled"]}),
        (TALKER, Rights("deleted"), {"talk": [True, False], "state": ["enabled", "deleted"]}),
        (NOBODY, Rights("enabled", administers=True), {"ADMIN_GOTALK": [False, True]}),
        (Rights("enabled", talk_log=True), NOBODY, {"talk_log": [True, False]}),
    ],
)
def test_only_what_touches_talk_is_told(before, after, told):
    assert changed(before, after) == told


def line(n: int, seq: int | None, kind: str = "sent", rev: int = 2, text: str = "あ") -> _Told:
    return _Told(n, kind, 3, rev, seq, msgspec.Raw(msgspec.json.encode({"text": text})))


def compared(*lines: _Told) -> list[str]:
    done = Comparison(0, {})
    for each in lines:
        done.line(each)
    return [fault for fault, _ in done.faults]


def test_dense_lines_and_messages_are_right():
    assert compared(line(1, None, "created"), line(2, 1), line(3, 1, "edited"), line(4, 2)) == []


def test_a_missing_line_and_a_missing_message_are_named():
    assert compared(line(1, 1), line(3, 2)) == ["lines"]
    assert compared(line(1, 1), line(2, 3)) == ["gap"]
    assert compared(line(1, 1), line(2, 1)) == ["gap"]


@pytest.mark.parametrize(
    ("told", "row", "fault"),
    [
        (line(1, 1), (2, "あ", None), []),
        (line(1, 1), (2, "い", None), ["text"]),
        (line(1, 1), (3, "い", None), []),
        (line(1, 1), (1, "あ", None), ["unstored"]),
        (line(1, 1), None, ["unstored"]),
        (line(1, 1, "deleted"), (2, "", 5), []),
        (line(1, 1, "deleted"), (2, "あ", None), ["text"]),
        (line(1, 1), (2, "あ", 5), ["text"]),
    ],
)
def test_a_message_is_compared_as_it_was_told_last(told, row, fault):
    done = Comparison(0, {})
    found = None if row is None else SimpleNamespace(rev=row[0], text=row[1], deleted_at=row[2])
    done.message(told, found)
    assert [name for name, _ in done.faults] == fault


def test_a_channel_that_the_log_does_not_reach_is_named():
    done = Comparison(0, {3: 5})
    done.channel(3, 5)
    done.channel(4, 0)
    assert done.result == ("ok", "")
    done.channel(3, 6)
    assert done.result[0] == "unlogged" and "channel 3 seq 6" in done.result[1]


def test_a_head_is_one_line_of_rfc_5424():
    at = datetime(2027, 4, 1, 9, 0, 0, 123_000, tzinfo=UTC)
    said = syslog.message(at, "talk.hokuto.example", 7, "a" * 64, "b" * 16).decode()
    assert said.startswith("<109>1 2027-04-01T09:00:00.123Z talk.hokuto.example renraku - talklog.head [head@32473 ")
    assert f'n="7" hash="{"a" * 64}" key="{"b" * 16}"]' in said and "\n" not in said


@pytest.mark.parametrize("url", ["", "http://host", "udp://", "tcp://host/path", "unix:dev/log", "udp://u@host", "x"])
def test_an_address_that_is_none_is_refused(url):
    with pytest.raises(ValueError, match="must be"):
        parse_syslog(url)


def test_addresses_have_their_usual_ports():
    assert (parse_syslog("udp://log.example").port, parse_syslog("tcp://log.example").port) == (514, 601)
    assert parse_syslog("unix:/dev/log").path == "/dev/log"
