"""Measure Renraku beside the C server, in one run, on two cores: `.venv/bin/python -m tests.bench.run`.

Prints Markdown for docs/performance.md on stdout; what it is doing goes to stderr. README.md here says how to
read it. Nothing leaves loopback, and every part has an end.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click
import msgspec

from tests.bench import (
    answering,
    comeback,
    crowd,
    crowd_report,
    exporting,
    figures,
    following,
    importing,
    mailing,
    proving,
    report,
    searching,
    shared,
    shared_report,
    tools,
    uploading,
)
from tests.bench.figures import FULL, QUICK, Bench
from tests.bench.tools import Measured

SECTIONS: dict[str, Callable[[Bench], str]] = {
    "fan-out": lambda bench: report.fan_out(list(figures.fan_out(bench)), bench.effort.members),
    "marks": lambda bench: crowd_report.marks(list(crowd.marks(bench)), bench.effort.members),
    "large-room": lambda bench: crowd_report.large_room(crowd.large_room(bench)),
    "slow-reader": lambda bench: crowd_report.slow_reader(crowd.slow_reader(bench), bench.effort.members),
    "posting": lambda bench: report.posting(list(figures.posting(bench))),
    "storage": lambda bench: report.storage(figures.storage(bench)),
    "memory": lambda bench: report.memory(list(figures.memory(bench))),
    "connections": lambda bench: crowd_report.connections(crowd.connections(bench)),
    "return": lambda bench: crowd_report.comeback(comeback.comeback(bench)),
    "postgres": lambda bench: shared_report.on_postgres(shared.on_postgres(bench)),
    "two-processes": lambda bench: shared_report.two_processes(shared.two_processes(bench)),
    "search": lambda bench: searching.report(list(searching.searching(bench))),
    "import": lambda bench: importing.report(list(importing.importing(bench))),
    "export": lambda bench: exporting.report(list(exporting.exporting(bench))),
    "log": lambda bench: following.report(list(following.following(bench))),
    "talklog": lambda bench: proving.report(list(proving.proving(bench))),
    "files": lambda bench: uploading.report(uploading.uploading(bench)),
    "anpi-mail": lambda bench: mailing.report(list(mailing.mailing(bench))),
    "anpi-answers": lambda bench: answering.report(answering.answering(bench)),
}
"""By ``--part``, in the order of docs/performance.md."""


@click.command()
@click.option("--quick", is_flag=True, help="Seconds instead of minutes: shows that it works, not how fast.")
@click.option("--part", "parts", multiple=True, type=click.Choice(list(SECTIONS)), help="Only this; may be repeated.")
@click.option("--turns", type=click.IntRange(1, 50), help="How often everything compared is measured.")
@click.option("--record", type=click.Path(path_type=Path), help="Write every single measurement here as JSON lines.")
def main(quick: bool, parts: tuple[str, ...], turns: int | None, record: Path | None) -> None:
    """Measure, and print Markdown."""
    effort = QUICK if quick else FULL
    if turns:
        effort = replace(effort, turns=turns)
    server_core, client_core = tools.cores()
    bench = Bench(effort, server_core, client_core, _recorder(record))
    try:
        tools.compiled("load")
        print(report.heading(bench, _command(), tools.BUILT), flush=True)
        for part in parts or SECTIONS:
            print(f"\n{SECTIONS[part](bench)}", flush=True)
    except tools.BenchFailed as failure:
        raise SystemExit(f"bench: {failure}") from None


def _command() -> str:
    return " ".join([".venv/bin/python -m tests.bench.run", *sys.argv[1:]])


def _recorder(path: Path | None) -> Callable[[str, msgspec.Struct], None]:
    """Says each measurement on stderr, and appends it to a file when one is wanted."""

    def record(name: str, measured: msgspec.Struct) -> None:
        print(f"{name}: {_in_short(measured)}", file=sys.stderr)
        if path is not None:
            with path.open("ab") as file:
                file.write(msgspec.json.encode({"name": name, **msgspec.structs.asdict(measured)}) + b"\n")

    return record


def _in_short(measured: msgspec.Struct) -> str:
    if not isinstance(measured, Measured):
        return msgspec.json.encode(measured).decode()[:200]
    return (
        f"{measured.messages_per_s:,.0f} messages/s, {measured.cpu_per_delivery_us:.2f} µs a delivery, "
        f"p99 {measured.delivery_p99_us / 1000:.1f} ms, "
        f"server {measured.server_busy:.0%}, client {measured.client_busy:.0%}"
    )


if __name__ == "__main__":
    main()
