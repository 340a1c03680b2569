"""The code says what it means to the tools that read it: ruff's rules, one format, mypy in strict mode."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

CHECKS = {
    "rules": ("ruff", "check", "--no-cache", "."),
    "format": ("ruff", "format", "--no-cache", "--check", "server", "directory", "chat", "anpi", "web", "tests"),
    "types": ("mypy", "--no-error-summary"),
}


@pytest.mark.limit(240)
@pytest.mark.parametrize("name", CHECKS)
def test_the_tools_find_nothing(name):
    command = [sys.executable, "-m", *CHECKS[name]]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=170)
    assert found.returncode == 0, found.stdout[-4000:] + found.stderr[-1000:]
