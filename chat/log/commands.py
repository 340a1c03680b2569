"""`renraku talklog`: verifying a log wherever it lies, and what an operator lists and takes out of the server."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from chat.log.scanning import Fault
from chat.log.signing import key_id_of
from chat.log.sources import NoLog, source_of
from chat.log.verifying import Head, Verdict, verify

_HEAD = re.compile(r"([0-9]{1,15}):([0-9a-f]{64})", re.IGNORECASE)
_FAULTS = {
    "line_changed": "the line was changed",
    "line_missing": "a line is missing",
    "line_added": "there is a line more than there was",
    "line_twice": "a line stands here twice, or in another place than it was written",
    "line_left_out": "a line was left out",
    "line_unreadable": "this is no line of a talk log",
    "line_torn": "the last line has no end (cut off, or being written now)",
    "chain_broken": "the line does not follow the one before it: one of the two was replaced",
    "recomputed": "the lines fit together, but are not those that were signed: they were written anew",
    "segment_missing": "the segment is missing",
    "segment_twice": "two segments have this number",
    "segments_swapped": "another segment stands in its place",
    "segment_changed": "the file is not the one that was signed",
    "manifest_missing": "the segment has no manifest, and others follow it",
    "manifest_changed": "the manifest was changed, or replaced",
    "signature_missing": "the manifest is not signed",
    "signature_wrong": "the signature does not fit: it was changed, or signed by somebody else",
    "tail_missing": "the log ends before the head: its end was cut off",
    "head_differs": "the line of the head is another: all up to it was written anew",
    "head_not_carried": "the head's line is not in here",
    "file_missing": "a file is missing",
    "file_added": "a file was added",
    "file_changed": "the file was changed",
    "export_changed": "the list of files was changed",
}


def commands(ask: Callable[[str, str, dict[str, Any]], list[str]]) -> tuple[click.Command, ...]:
    """``ask(feature, what, given)`` has it done by the server, and gives what it says."""

    @click.group("talklog")
    def talklog() -> None:
        """The talk log: verify it, list its segments, take lines out."""

    @talklog.command("verify")
    @click.argument("path", type=click.Path(exists=True, path_type=Path))
    @click.option("--pubkey", "keys", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--head", help="N:HASH, as it was sent out.")
    def verify_command(path: Path, keys: tuple[Path, ...], head: str | None) -> None:
        """Say whether the talk log in PATH (folder, ZIP or file) was tampered with. Needs no server."""
        try:
            pems = {key_id_of(each.read_bytes()): each.read_bytes() for each in keys}
            verdict = verify(source_of(path), pems, _head(head), os.cpu_count() or 1)
        except (NoLog, ValueError) as problem:
            raise click.ClickException(str(problem)) from None
        for line in said(verdict):
            click.echo(line)
        if not verdict.ok:
            sys.exit(1)

    @talklog.command("list")
    @click.option("--month", default="", help="As 2027-04; left out: all.")
    def list_command(month: str) -> None:
        """List the segments: number, name, lines, bytes, state, what the last verification found."""
        for line in ask("chat", "talklog.list", {"month": month}):
            click.echo(line)

    @talklog.command("export")
    @click.argument("file", type=click.Path(path_type=Path))
    @click.option("--reason", required=True, help="Why; it stands in the log.")
    @click.option("--form", type=click.Choice(["jsonl", "csv", "zip"]), default="zip")
    @click.option("--from", "since", default="", help="The first day, as 2027-04-01.")
    @click.option("--to", "until", default="", help="The last day.")
    @click.option("--room", "rooms", type=int, multiple=True, help="Only this room, by number; may be repeated.")
    @click.option("--person", "people", multiple=True, help="Only rooms of this login ID while he was in them.")
    def export_command(file: Path, reason: str, form: str, **chosen: Any) -> None:
        """Write the talk log, or a part of it, into a new FILE."""
        given = {"file": str(file.absolute()), "reason": reason, "form": form, **chosen}
        for line in ask("chat", "talklog.export", given):
            click.echo(line)

    return (talklog,)


def said(verdict: Verdict) -> list[str]:
    """What was found, for people; the first line decides."""
    counted = f"{verdict.segments} segments, {verdict.lines:,} lines"
    if verdict.left_out:
        counted += f", {verdict.left_out:,} left out by the filter"
    if not verdict.ok:
        first, more = verdict.faults[0], len(verdict.faults) - 1
        lines = [f"改ざんが見つかりました。 Tampering found: {_told(first)}"]
        return [*lines, *([f"{more} more places: {'; '.join(map(_place, verdict.faults[1:6]))}"] if more else [])]
    reach = f"n {verdict.first_n}–{verdict.last_n} ({counted}), last hash {verdict.last_hash}"
    if verdict.proven:
        assert verdict.head is not None
        beyond = " What comes after the head is consistent." if verdict.head.n < verdict.last_n else ""
        return [
            "改ざんは見つかりませんでした。 No tampering found.",
            f"Proven by key and head from n {verdict.first_n} up to n {verdict.head.n}.{beyond}",
            reach,
        ]
    if verdict.beyond:
        hint = "This export does not reach the line of --head: give one that was sent out earlier."
        return ["矛盾は見つかりませんでした（証明ではありません）。 Consistent, not proven.", hint, reach]
    lacking = [name for name, given in (("--pubkey", verdict.key), ("--head", verdict.head)) if not given]
    return [
        "矛盾は見つかりませんでした（証明ではありません）。 Consistent, not proven.",
        f"To prove it, give {' and '.join(lacking)} from a place that whoever keeps the log does not rule.",
        reach,
    ]


def _told(fault: Fault) -> str:
    detail = f" ({fault.detail})" if fault.detail else ""
    return f"{_place(fault)}: {_FAULTS[fault.name]}{detail} [{fault.name}]"


def _place(fault: Fault) -> str:
    parts = [
        fault.place,
        f"segment {fault.segment}" if fault.segment else "",
        f"line {fault.line}" if fault.line else "",
        f"n {fault.n}" if fault.n else "",
    ]
    return ", ".join(part for part in parts if part)


def _head(text: str | None) -> Head | None:
    if text is None:
        return None
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise ValueError("--head is a number, a colon and 64 hexadecimal digits: 4711:9f86d0…")
    return Head(int(found[1]), found[2].lower())
