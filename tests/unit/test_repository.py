"""What lies in the repository: everything a stranger looks for, and no trace of our machines."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

EXPECTED = [
    ".ci/run",
    ".gitignore",
    "LICENSE",
    "Procfile",
    "README.md",
    "pyproject.toml",
    "requirements-build.txt",
    "requirements-dev.txt",
    "requirements.txt",
    "run",
    "test",
    "web/package-lock.json",
]
PYTHON_LOCKS = ["requirements.txt", "requirements-build.txt", "requirements-dev.txt"]
NPM_LOCKS = ["web/package-lock.json", "tests/tools/chromium/package-lock.json"]

# Put together from pieces, so that this file does not find itself.
PUBLIC_REGISTRIES = ["pypi" + ".org/simple", "files.python" + "hosted.org", "registry.npm" + "js.org"]
SETTINGS = ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "UV_DEFAULT_INDEX", "UV_INDEX"]


@pytest.mark.parametrize("name", EXPECTED)
def test_what_a_stranger_looks_for_is_there(name):
    assert (ROOT / name).is_file()


@pytest.mark.parametrize("name", ["run", "test", ".ci/run"])
def test_a_command_can_be_started(name):
    assert os.access(ROOT / name, os.X_OK)


def test_run_and_test_are_one_text():
    """`boot.py` tells them apart by their name: a repair of one is a repair of both."""
    assert (ROOT / "run").read_text() == (ROOT / "test").read_text()


def test_the_procfile_starts_what_the_command_line_has():
    lines = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
    assert lines.keys() == {"release", "web", "worker"}
    assert all(command.startswith("renraku ") for command in lines.values())
    assert "$PORT" in lines["web"]


def test_no_file_names_a_registry_or_a_folder_of_this_machine():
    forbidden = [*PUBLIC_REGISTRIES, *registries_of_this_machine(), f"{ROOT}/"]
    found = [
        f"{path}: {word}"
        for path in committed_files()
        for word in forbidden
        if word.encode() in (ROOT / path).read_bytes()
    ]
    assert found == []


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_a_python_lock_has_hashes_and_no_address(name):
    text = (ROOT / name).read_text()
    assert pins(name), "nothing is pinned"
    assert not re.search(r"://|--index|--find-links|--extra|--trusted", text)
    assert text.count("==") <= text.count("--hash=sha256:")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-build.txt"])
def test_what_is_tested_is_what_runs(name):
    assert pins(name).items() <= pins("requirements-dev.txt").items()


@pytest.mark.parametrize("name", NPM_LOCKS)
def test_an_npm_lock_has_hashes_and_no_address(name):
    packages = json.loads((ROOT / name).read_text())["packages"]
    fetched = [entry for path, entry in packages.items() if path]
    assert fetched, "nothing is pinned"
    assert all(entry["integrity"] and "resolved" not in entry for entry in fetched)


def committed_files() -> list[str]:
    """What is or would be committed."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git working tree")
    return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def registries_of_this_machine() -> list[str]:
    """Whatever this machine is told to fetch from: the address that would slip in unnoticed."""
    given = " ".join(os.environ.get(name, "") for name in SETTINGS)
    asked = [["python", "-m", "pip", "config", "list"], ["npm", "config", "get", "registry"]]
    for command in asked:
        with_path = {**os.environ, "PATH": f"{ROOT}/.venv/bin:{os.environ['PATH']}"}
        given += " " + subprocess.run(command, cwd="/", env=with_path, capture_output=True, text=True).stdout
    return re.findall(r"https?://(?:[^@/\s]*@)?([^/\s'\"]+)", given)


def pins(name: str) -> dict[str, str]:
    lines = (ROOT / name).read_text().splitlines()
    return dict(re.match(r"([\w.\[\]-]+==\S+)(.*)", line).groups() for line in lines if re.match(r"\w", line))
