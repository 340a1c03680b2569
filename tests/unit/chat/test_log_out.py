"""What leaves the talk log: which lines a filter takes, and that neither table nor page does what a line says."""

from __future__ import annotations

import csv as reader
import io
from collections.abc import Mapping
from datetime import date, timedelta, timezone
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.log import csv, page
from chat.log.filtering import Filter, Head, Membership, Standing, head_of, line_of, period, wanted
from chat.log.line import Entry, write
from server.texts import translator

JST = timezone(timedelta(hours=9))
T = translator("ja")
ROOM, ASIDE, A, B = 3, 4, 11, 12


def head(n: int, what: str = "sent", channel: int = ROOM, at: int = 1_000, rev: int = 0, **body: Any) -> Head:
    said = msgspec.json.encode(body).decode()
    return head_of(write(Entry(n, at, what, channel, rev or n, n, A, said), n, "0" * 64))


def kept(heads: list[Head], chosen: Filter, membership: Membership) -> list[int]:
    return [each.n for each in heads if wanted(each, chosen, membership)]


def of(person: int, **row: Any) -> Mapping[int, list[Standing]]:
    values = {"active": True, "joined": 0, "rev": 1} | row
    return {ROOM: [Standing(person, ROOM, values["active"], values["joined"], values["rev"])]}


def person(id: int) -> dict[str, Any]:
    return {"person": {"id": id, "name": "x"}}


# ---------------------------------------------------------------- which lines


def test_a_period_has_its_first_and_its_last_day_in_the_companys_time():
    since, until = period(date(2027, 4, 1), date(2027, 4, 1), JST)
    assert (since, until - since) == (1_806_505_200_000, 86_400_000)
    lines = [head(1, at=since - 1), head(2, at=since), head(3, at=until - 1), head(4, at=until)]
    assert kept(lines, Filter(since, until), Membership()) == [2, 3]


def test_rooms_are_all_their_lines_and_nothing_else():
    lines = [head(1), head(2, channel=ASIDE), head(3, "policy", 0), head(4)]
    assert kept(lines, Filter(rooms=frozenset({ROOM})), Membership()) == [1, 4]


@pytest.mark.parametrize(
    ("row", "first_left", "expected"),
    [
        # In it all the time.
        ({"joined": 0}, False, [1, 2, 3, 4, 5]),
        # He came with line 2 and left with line 4.
        ({"joined": 500, "active": False, "rev": 4}, False, [2, 3, 4]),
        # He was there before, left with line 4; the row tells of a later stay.
        ({"joined": 9_999}, True, [1, 2, 3, 4]),
        # He left before the period begins.
        ({"joined": 0, "active": False, "rev": 0}, False, []),
    ],
)
def test_people_count_while_they_are_in_the_room(row: dict[str, Any], first_left: bool, expected: list[int]):
    kinds = {2: "joined", 4: "left"} if row["joined"] == 500 else {4: "left"} if first_left else {}
    lines = [head(n, kinds.get(n, "sent"), **(person(A) if n in kinds else {})) for n in range(1, 6)]
    left = frozenset({(ROOM, A)}) if first_left else frozenset()
    membership = Membership(dict(of(A, **row)), left, since=100)
    assert kept(lines, Filter(people=frozenset({A})), membership) == expected


def test_a_room_that_is_made_in_the_period_begins_with_its_first_line():
    lines = [head(1, "created", people=[{"id": A, "name": "x"}, {"id": B, "name": "y"}]), head(2)]
    membership = Membership(dict(of(A, joined=1_000)), since=100)
    assert kept(lines, Filter(people=frozenset({A})), membership) == [1, 2]


def test_a_line_without_a_room_belongs_to_whom_it_is_about():
    lines = [head(1, "privilege", 0, **person(B)), head(2, "privilege", 0, **person(99))]
    assert kept(lines, Filter(people=frozenset({B})), Membership()) == [1]
    assert kept(lines, Filter(people=frozenset({A})), Membership()) == [1, 2], "A has done both"


# ---------------------------------------------------------------- the table


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40))
def test_no_cell_is_a_formula_and_none_loses_a_character(text: str):
    (cells,) = reader.reader(io.StringIO(csv.row([text, "x"]), newline=""), strict=True)
    assert cells[1] == "x"
    assert cells[0] in (text, "'" + text)
    assert (
        not cells[0]
        .lstrip(" \u3000\u00a0")
        .startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n"))
    )


def cells_of(each: Head) -> dict[str, str]:
    (row,) = reader.reader(io.StringIO(csv.line_row(line_of(each), T, JST), newline=""), strict=True)
    return dict(zip(csv.COLUMNS, row, strict=True))


def test_a_line_says_who_whom_where_and_what():
    direct = head(
        1, name="佐野", room="", kind="direct", to={"id": B, "name": "三浦"}, text="はい", at=1_806_591_600_123
    )
    assert cells_of(direct) | {"n": "1"} == {
        "at": "2027-04-02 00:00:00 +09:00",
        "n": "1",
        "kind": "送信",
        "room": "1対1トーク",
        "sender": "佐野",
        "receiver": "三浦",
        "text": "はい",
        "before": "",
        "files": "",
        "sha256": "",
        "stored_sha256": "",
    }
    assert cells_of(head(2, name="佐野", room="営業", kind="closed", members=12, text="x"))["receiver"] == "12人"
    assert cells_of(head(3, "edited", name="佐野", before="前", text="後"))["before"] == "前"


def test_a_file_stands_there_with_both_hashes():
    told = {"id": "a" * 26, "name": "見積.pdf", "size": 3, "sha256": "11", "stored_sha256": "22", "media": ""}
    cells = cells_of(head(1, files=[told]))
    assert (cells["files"], cells["sha256"], cells["stored_sha256"]) == ("見積.pdf", "11", "22")


# ---------------------------------------------------------------- the page


@pytest.mark.parametrize("field", ["name", "text", "before"])
def test_a_page_says_what_stands_there_and_does_nothing(field: str):
    hostile = '<script>alert(1)</script><img src=x onerror="x">\u202e'
    shown = page.entry(line_of(head(1, "edited", **{field: hostile})), T, JST, {})
    assert "<script" not in shown
    assert "<img" not in shown
    assert "&lt;script&gt;" in shown


def test_a_page_loads_nothing_from_outside():
    whole = page.head("題", "ja")
    assert "default-src 'none'" in whole
    assert "http" not in whole.replace("http-equiv", "")
