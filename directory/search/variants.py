"""Kanji that are the same for finding: each form of a group becomes the group's first."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

_FILE = "variants.txt"


@cache
def groups() -> tuple[str, ...]:
    """Every group of ``variants.txt``, the form of today first."""
    lines = files("directory.search").joinpath(_FILE).read_text("utf-8").splitlines()
    return tuple(line for line in lines if line and not line.startswith("#"))


@cache
def representatives() -> dict[str, str]:
    """The form that stands for each other form of its group."""
    return {form: group[0] for group in groups() for form in group[1:]}
