"""The samples: a small company to look at and to write over. Departments can be imported as they are; users when
passwords and one's own domain have been put in."""

from __future__ import annotations

from directory.imports.columns import COLUMNS
from directory.imports.exporting import line, row
from directory.imports.model import Cells, Kind

_DEPARTMENTS: list[Cells] = [
    {
        "DEPARTMENT_CODE": code,
        "PARENT_DEPARTMENT_CODE": parent,
        "DEPARTMENT_NAME": name,
        "DEPARTMENT_NAME_KANA": kana,
        "SORT_SCORE": score,
    }
    for code, parent, name, kana, score in (
        ("A00", "", "本社", "ホンシャ", "1"),
        ("A10", "A00", "総務部", "ソウムブ", "1"),
        ("A11", "A10", "総務課", "ソウムカ", "1"),
        ("A20", "A00", "営業部", "エイギョウブ", "2"),
        ("A21", "A20", "営業第一課", "エイギョウダイイチカ", "1"),
        ("B00", "", "静岡工場", "シズオカコウジョウ", "2"),
        ("B10", "B00", "製造課", "セイゾウカ", "1"),
    )
]
_USERS: list[Cells] = [
    {
        "LOGIN_ID": f"{login}@example.com",
        "USER_TYPE": "REGULAR_USER",
        "ENABLED": "1",
        "NAME": name,
        "NAME_KANA": kana,
        "EMPLOYEE_NUMBER": number,
        "DEPARTMENT_CODE": departments,
        "POSITION": titles,
        "PHONE_NUMBER": "03-0000-0000",
        "Email 1": f"{login}@example.com",
        "TALK_AVAILABLE": "1",
        "LANGUAGE": "ja",
    }
    for login, name, kana, number, departments, titles in (
        ("sato", "佐藤 花子", "サトウ ハナコ", "0001", "A10", "部長"),
        ("suzuki", "鈴木 一郎", "スズキ イチロウ", "0002", "A11;A21", "課長;部員"),
        ("takahashi", "髙橋 健", "タカハシ ケン", "0003", "A21", "課長"),
        ("tanaka", "田中 美咲", "タナカ ミサキ", "0004", "A21", ""),
        ("watanabe", "渡邉 太郎", "ワタナベ タロウ", "0005", "B10", "工場長"),
    )
]


def sample(kind: Kind) -> str:
    """The text of the file."""
    columns = list(COLUMNS[kind])
    people = _DEPARTMENTS if kind == "departments" else _USERS
    return line(columns) + "".join(row(kind, cells, columns) for cells in people)
