"""What a department file would come to: a pure function of its rows and the departments as they are."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import msgspec

from directory.imports import sayings
from directory.imports.cells import read_cell
from directory.imports.columns import COLUMNS, DEPARTMENTS
from directory.imports.current import DepartmentNow, Now
from directory.imports.headings import Layout
from directory.imports.model import Cells, Plan, Problem, StagedRow
from directory.imports.sayings import Saying

_COLUMNS = COLUMNS["departments"]
_SET = [column for column in DEPARTMENTS if column.name not in ("MODE", "DEPARTMENT_CODE")]
BELOW = 10_000_000
"""Rows that the file does not hold, for departments below a removed one, are numbered from here."""


class DepartmentPlan:
    """Takes all rows, then gives what is to be staged: parents may stand behind their children."""

    def __init__(self, now: Now, layout: Layout) -> None:
        self.plan = Plan()
        self._now, self._layout, self._options = now.departments, layout, now.company.options
        self._language = now.company.language
        self._limits = now.company.licences
        self._rows: dict[str, int] = {}
        self._raw: dict[int, list[str]] = {}
        self._set: dict[str, Cells] = {}
        self._removed: dict[str, int] = {}
        self._wrong: dict[int, list[str]] = {}
        self._asked_marks = self._asked_zeros = False

    def rows(self, table: Iterator[tuple[int, list[str]]]) -> Iterator[StagedRow]:
        """What is to be staged: changes, and rows with errors for the error file."""
        for number, raw in table:
            self.plan.rows += 1
            self._raw[number] = raw
            self._read(number, self._layout.cells(raw))
        self._remove_below()
        self._ask_parents()
        yield from self._staged()

    def finish(self) -> Plan:
        self.plan.limits = (self._limits.basic, self._limits.talk, self._limits.anpi)
        self.plan.asks = ["marks"] if self._asked_marks and not self._options.marks else []
        self.plan.offers = ["zeros"] if self._asked_zeros and not self._options.zeros else []
        parents = {cells.get("PARENT_DEPARTMENT_CODE", "") for cells in self._set.values()}
        relied = sorted((parents & self._now.keys()) - self._set.keys())
        self.plan.departments = {code: self._now[code].id for code in relied}
        return self.plan

    def _say(
        self, row: int, column: str, level: str, saying: Saying, was: str = "", now: str = "", **more: object
    ) -> None:
        said = saying.told(self._language, row=row, column=column, was=was, now=now, **more)
        self.plan.note(Problem(row, column, level, said, was, now))  # type: ignore[arg-type]
        if level == "error":
            self._wrong.setdefault(row, []).append(said)

    def _read(self, row: int, given: dict[str, str]) -> None:
        mode = unicodedata.normalize("NFKC", given.get("MODE", "")).strip().upper() or "U"
        if mode not in ("U", "D"):
            self._say(row, "MODE", "error", sayings.MODE, given["MODE"])
        code = self._cell(row, "DEPARTMENT_CODE", given.get("DEPARTMENT_CODE", ""), None)
        if not code:
            return self._say(row, "DEPARTMENT_CODE", "error", sayings.REQUIRED)
        if (other := self._rows.setdefault(code, row)) != row:
            return self._say(row, "DEPARTMENT_CODE", "error", sayings.TWICE, code, other=other)
        there = self._now.get(code)
        if mode == "D":
            if there is None:
                return self._say(row, "DEPARTMENT_CODE", "error", sayings.NO_SUCH_DEPARTMENT, code)
            self._removed[code] = row
            return None
        stored = there.cells if there else {}
        cells = {} if there else {column.name: column.default for column in _SET}
        for column in _SET:
            if column.name in given:
                cells[column.name] = self._cell(row, column.name, given[column.name], stored.get(column.name))
        if ("DEPARTMENT_NAME" in given or there is None) and not cells.get("DEPARTMENT_NAME"):
            self._say(row, "DEPARTMENT_NAME", "error", sayings.REQUIRED)
        self._set[code] = cells
        return None

    def _cell(self, row: int, column: str, raw: str, stored: str | None) -> str:
        cell = read_cell(_COLUMNS[column], raw, stored, zeros=self._options.zeros)
        if cell.error:
            self._say(row, column, "error", cell.error, raw, limit=_COLUMNS[column].limit)
        elif cell.warning:
            setattr(self, "_asked_marks" if _COLUMNS[column].kind == "name" else "_asked_zeros", True)
            self._say(row, column, "warning", cell.warning, raw, cell.text)
        if cell.repaired and not cell.error:
            self._say(row, column, "repair", sayings.REPAIRED, raw, cell.text)
        return cell.text

    def _parent(self, code: str) -> str:
        """The parent as it will be."""
        if "PARENT_DEPARTMENT_CODE" in self._set.get(code, {}):
            return self._set[code]["PARENT_DEPARTMENT_CODE"]
        return self._now[code].cells["PARENT_DEPARTMENT_CODE"] if code in self._now else ""

    def _remove_below(self) -> None:
        """A removed department takes all under it along, but for those that the file puts elsewhere."""
        below: dict[str, list[str]] = {}
        for code in self._now:
            below.setdefault(self._parent(code), []).append(code)
        waiting, extra = list(self._removed), BELOW
        while waiting:
            for code in below.get(waiting.pop(), []):
                if code not in self._removed and code not in self._set:
                    extra += 1
                    self._removed[code] = extra
                    waiting.append(code)

    def _ask_parents(self) -> None:
        for code, cells in self._set.items():
            parent, row = cells.get("PARENT_DEPARTMENT_CODE", ""), self._rows[code]
            if not parent and self._parent(code) in self._removed:
                self._say(row, "PARENT_DEPARTMENT_CODE", "error", sayings.PARENT_REMOVED, self._parent(code))
            elif parent in self._removed:
                self._say(row, "PARENT_DEPARTMENT_CODE", "error", sayings.PARENT_REMOVED, parent)
            elif parent and parent not in self._set and parent not in self._now:
                self._say(row, "PARENT_DEPARTMENT_CODE", "error", sayings.NO_PARENT, parent)
            elif self._is_in_circle(code):
                self._say(row, "PARENT_DEPARTMENT_CODE", "error", sayings.CYCLE, parent)

    def _is_in_circle(self, code: str) -> bool:
        seen, at = {code}, self._parent(code)
        while at and at not in seen:
            seen.add(at)
            at = self._parent(at)
        return at == code

    def _staged(self) -> Iterator[StagedRow]:
        for row in sorted(self._wrong):
            yield _error(row, self._layout.keepable(self._raw[row]), self._wrong[row])
        for code, row in self._removed.items():
            there = self._now[code]
            self.plan.counts.remove += 1
            self.plan.counts.unassigned += len(there.people)
            before = {**there.cells, "_people": there.people}
            yield _row(row, "remove", code, there.id, before, {})
        for code, cells in self._set.items():
            row = self._rows[code]
            if row not in self._wrong:
                yield from self._changed(row, code, self._now.get(code), cells)

    def _changed(self, row: int, code: str, there: DepartmentNow | None, cells: Cells) -> Iterator[StagedRow]:
        if there is None:
            self.plan.counts.add += 1
            yield _row(row, "add", code, None, {}, {"DEPARTMENT_CODE": code, **cells})
            return
        changed = {name: text for name, text in cells.items() if there.cells[name] != text}
        if not changed:
            self.plan.counts.unchanged += 1
            return
        self.plan.counts.change += 1
        yield _row(row, "change", code, there.id, {name: there.cells[name] for name in changed}, changed)


def _row(row: int, act: str, key: str, id: int | None, before: object, after: object) -> StagedRow:
    encode = msgspec.json.encode
    return StagedRow(row, act, key, id, encode(before).decode(), encode(after).decode())  # type: ignore[arg-type]


def _error(row: int, cells: list[str], said: list[str]) -> StagedRow:
    return _row(row, "error", "", None, {"errors": said}, {"cells": cells})
