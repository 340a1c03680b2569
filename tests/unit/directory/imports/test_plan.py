"""What a file would come to, without a database: every rule with its row, column and exact text."""

from __future__ import annotations

import io
from typing import Any

import msgspec
import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from directory import fields
from directory.imports import desk
from directory.imports.cells import MASK
from directory.imports.current import Company, DepartmentNow, Now, PersonNow, PictureNow
from directory.imports.exporting import encoded, line, row
from directory.imports.model import Kind, Options, StagedRow
from directory.imports.parcels import Outcome, pack
from directory.imports.reading import Unreadable
from server.auth.rules import Counts, Licences

BLANK = {name: "" for name in desk.COLUMNS["users"]} | {
    "USER_TYPE": "REGULAR_USER",
    "ENABLED": "1",
    "TALK_AVAILABLE": "0",
    "TALK_LOG_DOWNLOAD_AVAILABLE": "0",
    "LANGUAGE": "ja",
}
for name in ("MODE", "PASSWORD", "INITIAL_PASSWORD_FORCE_CHANGE"):
    del BLANK[name]


def person(id: int, login: str, posts: list[tuple[int, str]] | None = None, **cells: str) -> PersonNow:
    filled = BLANK | {"LOGIN_ID": login, "NAME": "山田"} | cells
    work = [("01", part) for part in filled["WORK_AREA"].split(";") if part]
    home = [("01", part) for part in filled["HOME_AREA"].split(";") if part]
    return PersonNow(id, login.lower(), filled, posts or [], work, home)


def department(id: int, code: str, parent: str = "", **cells: str) -> DepartmentNow:
    blank = {name: "" for name in desk.COLUMNS["departments"] if name != "MODE"}
    named = {"DEPARTMENT_CODE": code, "PARENT_DEPARTMENT_CODE": parent, "DEPARTMENT_NAME": f"部{code}"}
    return DepartmentNow(id, blank | named | cells)


def company(people: list[PersonNow], departments: list[DepartmentNow] | None = None, **given: Any) -> Now:
    defaults: dict[str, Any] = {"name": "北斗", "licences": Licences(100, 100, 100), "counts": Counts(len(people))}
    now = Now(Company(**(defaults | given)))
    now.departments = {each.cells["DEPARTMENT_CODE"]: each for each in departments or []}
    now.people = {each.key: Raw(msgspec.msgpack.encode(each)) for each in people}
    now.anpi = {each.cells["ANPI_LOGIN_ID"].lower(): each.key for each in people if each.cells["ANPI_LOGIN_ID"]}
    return now


def plan(kind: Kind, now: Now, *rows: list[str]) -> Outcome:
    return desk._plan(kind, "".join(line(each) for each in rows).encode(), now)


def errors(made: Outcome) -> list[tuple[int, str, str]]:
    return [(each.row, each.column, each.text) for each in made.plan.problems if each.level == "error"]


def rows_of(made: Outcome) -> list[StagedRow]:
    return [each for chunk in made.chunks for each in msgspec.json.decode(chunk, type=list[StagedRow])]


LEGAL = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=50).map(str.strip)
LINES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00\r"), max_size=60).map(str.strip)
NUMBER = st.from_regex(fields.NUMBER, fullmatch=True).filter(lambda text: len(text) <= 50)
TITLE = LEGAL.map(lambda text: text.replace(";", "").replace("；", "").strip())
WORDS = st.fixed_dictionaries(
    {
        "NAME": LEGAL.filter(bool),
        "NAME_KANA": LEGAL,
        "NAME_ALPHABET": LEGAL,
        "EMPLOYEE_NUMBER": LEGAL,
        "POST": LEGAL,
        "COMMENT": LINES,
        "REMARKS": LINES,
        "SKILL": LINES,
        "PHONE_NUMBER": NUMBER,
        "FAX_NUMBER": NUMBER,
        "WEB_URL": st.sampled_from(["", "https://x.example/?a=1", "x.example"]),
        "Email 1": st.sampled_from(["", "a..b@docomo.example", "-x@y.example", "+a@b.example"]),
        "SORT_SCORE": st.sampled_from(["", "0", "7", "999999999"]),
        "ENABLED": st.sampled_from(["0", "1"]),
        "LANGUAGE": st.sampled_from(["ja", "en"]),
        "ANPI_LOGIN_ID": st.sampled_from(["", "A1b"]),
        "PRIVILEGES": st.sampled_from(["", "ADMIN_USER", "ADMIN_GOTALK;ADMIN_USER"]),
    }
)


