"""What an import says over HTTP."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from directory.imports.model import Counter, Counts, Heading, Kept, Kind, Lost, Problem
from server.auth.sheets import LoginSheet

State = Literal["previewed", "hashing", "applying", "applied", "undone", "failed"]
ImportEncoding = Literal["utf-16", "utf-8"]


class ImportPreview(Struct):
    """What a file would come to; nothing has been written. ``ready``: OK may be pressed.

    ``asks`` must be ticked first, ``offers`` may be; ``hashing_seconds`` is how long the passwords will take.
    """

    id: int
    kind: Kind
    encoding: str
    rows: int
    counts: Counts
    seats: list[Counter]
    lost: Lost
    unknown: list[str]
    headings: list[Heading]
    problems: list[Problem]
    asks: list[str]
    offers: list[str]
    ready: bool
    hashing_seconds: int
    kept: list[Kept] = []
    sheets: list[str] = []
    """Of an .xlsx file: one of them can be chosen."""


class ImportProgress(Struct):
    """How far it is. ``code`` and ``message`` say why it failed; ``sheets`` wait to be fetched, once."""

    id: int
    kind: Kind
    state: State
    done: int = 0
    total: int = 0
    seconds_left: int = 0
    code: str = ""
    message: str = ""
    sheets: int = 0


class ImportDone(ImportProgress):
    """How it ended. ``login_sheets`` are the ログイン通知書 of those whose passwords were made; no disk has them."""

    login_sheets: list[LoginSheet] = []


class LastImport(Struct):
    """Whether the last import was one of these, and can still be undone."""

    undoable: bool


class ImportField(Struct):
    """A column, as it was and as it would be."""

    column: str
    before: str
    after: str


class ImportRow(Struct):
    """What a row of the file would change; row 0: something below a removed department."""

    row: int
    act: str
    key: str
    name: str
    fields: list[ImportField]


class ImportRows(Struct):
    """A page of them."""

    total: int
    start: int
    rows: list[ImportRow]


class ImportSheets(Struct):
    """The ログイン通知書 of those whose passwords were made: told once."""

    sheets: list[LoginSheet]
