"""Files as Excel writes them, and files that cannot be read: each refused with its line."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest

from directory.imports import sayings
from directory.imports.cells import guarded, read_cell, unguarded
from directory.imports.columns import COLUMNS
from directory.imports.headings import layout
from directory.imports.reading import Unreadable, read

TEXT = "LOGIN_ID\tNAME\r\na@x\t髙橋 ㈱①〜\r\n"
ROWS = [(1, ["LOGIN_ID", "NAME"]), (2, ["a@x", "髙橋 ㈱①〜"])]


@pytest.mark.parametrize(
    ("encoding", "name"),
    [("utf-16", "utf-16"), ("utf-8", "utf-8"), ("utf-8-sig", "utf-8"), ("cp932", "cp932")],
)
def test_every_encoding_of_excel_is_read(encoding: str, name: str):
    text = TEXT if encoding != "cp932" else TEXT.replace("〜", "～")
    table = read(text.encode(encoding))
    assert table.encoding == name
    assert [(number, [cell.replace("～", "〜") for cell in cells]) for number, cells in table.rows] == ROWS


def test_big_endian_utf_16_is_read():
    assert list(read(b"\xfe\xff" + TEXT.encode("utf-16-be")).rows) == ROWS


def test_an_excel_file_is_read_by_value_and_sheet():
    book = openpyxl.Workbook()
    book.active.append(["LOGIN_ID", "PHONE_NUMBER"])
    book.active.append(["a@x", 9012345678])
    book.create_sheet("二").append(["NAME"])
    file = io.BytesIO()
    book.save(file)
    assert [cells for _, cells in read(file.getvalue()).rows] == [["LOGIN_ID", "PHONE_NUMBER"], ["a@x", "9012345678"]]
    assert [cells for _, cells in read(file.getvalue(), "二").rows] == [["NAME"]]
    with pytest.raises(Unreadable, match="シート"):
        list(read(file.getvalue(), "三").rows)


def test_excels_quotes_are_taken_off_and_rows_are_numbered_as_excel_does():
    table = read(b'A\tB\r\n"a ""b""\nc"\tx,y\r\n\r\n\t\t\r\nz\t\t\t\r\n')
    assert list(table.rows) == [(1, ["A", "B"]), (2, ['a "b"\nc', "x,y"]), (5, ["z"])]


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"0" * (300 * 1024 * 1024))
    return file.getvalue()


WRONG = {
    "an open quote": (b'A\tB\r\nx\t"y\r\n', "閉じられていません", 2),
    "a NUL": (b"A\r\nx\r\ny\x00\r\n", "NUL", 3),
    "nothing": (b"", "空", 0),
    "only blanks": (b"\r\n \t\r\n", "空", 0),
    "mixed bytes": ("A\r\n髙\r\n".encode("cp932") + "髙橋\r\n".encode() + b"\xff\xfe\r\n", "文字コード", 3),
    "half a character": ("A\r\n\u9ad9".encode("utf-16")[:-1], "文字コード", 2),
    "old Excel": (b"\xd0\xcf\x11\xe0" + bytes(100) + b"x", "古い形式", 0),
    "no zip": (b"PK\x03\x04" + b"x" * 100, "壊れて", 0),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_cannot_be_read_is_refused_with_its_line(name: str):
    data, said, row = WRONG[name]
    with pytest.raises(Unreadable, match=said) as refused:
        list(read(data).rows)
    assert refused.value.row == row


def test_a_zip_bomb_is_refused_by_its_directory():
    with pytest.raises(Unreadable, match="大きすぎます"):
        list(read(zip_bomb()).rows)


def test_headings_match_whatever_their_order_case_blanks_and_language():
    found = layout("users", ["メモ", "氏名", "login id", "Ｅmail_1", "社員番号", "独自"], {"独自": "REMARKS"})
    assert found.places == {"NAME": 1, "LOGIN_ID": 2, "Email 1": 3, "EMPLOYEE_NUMBER": 4, "REMARKS": 5}
    assert found.unknown == ("メモ",)
    assert layout("users", ["NAME", "氏名"], {}).twice == ("NAME",)


PHONES = {
    "03(1234)5678": "03-1234-5678",
    "03ー1234ー5678": "03-1234-5678",
    "０３－１２３４－５６７８": "03-1234-5678",
    "03 1234 5678": "03-1234-5678",
    "(03)1234-5678": "03-1234-5678",
}


@pytest.mark.parametrize("given", PHONES)
def test_numbers_are_mended_and_say_so(given: str):
    cell = read_cell(COLUMNS["users"]["PHONE_NUMBER"], given, None)
    assert (cell.text, cell.repaired, cell.error) == (PHONES[given], True, None)


def test_damaged_numbers_are_errors_and_a_lost_zero_is_offered():
    phone = COLUMNS["users"]["PHONE_NUMBER"]
    assert read_cell(phone, "+81-3-1234-5678", None).repaired is False
    assert read_cell(phone, "9.01E+10", None).error is sayings.DAMAGED
    assert read_cell(phone, "内線1234", None).error is sayings.EXTENSION
    assert read_cell(phone, "9012345678", None).warning is sayings.ZERO
    assert read_cell(phone, "9012345678", None, zeros=True).text == "09012345678"
    assert read_cell(phone, "9012345678", "9012345678").warning is None, "what is stored so is no doubt"


@pytest.mark.parametrize("text", ["=1+1", "＝A1", "+81", "-", "@x", "'=1", "''@x", "'a", "a=b", "'", ""])
def test_the_guard_against_formulas_comes_off_again(text: str):
    assert unguarded(guarded(text)) == text
    assert not guarded(text)[:1] or guarded(text)[0] not in "=+-@＝＋－＠"
