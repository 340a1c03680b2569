"""Which codes the code base refuses with, read from its sources."""

from __future__ import annotations

import ast
from pathlib import Path

from server.errors import AppError

ROOT = Path(__file__).parents[2]
HOUSES = ("server", "directory", "chat", "anpi", "web")


def refusal_codes() -> dict[str, str]:
    """Each code that the code base refuses with, and a file that does."""
    trees = {path: ast.parse(path.read_text()) for house in HOUSES for path in _sources(ROOT / house)}
    names = {kind.__name__ for kind in _all_refusals()} | {"AppError"}
    codes = {kind.code: kind.__module__ for kind in _all_refusals()}
    for path, tree in trees.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and _name(node.func) in names and node.args:
                first = node.args[0]
                if isinstance(first, ast.Constant) and isinstance(first.value, str):
                    codes[first.value] = str(path.relative_to(ROOT))
            if isinstance(node, ast.ClassDef) and {_name(base) for base in node.bases} & names:
                codes.update(_class_code(node, path))
    return codes


def _sources(house: Path) -> list[Path]:
    return [path for path in house.rglob("*.py") if "node_modules" not in path.parts]


def _class_code(node: ast.ClassDef, path: Path) -> dict[str, str]:
    return {
        line.value.value: str(path.relative_to(ROOT))
        for line in node.body
        if isinstance(line, ast.Assign)
        and _name(line.targets[0]) == "code"
        and isinstance(line.value, ast.Constant)
        and isinstance(line.value.value, str)
    }


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _all_refusals(kind: type[AppError] = AppError) -> set[type[AppError]]:
    # Not what a test has made up for itself.
    below = [each for each in kind.__subclasses__() if each.__module__.partition(".")[0] in HOUSES]
    return {kind}.union(*(_all_refusals(each) for each in below))
