"""What undoing an import would come to: fields that still hold what was imported go back, later edits are kept and
listed, deleted people and departments return, added ones are deleted. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from directory.imports.current import DepartmentNow, Now
from directory.imports.model import Act, Cells, Counter, Kept, Kind, Plan, Problem, StagedRow
from directory.imports.people_plan import derived, state
from server.auth.rules import Counts, company_problems, counted
from server.texts import sentence


class UndoPlan:
    """Takes the rows of the import that is to be undone."""

    def __init__(self, kind: Kind, now: Now) -> None:
        self.plan = Plan()
        self._kind, self._now = kind, now
        self._after: Counts = now.company.counts

    def rows(self, done: Iterable[StagedRow]) -> Iterator[StagedRow]:
        """What is to be staged."""
        for row in done:
            before, after = _split(row.before), _split(row.after)
            undo = self._person if self._kind == "users" else self._department
            staged = undo(row, before, after)
            if staged is not None:
                yield staged

    def finish(self) -> Plan:
        counts, limits = self._now.company.counts, self._now.company.licences
        for problem in company_problems(counts, self._after, limits):
            self.plan.note(Problem(0, "", "error", sentence(problem, self._now.company.language)))
        for counter in ("basic", "talk", "anpi"):
            used, after = getattr(counts, counter), getattr(self._after, counter)
            self.plan.seats.append(Counter(counter, used, after, getattr(limits, counter)))
        self.plan.limits = (limits.basic, limits.talk, limits.anpi)
        return self.plan

    def _person(self, row: StagedRow, before: _Parts, after: _Parts) -> StagedRow | None:
        person = self._now.person(row.key)
        if row.act == "remove":
            return self._return_person(row, before, taken=person is not None)
        if person is None or person.id != row.id:
            return None
        if row.act == "add":
            self._after = self._after - counted(state(person.cells))
            self.plan.counts.remove += 1
            return _staged(row, "remove", {**person.cells, **person.derived()}, {})
        back = self._back(row, person.cells, before, after)
        if not back:
            return None
        merged = person.cells | back
        self._after = self._after + counted(state(merged)) - counted(state(person.cells))
        held = {name: before.derived[name] for name in before.derived if _belongs(name, back)}
        self.plan.counts.change += 1
        was = {**{name: person.cells[name] for name in back}, **person.derived()}
        return _staged(row, "change", was, {**back, **derived(merged, back), **held})

    def _return_person(self, row: StagedRow, before: _Parts, taken: bool) -> StagedRow | None:
        if taken:
            self.plan.kept.append(Kept(row.key, before.cells["NAME"], "LOGIN_ID", row.key))
            return None
        self._after = self._after + counted(state(before.cells))
        self.plan.counts.add += 1
        return _staged(row, "return", {}, {**before.cells, **before.derived})

    def _department(self, row: StagedRow, before: _Parts, after: _Parts) -> StagedRow | None:
        there = self._now.departments.get(row.key)
        if row.act == "remove":
            if there is not None:
                self.plan.kept.append(Kept(row.key, before.cells["DEPARTMENT_NAME"], "DEPARTMENT_CODE", row.key))
                return None
            self.plan.counts.add += 1
            return _staged(row, "return", {}, {**before.cells, **before.derived})
        if there is None or there.id != row.id:
            return None
        if row.act == "add":
            return self._remove_department(row, there)
        back = self._back(row, there.cells, before, after)
        if not back:
            return None
        self.plan.counts.change += 1
        return _staged(row, "change", {name: there.cells[name] for name in back}, back)

    def _remove_department(self, row: StagedRow, there: DepartmentNow) -> StagedRow:
        self.plan.counts.remove += 1
        self.plan.counts.unassigned += len(there.people)
        return _staged(row, "remove", {**there.cells, "_people": there.people}, {})

    def _back(self, row: StagedRow, cells: Cells, before: _Parts, after: _Parts) -> Cells:
        """The fields that nobody has changed since. Departments and titles belong together."""
        edited = {name for name, text in after.cells.items() if cells[name] != text}
        if edited & _POSTS:
            edited |= _POSTS & after.cells.keys()
        for name in sorted(edited):
            self.plan.kept.append(
                Kept(row.key, cells.get("NAME", cells.get("DEPARTMENT_NAME", "")), name, cells[name])
            )
        return {name: before.cells[name] for name in after.cells if name not in edited}


_POSTS = frozenset({"DEPARTMENT_CODE", "POSITION"})
_OF_COLUMN = {
    "_posts": _POSTS,
    "_work": frozenset({"WORK_AREA"}),
    "_home": frozenset({"HOME_AREA"}),
    "_privileges": frozenset({"PRIVILEGES"}),
    "_anpi_key": frozenset({"ANPI_LOGIN_ID"}),
}


class _Parts(msgspec.Struct):
    cells: Cells
    derived: dict[str, Any]


def _split(packed: str) -> _Parts:
    whole = msgspec.json.decode(packed)
    cells = {name: value for name, value in whole.items() if not name.startswith("_")}
    return _Parts(cells, {name: value for name, value in whole.items() if name.startswith("_")})


def _belongs(name: str, back: Cells) -> bool:
    return bool(_OF_COLUMN.get(name, frozenset()) & back.keys())


def _staged(row: StagedRow, act: Act, before: dict[str, Any], after: dict[str, Any]) -> StagedRow:
    encode = msgspec.json.encode
    return StagedRow(row.row, act, row.key, row.id, encode(before).decode(), encode(after).decode())
