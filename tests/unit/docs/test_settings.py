"""docs/settings.md lists every setting, with its default and what it means."""

from __future__ import annotations

import json

import pytest
from pydantic_core import PydanticUndefined

from server.settings import PREFIX, Settings
from tests.tools.documents import codes, page, table

ROWS = {codes(row[0])[0]: row for row in table(page("docs/settings.md"), "Settings")}


def test_every_setting_is_listed_and_nothing_else():
    assert list(ROWS) == [PREFIX + name.upper() for name in Settings.model_fields]


@pytest.mark.parametrize("name", Settings.model_fields)
def test_a_setting_stands_there_with_its_default_and_its_own_words(name: str):
    field = Settings.model_fields[name]
    assert field.default is not PydanticUndefined, "every setting has a default"
    _, default, meaning = ROWS[PREFIX + name.upper()]
    assert default.strip("`") == as_written(field.default)
    assert meaning.startswith(field.description)


def as_written(default: object) -> str:
    """A default as one would write it into the environment."""
    if isinstance(default, tuple):
        return json.dumps(default, separators=(",", ":"))
    return str(default).lower() if isinstance(default, bool) else str(default)
