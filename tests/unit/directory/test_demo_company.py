"""The demo company: the same each time, nobody twice, names and readings that fit, nothing that could be real."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache

import pytest

from directory.areas.resolving import resolve
from directory.demo.cast import CAST
from directory.demo.departments import Department, departments
from directory.demo.files import DEPARTMENT_COLUMNS, USER_COLUMNS, departments_tsv, users_tsv
from directory.demo.people import Area, Person, given_name_list, people, surname_list
from directory.demo.romaji import romaji
from directory.fields import PROFILE
from server import demo
from server.auth.model import new_account

SIZES = (300, 1_000, 10_000)
VARIANTS = ("髙橋", "﨑山", "濵田", "德永", "渡邉", "桒原", "𠮷野", "\ufa1b田")


@cache
def company(count: int) -> list[Person]:
    return people(count)


@pytest.mark.parametrize("count", SIZES)
def test_the_same_seed_gives_the_same_people(count: int):
    assert people(count) == people(count)
    assert departments(count) == departments(count)
    assert people(count, seed=2) != people(count)


@pytest.mark.parametrize("count", SIZES)
def test_nobody_is_there_twice(count: int):
    made = company(count)
    assert len(made) == count
    for name in ("login_id", "employee_number", "anpi_login_id", "extension_number"):
        assert max(Counter(getattr(each, name).lower() for each in made).values()) == 1, name


@pytest.mark.parametrize("count", [*SIZES, 100_000])
def test_departments_are_a_tree_of_five_levels(count: int):
    rows = departments(count)
    known: dict[str, Department] = {}
    for row in rows:
        assert row.code not in known
        assert row.level == (known[row.parent].level + 1 if row.parent else 1), "parents come first"
        known[row.code] = row
    assert {row.level for row in rows} == {1, 2, 3, 4, 5}


def test_the_demo_has_forty_two_departments_on_three_sites():
    rows = departments(300)
    assert len(rows) == 42
    listed = sorted(rows, key=lambda row: row.sort_score)
    assert [row.name for row in listed if row.level == 1] == ["東京本社", "静岡工場", "札幌営業所"]
    assert {row.site.area for row in rows} == {"東京都千代田区", "静岡県焼津市", "北海道札幌市中央区"}


@pytest.mark.parametrize("count", SIZES)
def test_everybody_sits_somewhere_and_some_in_two_places(count: int):
    codes = {row.code for row in departments(count)}
    made = company(count)
    used = Counter(post.department for each in made for post in each.posts)
    assert set(used) == codes, "no department is empty"
    assert all(len({post.department for post in each.posts}) == len(each.posts) for each in made)
    assert count * 0.02 < sum(len(each.posts) > 1 for each in made) < count * 0.15


def test_every_department_has_a_head():
    heads = {(post.department, post.title) for each in company(300) for post in each.posts}
    without = [row.name for row in departments(300) if (row.code, row.lead) not in heads]
    assert without == []


def test_there_are_names_enough():
    assert len({name for name, _ in surname_list()}) >= 250
    assert len({name for name, *_ in given_name_list()}) >= 200


def test_a_small_company_has_every_variant_kanji():
    surnames = {each.name.split()[0] for each in company(300)}
    assert set(VARIANTS) <= surnames


def test_kana_and_letters_are_the_readings_of_the_name():
    readings: dict[str, set[str]] = {}
    for name, kana, *_ in [*surname_list(), *given_name_list()]:
        readings.setdefault(name, set()).add(kana)
    plain = [each for each in company(1_000) if each.name.split()[0] in readings]
    assert len(plain) > 900
    for each in plain:
        letters = each.alphabet.lower().split()
        for part, kana, spelt in zip(each.name.split(), each.kana.split(), letters, strict=True):
            marked = {reading for reading in readings[part] if reading.replace("|", "") == kana}
            assert spelt in set(map(romaji, marked)), each


@pytest.mark.parametrize(
    ("kana", "letters"),
    [
        ("サトウ", "sato"),
        ("オオイシ", "oishi"),
        ("ジュンコ", "junko"),
        ("リュウノスケ", "ryunosuke"),
        ("ハットリ", "hattori"),
        ("ホンマ", "homma"),
        ("イノ|ウエ", "inoue"),
        ("キクチ", "kikuchi"),
        ("アオイ", "aoi"),
    ],
)
def test_letters_are_those_of_passports(kana: str, letters: str):
    assert romaji(kana) == letters


NUMBERS = ("phone_number", "company_mobile_number", "personal_mobile_number", "mobile_number", "fax_number")


@pytest.mark.parametrize("count", SIZES)
def test_no_number_can_ring(count: int):
    """After the area code, and after 090, 080 and 070, no number in use begins with 0 or 1."""
    given = {getattr(each, name) for each in company(count) for name in NUMBERS} - {""}
    given |= {row.phone_number for row in departments(count)} - {""}
    assert len(given) > count
    real = [each for each in given if not re.match(r"0[0-9]{1,3}-[01][0-9]", each)]
    assert real == []


@pytest.mark.parametrize("count", SIZES)
def test_no_address_is_anybodys(count: int):
    addresses = {each for one in company(count) for each in (one.login_id, one.email1, one.email2)} - {""}
    assert all(each.endswith("@example.co.jp") for each in addresses)


def test_all_that_is_said_may_be_said():
    for each in company(1_000):
        new_account(each.login_id, each.name, each.kana, language=each.language, anpi_login_id=each.anpi_login_id)
        faults = {name: PROFILE[name].fault(getattr(each, name)) for name in PROFILE if hasattr(each, name)}
        assert set(faults.values()) == {None}, each


def test_areas_are_those_that_their_names_mean():
    """As an import would find them out."""
    given = {area for each in company(1_000) for area in (*each.work_areas, *each.home_areas)}
    sites = {Area(row.site.area, row.site.area_code) for row in departments(100_000)}
    for area in given | sites:
        assert [found.code for found in resolve(area.given)] == [area.code], area


# ---------------------------------------------------------------- those of the stories


def somebody(login: str) -> Person:
    return next(each for each in company(300) if each.login_id == f"{login}@{demo.DOMAIN}")


def test_the_ground_and_the_directory_know_the_same_people():
    assert [part.login for part in CAST][: len(demo.PEOPLE)] == list(demo.PEOPLE)
    for login, known in demo.PEOPLE.items():
        each = somebody(login)
        assert (each.name, each.kana, each.language) == (known.name, known.kana, known.language)
        assert (set(each.privileges), each.talk_log) == (set(known.privileges), known.talk_log)
        assert each.anpi_login_id == demo.anpi_login_id(login)


def test_they_sit_where_the_stories_say():
    name = {row.code: row.name for row in departments(300)}
    posts = {part.login: (name[part.department], part.title) for part in CAST}
    assert posts["watanabe"] == ("第一製造課", "課長")
    assert somebody("watanabe").email1 == "", "she has no company mail"
    assert (posts["sano"][0], posts["mori"][0], posts["hori"][0]) == ("情報システム部", "総務部", "人事課")


# ---------------------------------------------------------------- as files


def test_files_have_a_row_for_each_and_every_column():
    for text, columns, count in (
        (departments_tsv(departments(300)), DEPARTMENT_COLUMNS, 42),
        (users_tsv(company(300), "Tokyo-2027-harbour"), USER_COLUMNS, 300),
    ):
        heading, *rows, end = text.split("\r\n")
        assert (tuple(heading.split("\t")), len(rows), end) == (columns, count, "")
        assert {row.count("\t") for row in rows} == {len(columns) - 1}
        assert '"' not in text


def test_a_file_says_what_the_person_is():
    rows = [row.split("\t") for row in users_tsv(company(300)).split("\r\n")[1:-1]]
    first = dict(zip(USER_COLUMNS, rows[0], strict=True))
    assert (first["LOGIN_ID"], first["NAME"], first["PASSWORD"]) == ("sano@example.co.jp", "佐野 遥", "")
    assert first["PRIVILEGES"] == "ADMIN_USER;ADMIN_DIVISION;ADMIN_COMPANY"
    two = next(row for row, each in zip(rows, company(300), strict=True) if len(each.posts) == 2)
    assert two[USER_COLUMNS.index("DEPARTMENT_CODE")].count(";") == two[USER_COLUMNS.index("POSITION")].count(";")
