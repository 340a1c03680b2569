"""The pages hang together: links lead somewhere, every room has a page that names its files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.tools.documents import ROOT, anchors, codes, links, page, pages

FOLDERS = [
    "server",
    "server/auth",
    "server/contract",
    "server/data",
    "server/live",
    "server/work",
    "directory",
    "directory/areas",
    "directory/search",
    "chat",
    "web",
    "tests",
    "tests/bench",
]
WITH_FILES = [folder for folder in FOLDERS if not folder.startswith("tests")]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", pages(), ids=named)
def test_every_link_leads_somewhere(path: Path):
    lost = [link for link in links(path.read_text("utf-8")) if not leads_somewhere(path, link)]
    assert lost == []


def leads_somewhere(path: Path, link: str) -> bool:
    if link.startswith("https://"):
        return True
    name, _, anchor = link.partition("#")
    target = (path.parent / name).resolve() if name else path
    if not target.exists() or ROOT not in target.parents:
        return False
    return not anchor or anchor in anchors(target.read_text("utf-8"))


def test_the_readme_is_short():
    assert len(page("README.md").splitlines()) <= 100


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_folder_says_what_it_is(folder: str):
    assert 10 <= len(page(f"{folder}/README.md").splitlines()) <= 100


@pytest.mark.parametrize("folder", WITH_FILES)
def test_a_folders_page_names_every_file_in_it(folder: str):
    rows = [line for line in page(f"{folder}/README.md").splitlines() if line.startswith("| `")]
    named_there = {code for row in rows for code in codes(row.split("|")[1]) if code.endswith(".py")}
    assert named_there == {path.name for path in (ROOT / folder).glob("*.py")} - {"__init__.py"}


def test_every_page_of_the_manual_stands_in_its_index_and_in_mkdocs():
    manual = {path.name for path in (ROOT / "docs").glob("*.md")}
    assert set(re.findall(r"- (\w+\.md)", page("mkdocs.yml"))) == manual
    assert {link for link in links(page("docs/index.md"))} == manual - {"index.md"}


def test_every_law_names_its_tests():
    rows = [line for line in page("docs/architecture.md").splitlines() if re.match(r"\| \d+\. ", line)]
    assert len(rows) >= 8
    assert all("../tests/" in row for row in rows)
