"""Who may be added, and who may do what."""

from __future__ import annotations

import pytest

from server.auth.model import Actor, Privilege, login_key, new_account, operator
from server.errors import AppError, Conflict, Forbidden


@pytest.mark.parametrize(
    ("login_id", "name", "kana", "code", "field"),
    [
        ("", "佐野", "", "required", "login_id"),
        ("a b", "佐野", "", "format", "login_id"),
        ("佐野", "佐野", "", "format", "login_id"),
        ("a" * 255, "佐野", "", "field_too_long", "login_id"),
        ("sano", "", "", "required", "name"),
        ("sano", " \n ", "", "required", "name"),
        ("sano", "名" * 51, "", "field_too_long", "name"),
        ("sano", "佐野", "カ" * 51, "field_too_long", "kana"),
        ("sano", "佐\x00野", "", "bad_text", None),
    ],
)
def test_a_wrong_field_is_named(login_id: str, name: str, kana: str, code: str, field: str | None):
    with pytest.raises(AppError) as refused:
        new_account(login_id, name, kana)
    assert (refused.value.code, refused.value.details.get("field")) == (code, field)


@pytest.mark.parametrize("login_id", ["a", "sano@hokuto.example", "a" * 254, "!#$%&'*+/=?^_`{|}~-."])
def test_what_looks_like_an_address_or_not_may_be_a_login_id(login_id: str):
    assert new_account(login_id, "佐野 遥").login_id == login_id


def test_a_name_is_kept_as_given():
    assert new_account("f", "福﨑 𠮷子").name == "福﨑 𠮷子"


def test_a_name_cannot_break_a_line():
    assert new_account("x", "佐野\r\n遥\u2028").name == "佐野 遥"


def test_login_ids_are_compared_without_case():
    assert login_key(" Sano@Hokuto.Example ") == login_key("sano@hokuto.example")


@pytest.mark.parametrize("held", list(Privilege))
def test_no_privilege_implies_another(held: Privilege):
    actor = Actor(1, "佐野", frozenset({held}))
    for asked in Privilege:
        if asked is held:
            actor.require(asked)
        else:
            with pytest.raises(Forbidden):
                actor.require(asked)


def test_the_operator_may_everything_and_is_nobody():
    operator().require(Privilege.ADMIN_USER)
    operator().require_other(1)


def test_nobody_does_it_to_himself():
    with pytest.raises(Conflict):
        Actor(7, "佐野").require_other(7)
