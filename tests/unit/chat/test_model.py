"""The talk's rules, without a database, a socket or a clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chat.frames import MESSAGE_LIMIT
from chat.model import (
    ROOM_NAME_LIMIT,
    Membership,
    Stored,
    group_name,
    message_text,
    pair_key,
    require_own,
    require_owner,
    require_poster,
    room_name,
)
from server.errors import AppError

NOW = datetime(2027, 4, 1, 9, 5, tzinfo=UTC)
LIMIT = timedelta(hours=24)


def code_of(rule, *args):
    with pytest.raises(AppError) as refused:
        rule(*args)
    return refused.value.code


@pytest.mark.parametrize(
    "text", ["やあ", "a\nb", "  字下げ", "👨‍👩‍👧", "髙﨑𠮷野葛󠄀", "‮右から左", "'; DROP TABLE x; --"]
)
def test_what_is_said_is_stored_as_it_was_said(text):
    assert message_text(text) == text


def test_line_ends_are_one_character():
    assert message_text("一\r\n二\r三") == "一\n二\n三"


def test_the_limit_counts_code_points_after_line_ends_are_folded():
    assert len(message_text("𠮷" * MESSAGE_LIMIT)) == MESSAGE_LIMIT
    assert message_text("あ\r\n" * (MESSAGE_LIMIT // 2))
    assert code_of(message_text, "あ" * (MESSAGE_LIMIT + 1)) == "too_long"


@pytest.mark.parametrize(
    ("text", "code"), [("", "empty"), (" \n\t", "empty"), ("\u3000", "empty"), ("a\0", "bad_text")]
)
def test_what_cannot_be_said(text, code):
    assert code_of(message_text, text) == code


def test_a_rooms_name_is_one_line():
    assert room_name("  営業\n部\t1課 ") == "営業 部 1課"
    assert code_of(room_name, " \n ") == "empty_name"
    assert code_of(room_name, "あ" * (ROOM_NAME_LIMIT + 1)) == "too_long"


def member(**changes):
    return Membership(
        **({"channel": 1, "account": 1, "name": "佐藤", "active": True, "owner": False, "talks": True} | changes)
    )


def test_a_stranger_and_one_who_left_hear_the_same():
    assert code_of(require_poster, None) == code_of(require_poster, member(active=False)) == "not_found"
    assert code_of(require_poster, member(talks=False)) == "talk_disabled"
    assert require_poster(member()) == member()


def test_only_owners_rule():
    assert code_of(require_owner, member()) == "not_owner"
    assert require_owner(member(owner=True)).owner


def message(**changes):
    at = int(NOW.timestamp() * 1000)
    return Stored(**({"channel": 1, "seq": 1, "sender": 1, "text": "あ", "at": at, "client_id": ""} | changes))


def test_ones_own_message_may_be_changed_for_a_day():
    day = int(LIMIT.total_seconds() * 1000)
    at = message().at
    assert require_own(message(at=at - day), 1, NOW, LIMIT)
    assert code_of(require_own, message(at=at - day - 1), 1, NOW, LIMIT) == "too_late"
    assert code_of(require_own, message(sender=2), 1, NOW, LIMIT) == "not_yours"
    assert code_of(require_own, message(deleted=1), 1, NOW, LIMIT) == "already_deleted"
    assert code_of(require_own, None, 1, NOW, LIMIT) == "not_found"


def test_two_people_have_one_room_whoever_begins():
    assert pair_key(17, 3) == pair_key(3, 17) == "3:17"


def test_a_group_without_a_name_is_called_after_its_members():
    assert group_name(["森", "堀"]) == "森、堀"
    assert group_name(["一", "二", "三", "四", "五", "六"]) == "一、二、三、四 +2"
    assert len(group_name(["長" * 50] * 9)) == ROOM_NAME_LIMIT
