"""The nouns of an import: what the file sets, what is wrong with it, what it would come to.

Inside an import every value is the text of its cell, in the one form that an export writes: old and new are compared,
shown and kept as that text.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

Kind = Literal["departments", "users"]
Act = Literal["add", "change", "remove", "return", "error"]
Level = Literal["error", "warning", "repair"]

PROBLEMS_SHOWN = 2000
"""What a preview lists of problems; its counts hold all."""

Cells = dict[str, str]
"""Column → text, for the columns that are set."""


class Options(Struct, frozen=True):
    """What the administrator has ticked."""

    keep_passwords: bool = True
    """「既存ユーザのパスワードは変えない」"""
    zeros: bool = False
    """「0を補う」"""
    marks: bool = False
    """A `?` in a name has been looked at, and is right."""
    make_passwords: bool = False
    """「自動で作る」"""
    sheet: str = ""
    """Of an .xlsx file; blank: the first."""
    columns: dict[str, str] = {}
    """Headings of the company's own, and the columns that they mean; remembered with the import."""


class Problem(Struct, frozen=True, omit_defaults=True):
    """Something about a cell: an error, a warning, or a repair (a yellow cell). Row 0: the file itself."""

    row: int
    column: str
    level: Level
    text: str
    was: str = ""
    now: str = ""


class Counter(Struct, frozen=True):
    """One of the three licence counters: used now, used afterwards, and the limit."""

    counter: str
    used: int
    after: int
    limit: int


class Lost(Struct):
    """How many people lose what by this import."""

    sign_in: int = 0
    talk: int = 0
    anpi: int = 0
    privileges: int = 0


class Counts(Struct):
    """The preview in numbers. ``passwords``: of people who are there, whether they are to be changed or not."""

    add: int = 0
    change: int = 0
    remove: int = 0
    unchanged: int = 0
    errors: int = 0
    warnings: int = 0
    repairs: int = 0
    passwords: int = 0
    unassigned: int = 0
    hashes: int = 0
    """Passwords that will be hashed."""


class Heading(Struct, frozen=True):
    """A heading of the file, and the column it was taken for."""

    heading: str
    column: str


class Kept(Struct, frozen=True):
    """A field that an undo leaves as it is, because somebody has changed it since."""

    key: str
    name: str
    column: str
    value: str


class Plan(Struct):
    """What the file would come to, without its rows."""

    counts: Counts = field(default_factory=Counts)
    seats: list[Counter] = []
    lost: Lost = field(default_factory=Lost)
    problems: list[Problem] = []
    encoding: str = ""
    rows: int = 0
    unknown: list[str] = []
    headings: list[Heading] = []
    asks: list[str] = []
    offers: list[str] = []
    kept: list[Kept] = []
    limits: tuple[int, int, int] = (0, 0, 0)
    departments: dict[str, int] = {}
    touched: list[str] | None = None
    """Of a users file: every field that a row sets of somebody who is there, or who comes back."""
    table: list[str] = []
    sheets: list[str] = []
    """Of an .xlsx file."""

    def note(self, problem: Problem) -> None:
        """Count the problem, and list it while there is room."""
        name = {"error": "errors", "warning": "warnings", "repair": "repairs"}[problem.level]
        setattr(self.counts, name, getattr(self.counts, name) + 1)
        if len(self.problems) < PROBLEMS_SHOWN:
            self.problems.append(problem)

    @property
    def ready(self) -> bool:
        """Whether OK may be pressed."""
        changes = self.counts.add + self.counts.change + self.counts.remove + self.counts.hashes
        return not self.counts.errors and not self.asks and changes > 0


class StagedRow(Struct):
    """A row of ``import_rows``: what a row of the file sets, and what stood there. ``id``: whom it changes."""

    row: int
    act: Act
    key: str
    id: int | None
    before: str
    """JSON of ``Cells`` and of what is derived from them (names that begin with ``_``)."""
    after: str


class Record(Struct):
    """What is kept of an import besides its rows."""

    options: Options = field(default_factory=Options)
    limits: tuple[int, int, int] = (0, 0, 0)
    """The licences that the plan was made against."""
    domains: list[str] = []
    """The domains of login IDs that it was made against."""
    relied: dict[str, int] = {}
    """Departments that the plan relies on, by code, beside those that it changes: its rows hold their numbers."""
    table: list[str] = []
    """The first line of the error file."""
    undoes: int = 0
    """The import that this one undoes."""
    touched: list[str] | None = None
    """As in its plan; None: it may be any."""
    ready: bool = True
