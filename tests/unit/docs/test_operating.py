"""docs/operating.md names every command with its options, and every event of the log."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from server.cli import main
from server.figures import FIGURES
from server.module import load_modules
from server.settings import Settings
from tests.tools.documents import ROOT, codes, page, table

TEXT = page("docs/operating.md")


def test_every_command_stands_there_with_its_options():
    rows = {codes(row[0])[0]: set(codes(row[1])) for row in table(TEXT, "Commands")}
    assert rows == dict(commands(main, "renraku"))


def commands(command: click.Command, name: str) -> Iterator[tuple[str, set[str]]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for below in command.list_commands(context):
            yield from commands(command.get_command(context, below), f"{name} {below}")
    else:
        yield name, {option for each in command.params for option in options(each)}


def options(parameter: click.Parameter) -> list[str]:
    if not isinstance(parameter, click.Option):
        return []
    return [*parameter.opts, *parameter.secondary_opts]


def test_every_event_of_the_log_stands_there_with_its_level():
    listed = {(event, row[1]) for row in table(TEXT, "Logs") if len(row) == 3 for event in codes(row[0])}
    assert listed == logged()


def logged() -> set[tuple[str, str]]:
    """Every event that the sources log, with its level."""
    files = [
        path
        for house in ("server", "directory", "chat", "anpi", "web")
        for path in (ROOT / house).rglob("*.py")
        if ours(path)
    ]
    found = [re.findall(r'\blog\.(\w+)\(\s*"([\w.]+)"', path.read_text()) for path in files]
    assert any(found), "nothing was found"
    return {(event, level) for each in found for level, event in each}


def ours(path: Path) -> bool:
    return "node_modules" not in path.parts


def test_every_metric_stands_there_with_its_labels():
    listed = [(codes(row[0])[0], row[1], tuple(codes(row[2])), row[3]) for row in table(TEXT, "Metrics")]
    own = [figure for module in load_modules(Settings().modules) for figure in module.figures]
    assert listed == [(each.full_name, each.kind, each.labels, each.help) for each in (*FIGURES, *own)]
