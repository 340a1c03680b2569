"""The trail as a file that a spreadsheet opens."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import pytest

from server.auth import trail
from server.auth.trail import Line

AT = datetime(2026, 11, 22, 15, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize("text", ["=1+1", "+81", "-1", "@x", "\tx", "\rx", "＝1", "＋1", "－1", "＠x"])
def test_nothing_in_it_is_calculated(text: str):
    assert trail.safe_cell(text) == f"'{text}"


def test_a_line_is_a_row_in_japanese_time():
    line = Line(
        7, AT, "佐野, 遥", "account.change", "=a@b.example", "ok", {"changed": {"talk": [False, True]}}, "::1"
    )
    text = trail.csv_head("ja") + trail.csv_rows([line])
    assert text.startswith("\ufeff日時,操作した人,") and text.count("\r\n") == 2
    _, row = csv.reader(io.StringIO(text))
    assert row[:5] == ["2026/11/23 00:30:05", "佐野, 遥", "account.change", "'=a@b.example", "ok"]
    assert row[5] == '{"changed":{"talk":[false,true]}}'
