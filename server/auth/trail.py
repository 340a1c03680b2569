"""操作ログ: the audit trail as an ADMIN_ACTION_LOG reads it, the newest first, and as a file for a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from server.auth.tables import audit
from server.text import like
from server.texts import translator

COMPANY_TIME = timezone(timedelta(hours=9))
"""日本時間, which knows no summer time."""
BOM = "\ufeff"
COLUMNS = ("at", "actor", "action", "target", "result", "detail", "address")

# What a spreadsheet takes for a formula, or for one after a blank that it leaves out.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the trail."""

    id: int
    at: datetime
    actor: str
    action: str
    target: str
    result: str
    detail: dict[str, Any]
    address: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which lines: parts of the actor's and the target's name, how the action begins, and from when to when."""

    actor: str = ""
    target: str = ""
    action: str = ""
    since: datetime | None = None
    until: datetime | None = None


def lines(connection: Connection, wanted: Wanted, before: int | None, limit: int) -> list[Line]:
    """At most ``limit`` lines, the newest first, older than the line ``before``."""
    asked = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if before is not None:
        asked = asked.where(audit.c.id < before)
    if wanted.actor:
        asked = asked.where(audit.c.actor.ilike(like(wanted.actor), escape="\\"))
    if wanted.target:
        asked = asked.where(audit.c.target.ilike(like(wanted.target), escape="\\"))
    if wanted.action:
        asked = asked.where(audit.c.action.startswith(wanted.action, autoescape=True))
    if wanted.since is not None:
        asked = asked.where(audit.c.at >= wanted.since)
    if wanted.until is not None:
        asked = asked.where(audit.c.at < wanted.until)
    return [_line(row) for row in connection.execute(asked)]


def csv_head(language: str) -> str:
    """The first line of the file, with the mark by which spreadsheets know UTF-8."""
    t = translator(language)
    return BOM + _row([t(f"actions.{name}") for name in COLUMNS])


def csv_rows(found: Sequence[Line]) -> str:
    """Lines of the trail as rows: CRLF, and nothing that a spreadsheet would calculate."""
    return "".join(_row(list(_cells(line))) for line in found)


def safe_cell(text: str) -> str:
    """The text, not to be taken for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def _cells(line: Line) -> Iterator[str]:
    yield line.at.astimezone(COMPANY_TIME).strftime("%Y/%m/%d %H:%M:%S")
    yield line.actor
    yield line.action
    yield line.target
    yield line.result
    yield msgspec.json.encode(line.detail).decode() if line.detail else ""
    yield line.address


def _row(cells: list[str]) -> str:
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerow([safe_cell(cell) for cell in cells])
    return written.getvalue()


def _line(row: Any) -> Line:
    return Line(row.id, row.at, row.actor, row.action, row.target, row.result, _detail(row.detail), row.address)


def _detail(kept: str) -> dict[str, Any]:
    """What was cut off because it was too long is told as text."""
    try:
        return msgspec.json.decode(kept, type=dict[str, Any])
    except msgspec.DecodeError:
        return {"text": kept}
