"""The two tables of a company of 300 as somebody keeps them in Excel, with every slip that such tables hold."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence

from directory.demo import departments as demo
from directory.demo.files import DEPARTMENT_COLUMNS, USER_COLUMNS

Row = dict[str, str]

PEOPLE = 300
ADMINISTRATOR = "sano@hokuto.example"
NAMES = (
    ("髙橋 誠", "タカハシ マコト"),
    ("﨑山 葵", "サキヤマ アオイ"),
    ("濵田 学", "ハマダ マナブ"),
    ("德永 恵", "トクナガ メグミ"),
    ("渡邉 花子", "ワタナベ ハナコ"),
    ("桒原 亮", "クワハラ リョウ"),
    ("\ufa1b田 進", "フクダ ススム"),
)
MENDED: Mapping[int, Row] = {
    2: {"PRIVILEGES": "ADMIN_ACTION_LOG;ADMIN_COMPANY;ADMIN_DIVISION;ADMIN_GOTALK;ADMIN_USER"},
    17: {"NAME": "𠮷野 翔"},
    40: {"PHONE_NUMBER": "090-0000-0040"},
    41: {"PHONE_NUMBER": "09012345678"},
    62: {"PHONE_NUMBER": "", "EXTENSION_NUMBER": "1234"},
    77: {"LOGIN_ID": "p077@hokuto.example"},
    90: {"DEPARTMENT_CODE": "N10"},
    101: {"ANPI_LOGIN_ID": "anpi101"},
    102: {"ANPI_LOGIN_ID": "anpi102"},
    130: {"PRIVILEGES": ""},
}
"""What is put right, by Excel's row number."""
_SLIPS: Mapping[int, Row] = {
    2: {"LOGIN_ID": ADMINISTRATOR, "NAME": "佐野 遥", "NAME_KANA": "サノ ハルカ", "DEPARTMENT_CODE": "T21"},
    17: {"NAME": "?野 翔", "NAME_KANA": "ヨシノ ショウ"},
    40: {"PHONE_NUMBER": "9.01E+10"},
    41: {"PHONE_NUMBER": "9012345678"},
    42: {"PHONE_NUMBER": "０３－１２３４－５６７８"},
    60: {"PHONE_NUMBER": "03(1234)5678"},
    61: {"PHONE_NUMBER": "03ー1234ー5678"},
    62: {"PHONE_NUMBER": "内線1234"},
    63: {"PHONE_NUMBER": "03 1234 5678"},
    64: {"PHONE_NUMBER": "+81-3-1234-5678"},
    70: {"COMMENT": "午前は\n現場です", "REMARKS": '通称 "マコ", 週4日'},
    77: {"LOGIN_ID": "P012@HOKUTO.EXAMPLE"},
    90: {"DEPARTMENT_CODE": "Z99"},
    101: {"ANPI_LOGIN_ID": ""},
    102: {"ANPI_LOGIN_ID": ""},
}
TWO_DEPARTMENTS = range(200, 212)
"""Rows of those who work in T111 as 課長 and in S21 as 部員."""
_ANPI_ADMINISTRATORS = range(100, 131)


def departments() -> list[Row]:
    """42 rows; four children stand before their parents."""
    rows = [_department(each) for each in demo.departments(PEOPLE)]
    rows[1]["DEPARTMENT_NAME"] = "管理本部（㈱北斗）"
    rows[17]["DEPARTMENT_NAME"] = "営業第①課"
    rows[18]["DEPARTMENT_NAME"] = "営業第②課（関東～東北）"
    return [*rows[-4:], *rows[:-4]]


def _department(each: demo.Department) -> Row:
    return {
        "MODE": "U",
        "DEPARTMENT_CODE": each.code,
        "PARENT_DEPARTMENT_CODE": each.parent,
        "DEPARTMENT_NAME": each.name,
        "DEPARTMENT_NAME_KANA": each.kana,
        "SORT_SCORE": str(each.sort_score),
    }


def people() -> dict[int, Row]:
    """300 rows by Excel's row number, slips and all."""
    codes = [each.code for each in demo.departments(PEOPLE)]
    return {row: _person(row, codes[row % len(codes)]) | _SLIPS.get(row, {}) for row in range(2, PEOPLE + 2)}


def mended(rows: Mapping[int, Row]) -> dict[int, Row]:
    return {number: row | MENDED.get(number, {}) for number, row in rows.items()}


def _person(row: int, department: str) -> Row:
    name, kana = NAMES[row % len(NAMES)]
    two = row in TWO_DEPARTMENTS
    return {
        "MODE": "U",
        "LOGIN_ID": f"p{row:03}@hokuto.example",
        "PASSWORD": f"horse battery {row}",
        "INITIAL_PASSWORD_FORCE_CHANGE": "1",
        "USER_TYPE": "REGULAR_USER",
        "ENABLED": "1",
        "NAME": name,
        "NAME_KANA": kana,
        "EMPLOYEE_NUMBER": f"{row:05}",
        "DEPARTMENT_CODE": "T111;S21" if two else department,
        "POSITION": "課長;部員" if two else "",
        "PHONE_NUMBER": f"03-0000-{row:04}",
        "PRIVILEGES": "ADMIN_ANPI" if row in _ANPI_ADMINISTRATORS else "",
        "TALK_AVAILABLE": "1",
        "ANPI_LOGIN_ID": f"anpi{row:03}",
    }


def department_table(rows: Iterable[Row], encoding: str = "cp932") -> bytes:
    return table(DEPARTMENT_COLUMNS, rows, encoding)


def people_table(rows: Iterable[Row], encoding: str = "cp932") -> bytes:
    """With 19 rows of nothing behind them."""
    return table(USER_COLUMNS, [*rows, *({} for _ in range(19))], encoding)


def table(heading: Sequence[str], rows: Iterable[Row], encoding: str) -> bytes:
    """As 「テキスト（タブ区切り）」 writes it: cells with commas, quotes or line breaks in quotes, and three columns
    of nothing at the end."""
    lines = (heading, *([row.get(name, "") for name in heading] for row in rows))
    text = "".join("\t".join(map(_quoted, (*cells, "", "", ""))) + "\r\n" for cells in lines)
    return text.encode(encoding)


def _quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set(',"\n') else cell


def read(data: bytes) -> list[Row]:
    """A downloaded file, by its headings."""
    return list(csv.DictReader(io.StringIO(data.decode("utf-16"), newline=""), dialect="excel-tab"))