@given(WORDS, st.lists(TITLE, max_size=3), st.sampled_from(["utf-16", "utf-8"]))
def test_an_export_imports_as_no_change_for_every_legal_value(cells: dict[str, str], titles: list[str], encoding):
    departments = [department(each, f"A{each}") for each in range(1, 4)]
    cells["DEPARTMENT_CODE"] = ";".join(f"A{each + 1}" for each in range(len(titles)))
    cells["POSITION"] = ";".join(titles) if any(titles) else ""
    now = company([person(1, "+x@hokuto.example", list(enumerate(titles, 1)), **cells)], departments)
    columns = list(desk.COLUMNS["users"])
    stored = now.person("+x@hokuto.example")
    assert stored is not None
    text = line(columns) + row("users", stored.cells, columns)
    bom = {"utf-16": b"\xff\xfe", "utf-8": b"\xef\xbb\xbf"}[encoding]

    made = desk._plan("users", bom + encoded(text, encoding), now)

    assert (made.plan.problems, made.plan.counts.unchanged, rows_of(made)) == ([], 1, [])


HEAD = ["MODE", "LOGIN_ID", "PASSWORD", "NAME", "PRIVILEGES", "ANPI_LOGIN_ID", "TALK_LOG_DOWNLOAD_AVAILABLE"]
PASSWORD = "aoi-sora-kumo"


def new(login: str, *more: str) -> list[str]:
    return ["U", login, PASSWORD, "山田", *more]


