"""What a drill comes to, for people and for programs."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from msgspec import Struct

from anpi.board.forms import Totals
from anpi.drill.figures import PERCENT, Figures
from anpi.model import SELVES

WORDS = {
    "asked": ("対象者", "asked"),
    "reached": ("送信済", "mail sent"),
    "answered": ("回答", "answered"),
    "unanswered": ("未回答", "unanswered"),
    "safe": ("無事", "safe"),
    "minor": ("軽傷", "minor injury"),
    "major": ("重傷", "serious injury"),
    "other": ("その他", "other"),
    "help": ("救助・支援が必要", "needs help"),
    "doubtful": ("要確認", "to be verified"),
    "minute": ("回答の多い時間", "busiest minute"),
    "minute_is": ("{n}分目（{people}人）", "minute {n} ({people} people)"),
    "quarter": ("{n}%が回答", "{n} % had answered"),
    "after": ("{minutes}分{seconds:02}秒後", "after {minutes} min {seconds:02} s"),
    "never": ("到達せず", "never"),
    "mails": ("メール", "mails"),
    "mails_in": ("{n}通（{seconds:.1f}秒）", "{n} in {seconds:.1f} s"),
    "department": ("部署別", "by department"),
    "nobody": ("（部署なし）", "(none)"),
    "right": (
        "集計は、データベースの件数およびシミュレーションの回答と一致しました。",
        "The report agrees with the counts of the database and with what was answered.",
    ),
    "wrong": ("集計が一致しません。", "The report is wrong:"),
}


class Department(Struct):
    """One at the top of the tree, with those below it."""

    name: str
    asked: int
    answered: int
    unanswered: int
    help: int


class Report(Struct):
    """``quarters``: seconds until so many percent of those asked had answered; 0: never. ``minutes``: how many
    answered first in each minute. ``differences``: in what the three counts do not agree; it is right without any."""

    asked: int
    reached: int
    answered: int
    unanswered: int
    safe: int
    minor: int
    major: int
    other: int
    help: int
    doubtful: int
    quarters: dict[str, float]
    busiest_minute: int
    minutes: list[int]
    departments: list[Department]
    mails: int
    mail_seconds: float
    differences: list[str]

    @property
    def right(self) -> bool:
        return not self.differences


def report(totals: Totals, figures: Figures, mails: int, mail_seconds: float, differences: list[str]) -> Report:
    """By the product's own numbers."""
    counts, minutes = figures.counts, list(figures.minutes)
    numbers = {
        name: counts[name] for name in ("asked", "reached", "answered", "unanswered", *SELVES, "help", "doubtful")
    }
    return Report(
        **numbers,
        quarters={str(percent): each / 1000 for percent, each in zip(PERCENT, figures.quarters, strict=True)},
        busiest_minute=minutes.index(max(minutes)) + 1 if minutes else 0,
        minutes=minutes,
        departments=[
            Department(
                each.name, each.all.asked, each.all.asked - each.all.unanswered, each.all.unanswered, each.all.help
            )
            for each in totals.departments
            if not each.parent
        ],
        mails=mails,
        mail_seconds=round(mail_seconds, 1),
        differences=differences,
    )


def lines(found: Report, language: str) -> list[str]:
    """The report as a table."""
    at = 1 if language == "en" else 0
    words = {name: both[at] for name, both in WORDS.items()}
    names = ("asked", "reached", "answered", "unanswered", *SELVES, "help", "doubtful")
    rows = [(words[name], f"{getattr(found, name):,}") for name in names]
    rows += [(words["quarter"].format(n=percent), _after(each, words)) for percent, each in found.quarters.items()]
    if found.minutes:
        most = words["minute_is"].format(n=found.busiest_minute, people=f"{max(found.minutes):,}")
        rows.append((words["minute"], most))
    rows.append((words["mails"], words["mails_in"].format(n=f"{found.mails:,}", seconds=found.mail_seconds)))
    head = (words["department"], words["asked"], words["answered"], words["unanswered"], words["help"])
    departments = [
        (each.name or words["nobody"], *map(str, (each.asked, each.answered, each.unanswered, each.help)))
        for each in found.departments
    ]
    ending = [words["right"]] if found.right else [words["wrong"], *(f"  {each}" for each in found.differences)]
    return [*_table(rows), "", *_table([head, *departments]), "", *ending]


def _after(seconds: float, words: dict[str, str]) -> str:
    if not seconds:
        return words["never"]
    minutes, rest = divmod(round(seconds), 60)
    return words["after"].format(minutes=minutes, seconds=rest)


def _table(rows: Sequence[Sequence[str]]) -> list[str]:
    """The first column to the left, the others to the right; Japanese is two columns wide."""
    widths = [max(map(_width, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            _padded(cell, width, place > 0) for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _padded(cell: str, width: int, right: bool) -> str:
    space = " " * (width - _width(cell))
    return space + cell if right else cell + space


def _width(cell: str) -> int:
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in cell)
