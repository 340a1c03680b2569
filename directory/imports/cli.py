"""The twins of 「インポート/エクスポート」 at the command line."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

KIND = click.Choice(["departments", "users"])


def commands(ask: Callable[[str, str, dict[str, Any]], list[str]]) -> tuple[click.Command, ...]:
    """``ask(feature, what, given)`` has it done by the server, and gives what it says."""

    @click.command("import")
    @click.argument("kind", type=KIND)
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--dry-run", is_flag=True, help="Only say what it would come to.")
    @click.option("--zeros", is_flag=True, help="0を補う: put back the leading 0 of phone numbers.")
    @click.option("--marks", is_flag=True, help="A ? in a name is right.")
    @click.option("--change-passwords", is_flag=True, help="Of people who are there already, too.")
    def import_command(
        kind: str, file: Path, dry_run: bool, zeros: bool, marks: bool, change_passwords: bool
    ) -> None:
        """Import departments or users from a .tsv, .xlsx or .zip FILE: all of it or nothing."""
        options = {"keep_passwords": not change_passwords, "zeros": zeros, "marks": marks}
        given = {"kind": kind, "file": str(file.absolute()), "dry_run": dry_run, "options": options}
        said = ask("directory", "import", given)
        for line in said:
            click.echo(line)
        if "Nothing can be applied." in said:
            sys.exit(1)

    @click.command("export")
    @click.argument("kind", type=KIND)
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--encoding", type=click.Choice(["utf-16", "utf-8"]), default="utf-16")
    def export_command(kind: str, file: Path, encoding: str) -> None:
        """Write all departments or users into a new FILE that imports again."""
        for line in ask("directory", "export", {"kind": kind, "file": str(file.absolute()), "encoding": encoding}):
            click.echo(line)

    return import_command, export_command
