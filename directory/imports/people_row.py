"""One row of a user file on its way into a plan: what it gives, what was found wrong with it, and what is staged."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from directory.imports import sayings
from directory.imports.cells import Cell
from directory.imports.columns import COLUMNS
from directory.imports.model import Cells, Level, Problem, StagedRow
from directory.imports.sayings import Saying
from directory.model import sort_key
from server.auth.changing import search_key
from server.auth.model import Privilege, UserType
from server.auth.rules import AccountState

_COLUMNS = COLUMNS["users"]


@dataclass
class Row:
    """One row on its way: what it gives, and what was found wrong with it."""

    number: int
    raw: list[str]
    given: dict[str, str]
    language: str
    login: str = ""
    key: str = ""
    found: list[Problem] = field(default_factory=list)
    asked: set[str] = field(default_factory=set)

    def say(self, column: str, level: Level, saying: Saying, was: str = "", now: str = "", **more: object) -> None:
        values = {"row": self.number, "column": column, "was": was, "now": now, "login": self.login, **more}
        said = saying.told(self.language, **values)
        self.found.append(Problem(self.number, column, level, said, was, now))

    def tell(self, column: str, cell: Cell, raw: str = "") -> None:
        """What was found wrong with a cell, doubted or mended; a doubt may be settled for the whole file."""
        if cell.error:
            return self.say(column, "error", cell.error, raw or cell.text, limit=_COLUMNS[column].limit)
        if cell.warning:
            self.asked.add("marks" if _COLUMNS[column].kind == "name" else "zeros")
            self.say(column, "warning", cell.warning, raw, cell.text)
        if cell.repaired:
            self.say(column, "repair", sayings.REPAIRED, raw or cell.text, cell.text)
        return None

    @property
    def wrong(self) -> bool:
        return any(problem.level == "error" for problem in self.found)


def state(cells: Cells) -> AccountState:
    """Somebody as the rules see him."""
    return AccountState(
        login_id=cells["LOGIN_ID"],
        user_type=UserType(cells["USER_TYPE"]),
        enabled=cells["ENABLED"] == "1",
        privileges=frozenset(Privilege(each) for each in cells["PRIVILEGES"].split(";") if each),
        talk=cells["TALK_AVAILABLE"] == "1",
        talk_log=cells["TALK_LOG_DOWNLOAD_AVAILABLE"] == "1",
        anpi_login_id=cells["ANPI_LOGIN_ID"],
    )


def cells_of(state: AccountState) -> Cells:
    """What the rules have said of somebody, as cells."""
    return {
        "PRIVILEGES": ";".join(sorted(state.privileges)),
        "TALK_AVAILABLE": str(int(state.talk)),
        "TALK_LOG_DOWNLOAD_AVAILABLE": str(int(state.talk_log)),
        "ANPI_LOGIN_ID": state.anpi_login_id,
    }


def derived(merged: Cells, changed: Cells) -> dict[str, object]:
    """What follows from the cells that change."""
    more: dict[str, object] = {}
    if {"NAME", "NAME_KANA"} & changed.keys():
        more["_search_key"] = search_key(merged["NAME"], merged["NAME_KANA"])
    if {"NAME", "NAME_KANA", "SORT_SCORE"} & changed.keys():
        score = int(merged["SORT_SCORE"]) if merged["SORT_SCORE"] else None
        more["_sort_key"] = sort_key(merged["NAME"], merged["NAME_KANA"], score)
    if "ANPI_LOGIN_ID" in changed:
        more["_anpi_key"] = changed["ANPI_LOGIN_ID"].lower() or None
    if "PRIVILEGES" in changed:
        more["_privileges"] = [each for each in changed["PRIVILEGES"].split(";") if each]
    return more


def staged(
    row: Row, act: str, id: int | None, before: Cells, after: Cells, held: dict[str, object], more: dict[str, object]
) -> StagedRow:
    """The row as it is kept until the plan is applied."""
    encode = msgspec.json.encode
    return StagedRow(row.number, act, row.key, id, encode(before | held).decode(), encode(after | more).decode())  # type: ignore[arg-type]
