"""Every refusal stands in docs/protocol.md or docs/http.md, with the sentence that people read."""

from __future__ import annotations

import pytest

from server.catalogue import CATALOGUE
from tests.tools.documents import first_codes, page, table
from tests.tools.refusals import refusal_codes

PROTOCOL, HTTP = page("docs/protocol.md"), page("docs/http.md")
TABLES = [
    (PROTOCOL, "Error codes", 1),
    (PROTOCOL, "Refused at the door", 1),
    (HTTP, "Error codes", 2),
    (HTTP, "At the command line only", 2),
]
"""Document, heading, and the column in which the sentence stands."""

ROWS = [(row[0].strip("`"), row[column]) for text, title, column in TABLES for row in table(text, title)]


def test_every_code_is_listed_and_none_that_does_not_exist():
    raised = set(refusal_codes())
    assert {"not_owner", "signin_wrong", "too_large"} <= raised, "the search found too little to mean anything"
    assert {code for code, _ in ROWS} == raised


@pytest.mark.parametrize(("code", "sentence"), ROWS)
def test_a_code_stands_there_with_what_people_read(code: str, sentence: str):
    assert sentence == CATALOGUE[f"error.{code}"]["en"]


@pytest.mark.parametrize(("text", "title"), [(text, title) for text, title, _ in TABLES])
def test_no_code_stands_in_a_table_twice(text: str, title: str):
    listed = first_codes(text, title)
    assert len(listed) == len(set(listed))
