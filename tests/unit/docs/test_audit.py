"""docs/security.md names everything that is written into the audit trail."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.tools.documents import ROOT, codes, page

WRITERS = {"record", "record_each", "write_audit"}
KINDS = ("users", "departments")


def test_every_action_of_the_audit_stands_there():
    listed = page("docs/security.md").partition("What is written:")[2].partition("\n\n")[0]
    assert {each for each in codes(listed) if re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", each)} == set(written())


def written() -> Iterator[str]:
    """Every action that the sources write, one for each kind of file where the name depends on it."""
    for house in ("server", "directory", "chat", "anpi", "web"):
        for path in sorted((ROOT / house).rglob("*.py")):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in WRITERS:
                    yield from named(call.args[2])
                elif isinstance(call, ast.Assign) and isinstance(call.value, ast.JoinedStr):
                    if [ast.unparse(each) for each in call.targets] == ["action"]:
                        yield from named(call.value)


def named(action: ast.expr) -> Iterator[str]:
    if isinstance(action, ast.Constant):
        yield action.value
    elif isinstance(action, ast.JoinedStr):
        start = action.values[0]
        assert isinstance(start, ast.Constant)
        # What an import or its undo is called; the only names that are put together.
        words = [start.value] if start.value != "directory." else ["directory.import.", "directory.undo."]
        yield from (word + kind for word in words for kind in KINDS)
    else:
        assert isinstance(action, ast.Name) and action.id == "action", ast.dump(action)
