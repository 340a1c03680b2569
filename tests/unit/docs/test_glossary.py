"""The glossary has every word in both languages, and all that the code tells apart."""

from __future__ import annotations

import re

import pytest

from chat.frames import Kind
from server.auth.model import Privilege, State
from tests.tools.documents import codes, page, table

TEXT = page("docs/glossary.md")
SECTIONS = ["Talk", "Directory", "Counters and ways", "People and signing in", "Privileges"]
ROWS = [row for title in SECTIONS for row in table(TEXT, title)]


@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_a_word_stands_there_in_both_languages(row: list[str]):
    code, japanese, english, _ = row
    assert code and re.search("[ぁ-んァ-ヶ一-龠]", japanese)
    assert re.fullmatch("[A-Za-z0-9 -]+", english)


def test_all_kinds_states_and_privileges_stand_there():
    listed = {word for row in ROWS for word in codes(row[0])}
    assert {*Kind, *State, *Privilege} <= listed


def test_no_privilege_stands_there_that_does_not_exist():
    assert [codes(row[0])[0] for row in table(TEXT, "Privileges")] == list(Privilege)
