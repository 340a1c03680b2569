"""What an account may be, and who may make it so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from server.auth.model import Actor, Privilege, UserType, operator
from server.auth.rules import (
    AccountState,
    Counts,
    Licences,
    company_problems,
    counted,
    editable,
    problems,
    rights_problems,
    settled,
    total,
)
from server.texts import sentence

USER, GOTALK, ANPI = Privilege.ADMIN_USER, Privilege.ADMIN_GOTALK, Privilege.ADMIN_ANPI
PLAIN = AccountState("mori@hokuto.example")
ANPI_ADMIN = replace(PLAIN, anpi_login_id="a1", privileges=frozenset({ANPI}))


def rights(*given: Privilege) -> frozenset[Privilege]:
    return frozenset(given)


def acting(*given: Privilege) -> Actor:
    return Actor(1, "佐野", frozenset(given))


def codes_of(found: list) -> list[tuple[str, str | None]]:
    return [(each.code, each.details.get("field")) for each in found]


# ---------------------------------------------------------------- one person


@pytest.mark.parametrize(
    ("after", "before", "expected"),
    [
        (PLAIN, None, []),
        (ANPI_ADMIN, None, []),
        (replace(PLAIN, talk_log=True), PLAIN, [("talk_log_needs_right", "talk_log")]),
        (replace(PLAIN, talk_log=True, privileges=rights(GOTALK)), PLAIN, []),
        (replace(PLAIN, privileges=rights(ANPI)), PLAIN, [("anpi_id_first", "privileges")]),
        (replace(ANPI_ADMIN, anpi_login_id=""), ANPI_ADMIN, [("anpi_id_kept", "anpi_login_id")]),
        (replace(ANPI_ADMIN, anpi_login_id="", privileges=rights()), ANPI_ADMIN, []),
        (replace(PLAIN, user_type=UserType.REGISTRATION_ONLY_USER, anpi_login_id="a1"), None, []),
        (
            replace(PLAIN, user_type=UserType.REGISTRATION_ONLY_USER, talk=True, privileges=rights(USER)),
            None,
            [("user_type_without", "privileges"), ("user_type_without", "talk")],
        ),
        (
            replace(PLAIN, user_type=UserType.FACILITY, anpi_login_id="a1"),
            None,
            [("user_type_without", "anpi_login_id")],
        ),
    ],
)
def test_a_person_is_what_the_rules_let_him_be(after, before, expected):
    assert codes_of(problems(after, before)) == expected


@pytest.mark.parametrize(
    ("login_id", "before", "allowed"),
    [
        ("mori@HOKUTO.example", None, True),
        ("mori@other.example", None, False),
        ("mori@sub.hokuto.example", None, False),
        ("mori", None, False),
        ("MORI@other.example", "mori@other.example", True),
        ("hori@other.example", "mori@other.example", False),
    ],
)
def test_a_new_login_id_has_one_of_the_companys_domains(login_id: str, before: str | None, allowed: bool):
    old = AccountState(before) if before else None
    found = problems(AccountState(login_id), old, ["hokuto.example"])
    assert codes_of(found) == ([] if allowed else [("login_domain", "login_id")])


def test_who_is_no_talk_administrator_any_more_loses_the_talk_log():
    before = replace(PLAIN, privileges=rights(GOTALK), talk_log=True)
    after = replace(before, privileges=rights())
    assert not settled(after, {"privileges"}).talk_log
    assert settled(after, {"privileges", "talk_log"}).talk_log, "what was asked for is refused, not forgotten"
    assert settled(before, {"name"}).talk_log


def test_who_signs_in_no_more_loses_talk_and_privileges_and_a_facility_its_anpi_id():
    full = replace(ANPI_ADMIN, talk=True)
    listed = settled(replace(full, user_type=UserType.REGISTRATION_ONLY_USER), {"user_type"})
    room = settled(replace(full, user_type=UserType.FACILITY), {"user_type"})
    assert (listed.talk, listed.privileges, listed.anpi_login_id) == (False, rights(), "a1")
    assert (room.talk, room.privileges, room.anpi_login_id) == (False, rights(), "")
    assert settled(full, {"talk"}) == full


# ---------------------------------------------------------------- the company


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (PLAIN, Counts(basic=1)),
        (replace(PLAIN, enabled=False, talk=True), Counts(basic=1, talk=1)),
        (replace(PLAIN, user_type=UserType.REGISTRATION_ONLY_USER, anpi_login_id="x"), Counts(anpi=1)),
        (replace(PLAIN, user_type=UserType.FACILITY), Counts()),
        (replace(PLAIN, privileges=rights(USER)), Counts(basic=1, administrators=1)),
        (replace(PLAIN, privileges=rights(USER), enabled=False), Counts(basic=1)),
        (ANPI_ADMIN, Counts(basic=1, anpi=1, anpi_administrators=1)),
        (None, Counts()),
    ],
)
def test_who_takes_which_seat(state, expected):
    assert counted(state) == expected


def test_counts_add_up_over_the_rows_of_a_file():
    assert total([PLAIN, None, replace(PLAIN, talk=True)]) - total([PLAIN]) == Counts(basic=1, talk=1)


def test_the_limit_is_said_with_the_counters_own_name():
    found = company_problems(Counts(basic=100, talk=100), Counts(basic=101, talk=101, administrators=1), Licences())
    assert codes_of(found) == [("seats", "user_type"), ("seats", "talk")]
    assert [sentence(each, "ja") for each in found] == [
        "基本ユーザライセンス数 が上限（100 ID）に達しています。",
        "トークライセンス数 が上限（100 ID）に達しています。",
    ]


def test_what_is_over_its_limit_already_may_stay_or_sink():
    limits = Licences(10, 10, 10)
    assert company_problems(Counts(basic=12), Counts(basic=12), limits) == []
    assert company_problems(Counts(basic=12), Counts(basic=11), limits) == []
    assert codes_of(company_problems(Counts(basic=12), Counts(basic=13), limits)) == [("seats", "user_type")]


def test_thirty_anpi_administrators_and_no_more():
    assert company_problems(Counts(), Counts(anpi_administrators=30), Licences()) == []
    found = company_problems(Counts(anpi_administrators=30), Counts(anpi_administrators=31), Licences())
    assert [sentence(each, "ja") for each in found] == ["安否の管理者は30人までです。"]


def test_the_last_administrator_stays_and_a_company_without_one_can_be_changed():
    assert codes_of(company_problems(Counts(administrators=1), Counts(), Licences())) == [
        ("last_administrator", "privileges")
    ]
    assert company_problems(Counts(), Counts(), Licences()) == []


# ---------------------------------------------------------------- rights


@pytest.mark.parametrize(
    ("actor", "after", "refused"),
    [
        (acting(USER), replace(ANPI_ADMIN, talk=True, privileges=rights(ANPI, USER)), []),
        (operator(), replace(PLAIN, talk=True), []),
        (acting(GOTALK), replace(PLAIN, talk=True), []),
        (acting(GOTALK), replace(PLAIN, anpi_login_id="a1"), ["anpi_login_id"]),
        (acting(GOTALK), replace(PLAIN, enabled=False), ["enabled"]),
        (acting(GOTALK), replace(PLAIN, privileges=rights(GOTALK)), ["privileges"]),
        (acting(ANPI), ANPI_ADMIN, []),
        (acting(ANPI), replace(ANPI_ADMIN, privileges=rights(ANPI, USER)), ["privileges"]),
        (acting(ANPI), replace(PLAIN, privileges=rights(USER)), ["privileges"]),
        (acting(ANPI), replace(PLAIN, talk=True), ["talk"]),
        (acting(ANPI, GOTALK), replace(ANPI_ADMIN, talk=True), []),
        (acting(Privilege.ADMIN_COMPANY), replace(PLAIN, talk=True), ["talk"]),
        (acting(), replace(PLAIN, login_id="x"), ["login_id"]),
    ],
)
def test_who_may_set_what(actor: Actor, after: AccountState, refused: list[str]):
    found = rights_problems(actor, PLAIN, after, own=False)
    assert codes_of(found) == [("forbidden", name) for name in refused]


@pytest.mark.parametrize(
    ("after", "refused"),
    [
        (replace(PLAIN, privileges=rights(USER)), False),
        (replace(PLAIN, privileges=rights()), True),
        (replace(PLAIN, privileges=rights(USER, GOTALK)), False),
        (replace(PLAIN, privileges=rights(USER), enabled=False), True),
        (replace(PLAIN, privileges=rights(USER), user_type=UserType.FACILITY), True),
        (replace(PLAIN, privileges=rights(USER), talk=True), False),
    ],
)
def test_nobody_puts_himself_out(after: AccountState, refused: bool):
    before = replace(PLAIN, privileges=rights(USER))
    found = [each.code for each in rights_problems(acting(USER), before, after, own=True)]
    assert found == (["not_yourself"] if refused else [])
    assert rights_problems(acting(USER), before, after, own=False) == []


def test_the_fields_that_a_form_may_offer():
    assert editable(acting()) == frozenset()
    assert editable(acting(GOTALK)) == {"talk"}
    assert editable(acting(ANPI)) == {"privileges", "anpi_login_id"}
    assert {"login_id", "name", "language", "talk_log", "user_type"} < editable(acting(USER))
