"""What to do about a program that is not on this machine."""

import os
from typing import NoReturn

import pytest


def need(what: str, install: str) -> NoReturn:
    """Skip this test with the line that installs ``what``; in CI fail, so that green hides no skip."""
    answer = pytest.fail if os.environ.get("CI") else pytest.skip
    answer(f"{what} not found: {install}")
