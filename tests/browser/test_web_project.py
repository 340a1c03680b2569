"""The browser app's own checks, as part of the one suite: types, and the tests of its reducers."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.tools.need import need

ROOT = Path(__file__).parents[2]
DIST = ROOT / "web" / "dist"
FIRST_JAVASCRIPT_BYTES = 60_000
PATH = os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ.get("PATH", os.defpath)])


@pytest.mark.limit(240)
@pytest.mark.parametrize("script", ["check", "test"])
def test_the_browser_app_passes_its_own(script):
    npm = shutil.which("npm", path=PATH)
    if npm is None or not (ROOT / "web" / "node_modules").is_dir():
        need("the builder of the browser app", "./test installs it")

    done = subprocess.run(
        [npm, "run", "--silent", script],
        cwd=ROOT / "web",
        env={**os.environ, "PATH": PATH, "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )

    if done.returncode != 0:
        pytest.fail(f"npm run {script} in web/:\n{done.stdout}", pytrace=False)


def test_what_a_first_visit_loads_is_small():
    """The app's own script and what it needs before it draws, as they go over the wire."""
    if not (DIST / "manifest.json").exists():
        need("the built browser app", "./test builds it")
    manifest = json.loads((DIST / "manifest.json").read_text())
    first, waiting = set(), ["index.html"]
    while waiting:
        part = manifest[waiting.pop()]
        if part["file"] not in first:
            first.add(part["file"])
            waiting += part.get("imports", [])
    assert len(first) > 1, "this test needs parts that are shared with others"
    assert sum((DIST / f"{file}.gz").stat().st_size for file in first) <= FIRST_JAVASCRIPT_BYTES
