"""The rules of the directory: order, the tree, who sees what, what fields may hold."""

from __future__ import annotations

import pytest

from directory.fields import ACCOUNT, DEPARTMENT, PROFILE, TITLE, checked_score
from directory.frames import PersonCard
from directory.model import (
    Department,
    Nearness,
    Tree,
    Viewer,
    hidden,
    own_fields,
    profile_fields,
    require_no_circle,
    restricted,
    scores_with,
    seen,
    sort_key,
)
from directory.pages import KEPT_AT_MOST, Pages
from server.auth.model import Privilege
from server.auth.visibility import DEFAULTS, FIELDS, Visibility
from server.catalogue import CATALOGUE
from server.errors import Conflict, Invalid

TREE = Tree.of(
    [
        Department(4, "b", "下", parent=2),
        Department(1, "s", "営業部", sort_score=20),
        Department(2, "t", "一課", parent=1),
        Department(3, "g", "総務部", sort_score=10),
        Department(5, "x", "迷子", parent=99),
    ]
)
USER = frozenset({Privilege.ADMIN_USER})


def test_small_scores_come_first_then_kana_and_blank_scores_last():
    keys = [
        sort_key("伊藤", "イトウ", 5),
        sort_key("渡辺", "ワタナベ", 5),
        sort_key("阿部", "アベ", 100),
        sort_key("相田", "", None),
    ]
    assert keys == sorted(keys)
    assert sort_key("x", "さとう", None) == sort_key("y", "ｻﾄｳ", None)


def test_departments_stand_above_those_below_them_each_level_in_its_order():
    assert [row.id for row in TREE.departments] == [3, 1, 2, 4, 5]


def test_below_a_department_is_itself_and_all_under_it():
    assert TREE.below([1]) == {1, 2, 4}
    assert TREE.below([99]) == frozenset()


@pytest.mark.parametrize("parent", [1, 2, 4])
def test_no_department_comes_below_itself(parent: int):
    with pytest.raises(Conflict, match="department_circle"):
        require_no_circle(TREE, 1, parent)
    require_no_circle(TREE, 4, 3)


def test_only_the_scores_that_must_change_do():
    siblings = [
        Department(1, "a", "a", sort_score=10),
        Department(2, "b", "b", sort_score=20),
        Department(3, "c", "c"),
    ]
    assert scores_with(siblings, moved=3, before=2) == {3: 20, 2: 30}
    with pytest.raises(Invalid):
        scores_with(siblings, moved=3, before=99)


@pytest.mark.parametrize(
    ("viewer", "nearness"),
    [
        (Viewer(1), Nearness.SELF),
        (Viewer(2), Nearness.ANYBODY),
        (Viewer(2, covers=frozenset({8})), Nearness.ABOVE),
        (Viewer(2, covers=frozenset({9})), Nearness.ANYBODY),
        (Viewer(2, USER), Nearness.ADMINISTRATOR),
        (Viewer(2, frozenset({Privilege.ADMIN_ANPI})), Nearness.ADMINISTRATOR),
        (Viewer(2, frozenset({Privilege.ADMIN_GOTALK, Privilege.ADMIN_DIVISION})), Nearness.ANYBODY),
    ],
)
def test_how_near_somebody_is_follows_from_departments_and_rights(viewer: Viewer, nearness: Nearness):
    assert viewer.nearness(1, [7, 8]) is nearness


def test_each_sees_what_those_farther_away_see_and_only_oneself_everything():
    shown = dict(zip(("a", "b", "c", "d"), Visibility, strict=False))
    assert [len(seen(shown, nearness)) for nearness in Nearness] == [1, 2, 3, 4]
    assert (hidden(shown, Viewer(1)), hidden(shown, Viewer(1, USER))) == (["c", "d"], ["d"])
    assert restricted(shown) == ["b", "c", "d"]


def test_what_is_for_oneself_alone_only_oneself_changes():
    shown = {**DEFAULTS, "employee_number": Visibility.SELF}
    assert "employee_number" in own_fields(shown) and "employee_number" not in own_fields(DEFAULTS)
    assert "employee_number" not in profile_fields(shown, USER)
    assert profile_fields(shown, {Privilege.ADMIN_GOTALK}) == []


def test_every_field_with_a_visibility_is_on_the_card_and_every_text_has_one():
    assert set(FIELDS) == {*PROFILE, "work_areas", "home_areas"}
    assert set(FIELDS) <= set(PersonCard.__struct_fields__)


@pytest.mark.parametrize(
    ("field", "text", "fault"),
    [
        (DEPARTMENT["code"], "S-1_.@(){}[]", None),
        (DEPARTMENT["code"], "営業", "format"),
        (DEPARTMENT["code"], "", "required"),
        (DEPARTMENT["code"], "a" * 101, "field_too_long"),
        (PROFILE["phone_number"], "+81-3*1234#,;", None),
        (PROFILE["phone_number"], "０３", "format"),
        (PROFILE["email1"], "abc..def@docomo.example", None),
        (PROFILE["email1"], "nobody", "format"),
        (PROFILE["web_url"], "https://例.jp/a", None),
        (PROFILE["web_url"], "www.example.jp/a", None),
        (PROFILE["web_url"], "javascript:alert(1)", "format"),
        (PROFILE["web_url"], "data:text/html,x", "format"),
        (PROFILE["comment"], "𠮷" * 500, None),
        (PROFILE["comment"], "𠮷" * 501, "field_too_long"),
        (TITLE, "部長;課長", "format"),
        (ACCOUNT["name"], "", "required"),
    ],
)
def test_a_field_holds_what_its_table_says(field, text: str, fault: str | None):
    assert field.fault(text) == fault
    if fault:
        with pytest.raises(Invalid, match=fault) as refused:
            field.checked(text)
        assert refused.value.details["field"] == field.name


def test_names_are_kept_byte_by_byte():
    for name in ("福\ufa1b", "𠮷野", "葛\U000e0100城"):
        assert ACCOUNT["name"].checked(name) == name


def test_every_field_is_called_by_its_name_in_both_languages():
    fields = [*PROFILE.values(), *DEPARTMENT.values(), TITLE]
    assert all(CATALOGUE[f"field.{field.called or field.name}"] for field in fields)


@pytest.mark.parametrize("score", [-1, 1_000_000_000])
def test_a_score_has_nine_digits_at_most(score: int):
    with pytest.raises(Invalid):
        checked_score(score)
    assert checked_score(0) == 0 and checked_score(None) is None


def test_a_page_is_read_once_for_each_rev():
    pages, read = Pages(), []
    for rev in (1, 1, 2, 2, 1):
        assert pages.get(rev, "first", lambda rev=rev: read.append(rev) or rev) == rev
    assert read == [1, 2, 1], "what is older than the newest is read and not kept"
    for number in range(KEPT_AT_MOST + 1):
        pages.get(2, number, lambda: 0)
    pages.get(2, "first", lambda: read.append("again"))
    assert read[-1] == "again"