WRONG = {
    "mode": (["X", "a@x", PASSWORD, "山田"], (2, "MODE", "2行目 MODEの値はUかDのみ利用可能です。")),
    "login": (["U", "", PASSWORD, "山田"], (2, "LOGIN_ID", "2行目 LOGIN_IDは入力必須項目です。")),
    "login format": (
        ["U", "山田@x", PASSWORD, "山田"],
        (2, "LOGIN_ID", "2行目 LOGIN_IDはフォーマットが正しくありません。"),
    ),
    "name": (["U", "a@x", PASSWORD, ""], (2, "NAME", "2行目 NAMEは入力必須項目です。")),
    "long name": (["U", "a@x", PASSWORD, "山" * 51], (2, "NAME", "2行目 NAMEは50文字以内で入力してください。")),
    "huge cell": (["U", "a@x", PASSWORD, "山" * 200_000], (2, "NAME", "2行目 NAMEは50文字以内で入力してください。")),
    "password": (["U", "a@x", "", "山田"], (2, "PASSWORD", "accountId = a@x : PASSWORDは入力必須項目です。")),
    "privilege": (
        new("a@x", "ADMIN_ALL"),
        (2, "PRIVILEGES", "2行目 PRIVILEGESはフォーマットが正しくありません。"),
    ),
    "anpi administrator without an ID": (
        new("a@x", "ADMIN_ANPI"),
        (2, "PRIVILEGES", "2行目 PRIVILEGES : 先に安否ログインIDを登録してください。"),
    ),
    "talk log without the right": (
        new("a@x", "", "", "1"),
        (
            2,
            "TALK_LOG_DOWNLOAD_AVAILABLE",
            "2行目 TALK_LOG_DOWNLOAD_AVAILABLE : 先に権限コントロールの「トーク」を付けてください。",
        ),
    ),
    "nobody to delete": (["D", "a@x"], (2, "LOGIN_ID", "2行目 accountId = a@x : 登録されていないログインIDです。")),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_named_by_row_and_column(name: str):
    given_row, expected = WRONG[name]
    made = plan("users", company([]), HEAD, given_row)
    assert errors(made) == [expected]
    assert [each.act for each in rows_of(made)] == ["error"]
    assert PASSWORD not in str(made)


def test_a_domain_that_is_not_allowed_is_named_with_the_login_id():
    made = plan("users", company([], domains=["hokuto.example"]), HEAD, new("a@x"))
    text = "2行目 accountId = a@x : ログインIDのドメインが許可されていません。"
    assert errors(made) == [(2, "LOGIN_ID", text)]


@pytest.mark.parametrize("twin", ["A@X", "ａ@x"])
def test_a_login_id_stands_once_whatever_its_case_and_width(twin: str):
    made = plan("users", company([]), HEAD, new("a@x"), new(twin))
    assert [each[:2] for each in errors(made)] == [(3, "LOGIN_ID")]


def test_the_thirty_first_anpi_administrator_is_named():
    rows = [new(f"a{number}@x", "ADMIN_ANPI", f"A{number}") for number in range(31)]
    made = plan("users", company([]), HEAD, *rows)
    assert [each[:2] for each in errors(made)] == [(32, "PRIVILEGES")]


def test_seats_are_counted_for_the_whole_file():
    now = company([], licences=Licences(1, 100, 100))
    made = plan("users", now, HEAD, new("a@x"), new("b@x"))
    assert msgspec.structs.astuple(made.plan.seats[0]) == ("basic", 0, 2, 1)
    assert errors(made) == [(0, "", "基本ユーザライセンス数 が上限（1 ID）に達しています。")]


def test_nobody_takes_his_own_rights_and_the_last_administrator_stays():
    sano = person(1, "sano@x", PRIVILEGES="ADMIN_USER")
    now = company([sano], own_key="sano@x", counts=Counts(1, administrators=1))
    made = plan("users", now, HEAD, ["U", "sano@x", "", "佐野", ""])
    assert [each[:2] for each in errors(made)] == [(2, "PRIVILEGES"), (0, "")]
    assert [each[:2] for each in errors(plan("users", now, HEAD, ["D", "sano@x"]))] == [(2, "MODE")]


def test_anpi_ids_may_be_swapped_and_not_taken():
    people = [person(1, "a@x", ANPI_LOGIN_ID="A1"), person(2, "b@x", ANPI_LOGIN_ID="B2")]
    head = ["LOGIN_ID", "ANPI_LOGIN_ID"]
    assert errors(plan("users", company(people), head, ["a@x", "b2"], ["b@x", "a1"])) == []
    assert [each[:2] for each in errors(plan("users", company(people), head, ["a@x", "b2"]))] == [
        (2, "ANPI_LOGIN_ID")
    ]


def test_a_blank_cell_is_the_default_and_a_missing_column_leaves():
    stored = person(1, "a@x", TALK_AVAILABLE="1", PHONE_NUMBER="03-1", COMMENT="よろしく")
    made = plan("users", company([stored]), ["LOGIN_ID", "TALK_AVAILABLE", "PHONE_NUMBER"], ["a@x", "", ""])
    (row,) = rows_of(made)
    assert msgspec.json.decode(row.after) == {"TALK_AVAILABLE": "0", "PHONE_NUMBER": ""}
    assert msgspec.json.decode(row.before) == {"TALK_AVAILABLE": "1", "PHONE_NUMBER": "03-1"}
    assert made.plan.lost.talk == 1


def test_columns_that_are_missing_are_named():
    with pytest.raises(Unreadable, match=r"^LOGIN_IDは必須項目です。$"):
        plan("users", company([]), ["NAME"], ["山田"])
    with pytest.raises(Unreadable, match=r"^DEPARTMENT_CODE,DEPARTMENT_NAMEは必須項目です。$"):
        plan("departments", company([]), ["URL"], ["x"])
    with pytest.raises(Unreadable, match="データがありません"):
        plan("users", company([]), HEAD)
    assert errors(plan("users", company([]), ["LOGIN_ID"], ["a@x"])) == [(0, "NAME", "NAMEは必須項目です。")]


def test_headings_that_are_not_understood_can_be_given_a_meaning():
    def made(**options: Any) -> Outcome:
        now = company([], remembered=options)
        data = "".join(line(each) for each in [["記号", "NAME", "PASSWORD"], ["a@x", "山田", PASSWORD]]).encode()
        behind = pack(now.company) + pack(now.departments)
        return desk.plan("users", len(data), file=io.BytesIO(data + behind))

    failed = made()
    assert [each[:2] for each in errors(failed)] == [(1, "")]
    assert (failed.plan.unknown, [each.column for each in failed.plan.headings]) == (["記号"], ["NAME", "PASSWORD"])
    assert errors(made(記号="LOGIN_ID")) == []


def test_a_question_mark_must_be_ticked():
    now = company([])
    assert plan("users", now, HEAD, ["U", "a@x", PASSWORD, "?野"]).plan.asks == ["marks"]
    ticked = company([], options=Options(marks=True))
    assert plan("users", ticked, HEAD, ["U", "a@x", PASSWORD, "?野"]).plan.ready


TREE = [department(1, "A"), department(2, "B", "A"), department(3, "C", "B")]
CODES = ["MODE", "DEPARTMENT_CODE", "PARENT_DEPARTMENT_CODE", "DEPARTMENT_NAME"]
CYCLES = {
    "itself": (["U", "A", "A", "部A"], [(2, "PARENT_DEPARTMENT_CODE")]),
    "below itself": (["U", "A", "C", "部A"], [(2, "PARENT_DEPARTMENT_CODE")]),
    "no parent": (["U", "A", "Z", "部A"], [(2, "PARENT_DEPARTMENT_CODE")]),
    "no code": (["U", "", "", "部"], [(2, "DEPARTMENT_CODE")]),
    "bad code": (["U", "あ", "", "部"], [(2, "DEPARTMENT_CODE")]),
    "no name": (["U", "N", "", ""], [(2, "DEPARTMENT_NAME")]),
}


@pytest.mark.parametrize("name", CYCLES)
def test_a_tree_stays_a_tree(name: str):
    given_row, expected = CYCLES[name]
    assert [each[:2] for each in errors(plan("departments", company([], TREE), CODES, given_row))] == expected


def test_a_parent_may_stand_behind_its_child():
    made = plan("departments", company([]), CODES, ["U", "B", "A", "子"], ["U", "A", "", "親"])
    assert (errors(made), made.plan.counts.add) == ([], 2)


def test_a_removed_department_takes_those_below_along():
    made = plan("departments", company([], TREE), CODES, ["D", "B"])
    assert [(each.act, each.key) for each in rows_of(made)] == [("remove", "B"), ("remove", "C")]


PICTURES = {"sato.jpg": PictureNow("a" * 64), "broken.jpg": PictureNow(fault="damage")}
WITH_PHOTO = ["LOGIN_ID", "BIG_IMAGE"]


def test_a_photo_of_the_zip_is_set_and_one_that_is_not_there_is_an_error():
    people = [person(number, f"{login}@x") for number, login in enumerate("abcd", 1)]
    rows = [["a@x", "image/SATO.jpg"], ["b@x", "mori.jpg"], ["c@x", "broken.jpg"], ["d@x", ""]]
    made = plan("users", company(people, pictures=PICTURES), WITH_PHOTO, *rows)
    assert errors(made) == [
        (3, "BIG_IMAGE", "3行目 BIG_IMAGEの写真「mori.jpg」が ZIP ファイルの image フォルダーにありません。"),
        (4, "BIG_IMAGE", "4行目 BIG_IMAGEの写真「broken.jpg」を読み取れません。"),
    ]
    (changed,) = [each for each in rows_of(made) if each.act == "change"]
    assert msgspec.json.decode(changed.after) == {"BIG_IMAGE": "a" * 64}
    assert msgspec.json.decode(changed.before)["BIG_IMAGE"] == ""
    assert made.plan.counts.unchanged == 1, "a blank cell leaves the photo"


def test_the_same_photo_again_is_no_change_and_one_that_nobody_names_is_told():
    stored = person(1, "a@x", BIG_IMAGE="a" * 64)
    made = plan("users", company([stored], pictures=PICTURES), WITH_PHOTO, ["a@x", "sato.jpg"])
    assert (made.plan.counts.unchanged, made.plan.counts.warnings) == (1, 1)
    assert made.plan.problems[0].text == "どの行にも書かれていない写真が1個あります（broken.jpg）。"


def test_a_photo_is_left_aside_when_the_file_is_no_zip():
    made = plan("users", company([person(1, "a@x")]), WITH_PHOTO, ["a@x", "sato.jpg"])
    assert [(each.level, each.column) for each in made.plan.problems] == [("warning", "BIG_IMAGE")]
    assert made.plan.counts.unchanged == 1


def test_an_export_names_no_photo():
    stored = person(1, "a@x", BIG_IMAGE="a" * 64)
    assert "a" * 64 not in row("users", stored.cells, list(desk.COLUMNS["users"]))


def test_a_workbook_names_its_sheets_also_when_the_wrong_one_was_read():
    book = openpyxl.Workbook()
    book.active.title = "表紙"
    book.create_sheet("ユーザ").append(["LOGIN_ID"])
    file = io.BytesIO()
    book.save(file)
    data = file.getvalue()
    for sheet, found in (("", False), ("ユーザ", True)):
        now = company([], options=Options(sheet=sheet))
        behind = pack(now.company) + pack(now.departments)
        made = desk.plan("users", len(data), file=io.BytesIO(data + behind))
        assert made.plan.sheets == ["表紙", "ユーザ"]
        assert ("データがありません" in made.plan.problems[0].text) is found


@pytest.mark.parametrize(
    ("kind", "head", "raw"),
    [
        ("departments", ["DEPARTMENT_CODE", "DEPARTMENT_NAME", "PASSWORD"], ["A", "", PASSWORD]),
        ("users", ["LOGIN_ID", "NAME", "PW"], ["a@x", "", PASSWORD, PASSWORD]),
        ("users", ["LOGIN_ID", "NAME", "合言葉"], ["a@x", "", PASSWORD]),
    ],
)
def test_nothing_is_kept_that_might_be_a_password(kind: Kind, head: list[str], raw: list[str]):
    made = plan(kind, company([], remembered={"合言葉": "PASSWORD"}), head, raw)
    (kept,) = rows_of(made)
    cells = msgspec.json.decode(kept.after)["cells"]
    assert (kept.act, cells[0]) == ("error", raw[0])
    assert PASSWORD not in str(made) + str(made.chunks) and len(cells) == len(raw)


def test_the_mask_of_the_error_file_is_no_password():
    rows = [HEAD, ["U", "a@x", MASK, "山田"]]
    refused = plan("users", company([]), *rows)
    assert [each[2] for each in errors(refused)] == ["accountId = a@x : PASSWORDは入力必須項目です。"]
    assert plan("users", company([], options=Options(make_passwords=True)), *rows).plan.counts.hashes == 1
    data = "".join(line(each) for each in rows).encode()
    (given,) = desk.passwords(len(data), "", {}, [2], file=io.BytesIO(data))
    assert (given.login_id, given.password) == ("a@x", ""), "blank: one is to be made"
