"""What the browser app is built from, and what is packed."""

from __future__ import annotations

from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

import hatch_build

ROOT = Path(__file__).parents[2]


@pytest.fixture
def web(tmp_path: Path) -> Path:
    """The app's folder, as small as it can be."""
    for name in ("index.html", "src/main.ts", "static/tokens.css"):
        write(tmp_path / name)
    return tmp_path


def write(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("x")


@pytest.mark.parametrize("name", ["src/chat/new.ts", "src/New.svelte", "static/new.css", "package-lock.json"])
def test_a_new_source_makes_another_app(web: Path, name: str):
    before = hatch_build.digest_of(web)
    write(web / name)
    assert hatch_build.digest_of(web) != before


@pytest.mark.parametrize(
    "name",
    [
        "README.md",
        "src/chat/README.md",
        "src/chat/rooms.test.ts",
        "src/testing/channel.ts",
        "pages.py",
        "templates/base.html",
        "node_modules/x/index.js",
        "dist/index.html",
    ],
)
def test_what_no_browser_reads_builds_nothing_anew(web: Path, name: str):
    before = hatch_build.digest_of(web)
    write(web / name)
    assert hatch_build.digest_of(web) == before


def test_the_wheel_holds_what_runs_and_nothing_about_it():
    packed = {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
    assert {"server/cli.py", "web/pages.py", "web/templates/base.html", "web/static/page.js"} <= packed
    assert [name for name in packed if name.endswith((".md", ".ts", ".svelte")) or "/src/" in name] == []
