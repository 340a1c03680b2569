"""`renraku drill`: needs no server that runs, and touches nobody's data."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import msgspec

from anpi.drill.crowd import Wish
from anpi.drill.report import Report, lines
from anpi.drill.running import Stuck, drill
from server import logs, loop
from server.module import Ask
from server.run import SWITCH_SECONDS
from server.settings import Settings

PEOPLE_LIMIT = 100_000


def commands(_ask: Ask) -> tuple[click.Command, ...]:
    return (drill_command,)


@click.command("drill")
@click.option("--people", type=click.IntRange(20, PEOPLE_LIMIT), default=10_000, show_default=True)
@click.option("--minutes", type=click.IntRange(3, 180), default=15, show_default=True, help="How long answers come.")
@click.option(
    "--speed", type=click.FloatRange(1, 60), default=30, show_default=True, help="So many times faster than the wall."
)
@click.option(
    "--answering", type=click.FloatRange(0, 1), default=0.9, show_default=True, help="The share of people who answer."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Other people, other moments.")
@click.option("--language", type=click.Choice(["ja", "en"]), default="ja", show_default=True)
@click.option("--json", "file", type=click.Path(dir_okay=False, path_type=Path), help="The report for programs, too.")
def drill_command(
    people: int, minutes: int, speed: float, answering: float, seed: int, language: str, file: Path | None
) -> None:
    """Ask invented people in a throwaway company, let them answer, and check the report."""
    wish = Wish(people, minutes, speed, answering, seed)
    # The process is the drill's own: as when it serves.
    sys.setswitchinterval(SWITCH_SECONDS)
    logs.configure(Settings.model_construct(log_format="auto", log_level="warning"))
    with TemporaryDirectory(prefix="renraku-drill-") as folder:
        try:
            found = loop.run(drill(wish, Path(folder), lambda line: click.echo(f"… {line}", err=True)))
        except Stuck as stuck:
            raise click.ClickException(str(stuck)) from None
    tell(found, language, file)


def tell(found: Report, language: str, file: Path | None) -> None:
    """Print the report, write it into ``file`` too, and end with 1 when it is wrong."""
    for line in lines(found, language):
        click.echo(line)
    if file is not None:
        file.write_bytes(msgspec.json.format(msgspec.json.encode(found)) + b"\n")
    if not found.right:
        sys.exit(1)
