"""What an import says is there in both languages, and says the same in them."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from directory.imports import sayings
from directory.imports.model import Options
from directory.imports.sayings import Saying
from server.auth.rules import Licences
from tests.unit.directory.imports.test_plan import CODES, HEAD, PASSWORD, company, plan

SAYINGS = {name: each for name, each in vars(sayings).items() if isinstance(each, Saying)}
JAPANESE = re.compile("[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("name", SAYINGS)
def test_both_languages_hold_the_same_values(name: str):
    assert SAYINGS[name].ja and SAYINGS[name].en
    assert places(SAYINGS[name].ja) == places(SAYINGS[name].en)
    assert not JAPANESE.search(SAYINGS[name].en)


def test_a_preview_speaks_its_readers_language():
    rows = [["X", "a@x", PASSWORD, "?"], ["U", "a@x", "", "山"], ["U", "b@x", "short", "山", "ADMIN_ANPI"]]
    given = {"language": "en", "options": Options(), "licences": Licences(0, 0, 0), "domains": ["y"]}
    made = plan("users", company([], **given), HEAD, *rows)
    tree = plan("departments", company([], language="en"), CODES, ["U", "A", "B", "部"], ["U", "B", "A", "部"])
    found = [*made.plan.problems, *tree.plan.problems]
    assert {each.row for each in found} >= {2, 3, 4}
    assert [each.text for each in found if JAPANESE.search(each.text)] == []
    japanese = plan("users", company([], **given | {"language": "ja"}), HEAD, *rows)
    assert all(JAPANESE.search(each.text) for each in japanese.plan.problems)
