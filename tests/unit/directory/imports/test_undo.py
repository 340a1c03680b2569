"""What undoing would come to: what has been changed since is kept and listed, and no rule is broken."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from directory.imports.current import Now, PersonNow
from directory.imports.model import Act, Kind, Plan, StagedRow
from directory.imports.undo_plan import UndoPlan
from server.auth.rules import Counts
from tests.unit.directory.imports.test_plan import company, department, person

Undone = dict[int, tuple[str, str, dict[str, Any]]]


def done(act: Act, key: str, id: int, before: dict[str, Any], after: dict[str, Any]) -> StagedRow:
    encode = msgspec.json.encode
    return StagedRow(id, act, key, id, encode(before).decode(), encode(after).decode())


def undo(kind: Kind, now: Now, *rows: StagedRow) -> tuple[Plan, Undone]:
    """The plan, and of each row act, key and the cells that it sets."""
    work = UndoPlan(kind, now)
    made = {row.id or 0: (row.act, row.key, msgspec.json.decode(row.after)) for row in work.rows(rows)}
    return work.finish(), made


def kept(plan: Plan) -> list[tuple[str, str, str]]:
    return [(each.key, each.column, each.value) for each in plan.kept]


def removed(who: PersonNow) -> StagedRow:
    return done("remove", who.key, who.id, {**who.cells, **who.derived()}, {})


RULES: dict[str, tuple[dict[str, str], dict[str, str], dict[str, str]]] = {
    "an ADMIN_ANPI without an ID": (
        {"ANPI_LOGIN_ID": "A1", "PRIVILEGES": "ADMIN_ANPI"},
        {"ANPI_LOGIN_ID": ""},
        {"ANPI_LOGIN_ID": "A1"},
    ),
    "talk for one who does not sign in": (
        {"USER_TYPE": "REGULAR_USER", "TALK_AVAILABLE": "1"},
        {"USER_TYPE": "REGISTRATION_ONLY_USER"},
        {"USER_TYPE": "REGULAR_USER"},
    ),
    "the talk log without its right": (
        {"PRIVILEGES": "ADMIN_GOTALK", "TALK_LOG_DOWNLOAD_AVAILABLE": "1"},
        {"PRIVILEGES": ""},
        {"PRIVILEGES": "ADMIN_GOTALK"},
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_what_would_break_a_rule_is_kept_and_all_else_goes_back(name: str):
    present, before, after = RULES[name]
    more = {"FAX_NUMBER": "03-2"}
    now = company([person(1, "a@x", **present, **more)])

    plan, made = undo("users", now, done("change", "a@x", 1, before | {"FAX_NUMBER": "03-1"}, after | more))

    assert kept(plan) == [("a@x", column, text) for column, text in after.items()]
    assert made == {1: ("change", "a@x", {"FAX_NUMBER": "03-1"})}


def test_nobody_puts_himself_out_by_undoing():
    sano = person(1, "sano@x", PRIVILEGES="ADMIN_USER")
    now = company([sano], own_key="sano@x", counts=Counts(1, administrators=2))
    raised = done("change", "sano@x", 1, {"PRIVILEGES": ""}, {"PRIVILEGES": "ADMIN_USER"})

    plan, made = undo("users", now, raised)
    assert (kept(plan), made) == ([("sano@x", "PRIVILEGES", "ADMIN_USER")], {})

    plan, made = undo("users", now, done("add", "sano@x", 1, {}, sano.cells))
    assert made == {} and not plan.ready and len(plan.problems) == 1


def test_an_anpi_id_that_somebody_else_has_by_now_is_not_taken_back():
    now = company([person(1, "a@x"), person(2, "b@x", ANPI_LOGIN_ID="A1"), person(4, "d@x", ANPI_LOGIN_ID="A3")])
    given_up = done("change", "a@x", 1, {"ANPI_LOGIN_ID": "A1"}, {"ANPI_LOGIN_ID": ""})
    gone = removed(person(3, "c@x", ANPI_LOGIN_ID="A3", PRIVILEGES="ADMIN_ANPI;ADMIN_USER"))

    plan, made = undo("users", now, given_up, gone)

    assert kept(plan) == [
        ("a@x", "ANPI_LOGIN_ID", ""),
        ("c@x", "ANPI_LOGIN_ID", ""),
        ("c@x", "PRIVILEGES", "ADMIN_USER"),
    ]
    act, _, after = made.pop(3)
    assert made == {} and act == "return"
    assert (after["ANPI_LOGIN_ID"], after["_anpi_key"], after["_privileges"]) == ("", None, ["ADMIN_USER"])


def test_anpi_ids_that_were_swapped_or_handed_on_go_back():
    now = company([person(n, f"{n}@x", ANPI_LOGIN_ID=text) for n, text in ((1, "A2"), (2, "A1"), (3, "A4"))])
    rows = [
        done("change", f"{n}@x", n, {"ANPI_LOGIN_ID": before}, {"ANPI_LOGIN_ID": after})
        for n, before, after in ((1, "A1", "A2"), (2, "A2", "A1"), (3, "A3", "A4"))
    ]

    plan, made = undo("users", now, *rows, removed(person(4, "4@x", ANPI_LOGIN_ID="A4")))

    assert kept(plan) == []
    assert {id: after["ANPI_LOGIN_ID"] for id, (_, _, after) in made.items()} == {1: "A1", 2: "A2", 3: "A3", 4: "A4"}


def test_who_was_renamed_since_is_found_by_number_and_a_hidden_value_is_not_told():
    now = company([person(1, "new@x", FAX_NUMBER="03-9", PHONE_NUMBER="03-2")], hidden=["FAX_NUMBER"])
    before = {"FAX_NUMBER": "", "PHONE_NUMBER": "03-1"}
    row = done("change", "old@x", 1, before, {"FAX_NUMBER": "03-8", "PHONE_NUMBER": "03-2"})

    plan, made = undo("users", now, row)

    assert kept(plan) == [("new@x", "FAX_NUMBER", "")]
    assert made == {1: ("change", "new@x", {"PHONE_NUMBER": "03-1"})}


def test_a_department_with_another_code_by_now_goes_back_under_that_code():
    now = company([], [department(1, "B1", DEPARTMENT_NAME="新"), department(2, "A1")])

    _, made = undo("departments", now, done("change", "A1", 1, {"DEPARTMENT_NAME": "旧"}, {"DEPARTMENT_NAME": "新"}))

    assert made == {1: ("change", "B1", {"DEPARTMENT_NAME": "旧"})}


def test_a_department_whose_old_parent_is_gone_is_told_of():
    now = company([], [department(2, "B")])
    gone = done("remove", "A", 1, department(1, "A", "X").cells, {})
    moved = done("change", "B", 2, {"PARENT_DEPARTMENT_CODE": "Y"}, {"PARENT_DEPARTMENT_CODE": ""})

    plan, made = undo("departments", now, gone, moved)

    assert made[1][2]["PARENT_DEPARTMENT_CODE"] == "" and 2 not in made
    assert [("X" in each.text, "Y" in each.text, each.level) for each in plan.problems] == [
        (True, False, "warning"),
        (False, True, "warning"),
    ]


def test_a_department_goes_back_below_one_that_comes_back_too():
    below = done("remove", "B", 2, department(2, "B", "A").cells, {})
    above = done("remove", "A", 1, department(1, "A").cells, {})

    plan, made = undo("departments", company([]), below, above)

    assert made[2][2]["PARENT_DEPARTMENT_CODE"] == "A" and not plan.problems


def test_a_post_in_a_department_that_is_gone_is_told_of():
    now = company([person(1, "a@x")], [department(2, "B")])
    cells = {"DEPARTMENT_CODE": "A;B", "_posts": [[7, ""], [2, ""]]}
    moved = done("change", "a@x", 1, cells, {"DEPARTMENT_CODE": "", "_posts": []})

    plan, _made = undo("users", now, moved)

    assert [("A" in each.text, each.column) for each in plan.problems] == [(True, "DEPARTMENT_CODE")]
