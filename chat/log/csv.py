"""The talk log as a table that Excel opens by double-click: UTF-8 with its mark, CRLF, every cell quoted, and nothing
in it that a spreadsheet would calculate.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, tzinfo
from functools import partial

from chat.log.filtering import Line
from server.clock import from_millis
from server.texts import Translate

BOM = "\ufeff"
COLUMNS = ("at", "n", "kind", "room", "sender", "receiver", "text", "before", "files", "sha256", "stored_sha256")

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠", "\t", "\r", "\n")
_BLANKS = " \u3000\u00a0"


def head(t: Translate) -> str:
    """The first line, with the mark by which spreadsheets know UTF-8."""
    return BOM + row(t(f"log.column.{name}") for name in COLUMNS)


def rows(lines: Iterable[Line], t: Translate, zone: tzinfo) -> str:
    return "".join(map(partial(line_row, t=t, zone=zone), lines))


def line_row(line: Line, t: Translate, zone: tzinfo) -> str:
    """One line of the log as a line of the table."""
    files = line.files
    return row(
        (
            moment(line.at, zone),
            str(line.n),
            kind(line, t),
            room(line, t),
            line.text("name"),
            receiver(line, t),
            told(line, t),
            line.text("before") if line.kind in ("edited", "deleted", "renamed") else "",
            "\n".join(each.name for each in files),
            "\n".join(each.sha256 for each in files),
            "\n".join(each.stored_sha256 for each in files),
        )
    )


def row(cells: Iterable[str]) -> str:
    return ",".join(map(_quoted, cells)) + "\r\n"


def safe(text: str) -> str:
    """The text, not to be taken for a formula, also not behind blanks that a spreadsheet leaves out."""
    return f"'{text}" if text.lstrip(_BLANKS).startswith(_FORMULA) else text


def moment(at: int, zone: tzinfo) -> str:
    """``2027-04-15 09:30:12 +09:00``."""
    local: datetime = from_millis(at).astimezone(zone)
    offset = local.strftime("%z")
    return f"{local:%Y-%m-%d %H:%M:%S} {offset[:3]}:{offset[3:5]}"


def kind(line: Line, t: Translate) -> str:
    try:
        return t(f"log.kind.{line.kind}")
    except KeyError:
        return line.kind


def room(line: Line, t: Translate) -> str:
    """The room's name as of then; a direct talk has none of its own."""
    if line.text("kind") == "direct":
        return t("log.direct")
    return line.text("room")


def receiver(line: Line, t: Translate) -> str:
    """The partner of a direct talk, else how many could read it."""
    if partner := line.person("to").name:
        return partner
    members = line.body.get("members")
    return t("log.members", members=members) if isinstance(members, int) else ""


def told(line: Line, t: Translate) -> str:
    """What was said; of other lines, whom or what they are about."""
    match line.kind:
        case "sent" | "edited":
            return line.text("text")
        case "created":
            return "、".join(each.name for each in line.people)
        case "joined" | "left" | "owner":
            return line.person().name
        case "renamed":
            return line.text("room")
        case "deleted":
            return ""
    return _details(line)


_KNOWN = frozenset({"name", "files", "room", "kind", "members", "to"})


def _details(line: Line) -> str:
    """What a line without a text of its own holds, as it stands there."""
    return "; ".join(f"{name}: {_plain(value)}" for name, value in line.body.items() if name not in _KNOWN)


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={_plain(each)}" for name, each in value.items())
    if isinstance(value, list):
        return " → ".join(map(_plain, value))
    return str(value)


def _quoted(cell: str) -> str:
    doubled = safe(cell).replace('"', '""')
    return f'"{doubled}"'
