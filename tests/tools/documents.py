"""Reads our Markdown for the tests that keep it true: sections, tables, links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
MADE_HERE = {"node_modules", "dist", "var", "build"}

_HEADING = re.compile(r"#{1,6} +(.+)")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
_CODE_BLOCK = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`]+)`")


def page(name: str) -> str:
    """A document's text, by its path in the repository."""
    return (ROOT / name).read_text("utf-8")


def pages() -> list[Path]:
    """Every Markdown file of ours; folders with a dot and what is made here are not."""
    return sorted(path for path in ROOT.rglob("*.md") if not _is_strange(path.relative_to(ROOT)))


def section(text: str, title: str) -> str:
    """What stands under a heading, up to the next heading of any level."""
    lines = _without_code_blocks(text).splitlines()
    found = [number for number, line in enumerate(lines) if _heading(line) == title]
    assert len(found) == 1, f"{len(found)} headings say {title!r}"
    rest = lines[found[0] + 1 :]
    end = next((number for number, line in enumerate(rest) if _heading(line)), len(rest))
    return "\n".join(rest[:end])


def table(text: str, title: str) -> list[list[str]]:
    """The rows of the tables under a heading, without their heads."""
    rows = [_cells(line) for line in section(text, title).splitlines() if line.startswith("|")]
    heads = {number - 1 for number, row in enumerate(rows) if _is_rule(row)}
    assert heads, f"no table under {title!r}"
    return [row for number, row in enumerate(rows) if number not in heads and not _is_rule(row)]


def codes(cell: str) -> list[str]:
    """What stands between backticks."""
    return _CODE.findall(cell)


def first_codes(text: str, title: str) -> list[str]:
    """What stands between backticks in the first column of a table."""
    return [code for row in table(text, title) for code in codes(row[0])]


def links(text: str) -> Iterator[str]:
    """The targets of all links, but not those inside code."""
    yield from _LINK.findall(_CODE.sub("", _without_code_blocks(text)))


def anchors(text: str) -> set[str]:
    """The anchors that the headings make."""
    return {_anchor(title) for line in _without_code_blocks(text).splitlines() if (title := _heading(line))}


def _heading(line: str) -> str:
    found = _HEADING.fullmatch(line)
    return found[1].strip() if found else ""


def _anchor(title: str) -> str:
    return re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-")


def _is_rule(row: list[str]) -> bool:
    """The line of dashes below a table's head."""
    return all(re.fullmatch(r":?-+:?", cell) for cell in row)


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _without_code_blocks(text: str) -> str:
    return _CODE_BLOCK.sub("", text)


def _is_strange(path: Path) -> bool:
    return any(part in MADE_HERE or part.startswith(".") for part in path.parts)
