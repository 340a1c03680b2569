"""The browser names the columns that an unknown heading may mean: the same as the server's."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from directory.imports.columns import COLUMNS
from directory.imports.model import Kind

SCRIPT = Path(__file__).parents[4] / "web/src/admin/imports/columns.ts"


@pytest.mark.parametrize("kind", ["users", "departments"])
def test_the_browser_knows_the_columns_of_the_server(kind: Kind):
    found = re.search(rf"^  {kind}: \[(.*?)\]", SCRIPT.read_text(), re.DOTALL | re.MULTILINE)

    assert found, "the script lists them"
    assert re.findall(r"'([^']+)'", found[1]) == list(COLUMNS[kind])
