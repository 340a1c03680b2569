"""What undoing an import would come to: fields that still hold what was imported go back, later edits are kept and
listed, deleted people and departments return, added ones are deleted. What would break a rule is kept too. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from directory.imports import sayings
from directory.imports.current import Now, PersonNow
from directory.imports.model import Act, Cells, Counter, Kept, Kind, Plan, Problem, StagedRow
from directory.imports.people_row import derived, state
from directory.imports.sayings import Saying
from server.auth.model import Actor, Privilege
from server.auth.rules import Counts, company_problems, counted, problems, rights_problems, settled
from server.errors import Conflict
from server.texts import sentence


class UndoPlan:
    """Takes the rows of the import that is to be undone."""

    def __init__(self, kind: Kind, now: Now) -> None:
        self.plan = Plan()
        self._kind, self._now = kind, now
        self._after: Counts = now.company.counts
        # By number, not by key: whoever was renamed since is the same.
        who = (msgspec.msgpack.decode(raw, type=_Who) for raw in now.people.values())
        self._keys = {each.id: each.key for each in who}
        self._codes = {each.id: code for code, each in now.departments.items()}
        self._anpi_left: set[str] = set()
        self._waiting: list[_Change] = []
        self._returning: list[tuple[StagedRow, _Parts]] = []
        self._below: list[tuple[StagedRow, str, Cells, dict[str, Any]]] = []
        self._touched: set[str] = set()

    def rows(self, done: Iterable[StagedRow]) -> Iterator[StagedRow]:
        """What is to be staged."""
        for row in done:
            before, after = _split(row.before), _split(row.after)
            undo = self._person if self._kind == "users" else self._department
            yield from undo(row, before, after)
        yield from self._those_who_wait()
        yield from self._those_below()

    def finish(self) -> Plan:
        counts, limits = self._now.company.counts, self._now.company.licences
        for problem in company_problems(counts, self._after, limits):
            self.plan.note(Problem(0, "", "error", sentence(problem, self._now.company.language)))
        for counter in ("basic", "talk", "anpi"):
            used, after = getattr(counts, counter), getattr(self._after, counter)
            self.plan.seats.append(Counter(counter, used, after, getattr(limits, counter)))
        self.plan.limits = (limits.basic, limits.talk, limits.anpi)
        self.plan.touched = sorted(self._touched) if self._kind == "users" else None
        return self.plan

    def _person(self, row: StagedRow, before: _Parts, after: _Parts) -> Iterator[StagedRow]:
        if row.act == "remove":
            yield from self._return_person(row, before)
            return
        person = self._now.person(self._keys.get(row.id or 0, ""))
        if person is None:
            return
        if row.act == "add":
            yield from self._remove_person(row, person)
            return
        back = self._lawful(person, self._back(person.key, person.cells, before, after))
        wanted = back.get("ANPI_LOGIN_ID", "").lower()
        change = _Change(row, person, before, back)
        if wanted and self._now.anpi.get(wanted, person.key) != person.key:
            self._waiting.append(change)
        else:
            yield from self._changed(change)

    def _changed(self, change: _Change) -> Iterator[StagedRow]:
        row, person, back = change.row, change.person, change.back
        if not back:
            return
        merged = person.cells | back
        if "ANPI_LOGIN_ID" in back:
            self._anpi_left.add(person.key)
        self._after = self._after + counted(state(merged)) - counted(state(person.cells))
        held = {name: value for name, value in change.before.derived.items() if _belongs(name, back)}
        if "_posts" in held:
            self._say_lost_posts(person.key, change.before)
        self.plan.counts.change += 1
        was = {**{name: person.cells[name] for name in back}, **person.derived()}
        after = {**back, **derived(merged, back), **held}
        self._touched.update(after)
        yield _staged(row, "change", person.key, was, after)

    def _remove_person(self, row: StagedRow, person: PersonNow) -> Iterator[StagedRow]:
        company = self._now.company
        if person.key == company.own_key:
            self.plan.note(Problem(0, "", "error", sentence(Conflict("not_yourself"), company.language)))
            return
        self._anpi_left.add(person.key)
        self._after = self._after - counted(state(person.cells))
        self.plan.counts.remove += 1
        yield _staged(row, "remove", person.key, {**person.cells, **person.derived()}, {})

    def _return_person(self, row: StagedRow, before: _Parts) -> Iterator[StagedRow]:
        if row.key in self._now.people:
            self.plan.kept.append(Kept(row.key, before.cells["NAME"], "LOGIN_ID", row.key))
        elif before.cells["ANPI_LOGIN_ID"].lower() in self._now.anpi:
            self._returning.append((row, before))
        else:
            yield self._returned(row, before)

    def _returned(self, row: StagedRow, before: _Parts) -> StagedRow:
        self._after = self._after + counted(state(before.cells))
        self.plan.counts.add += 1
        after = {**before.cells, **before.derived}
        self._say_lost_posts(row.key, before)
        self._touched.update(after)
        return _staged(row, "return", row.key, {}, after)

    def _those_who_wait(self) -> Iterator[StagedRow]:
        """Whose anpi ID somebody else has now: they get it back if he gives it up, for IDs may have been swapped."""
        waiting = {each.person.key: each for each in self._waiting}
        while denied := [each for each in waiting.values() if not self._is_given_up(each.back, waiting)]:
            for each in denied:
                del waiting[each.person.key]
                self._keep(each.person.key, each.person.cells, ["ANPI_LOGIN_ID"])
                rest = {name: text for name, text in each.back.items() if name != "ANPI_LOGIN_ID"}
                yield from self._changed(replace(each, back=self._lawful(each.person, rest)))
        returning = [(row, before, self._is_given_up(before.cells, waiting)) for row, before in self._returning]
        for each in waiting.values():
            yield from self._changed(each)
        for row, before, given_up in returning:
            yield self._returned(row, before if given_up else self._without_anpi(row, before))

    def _is_given_up(self, cells: Cells, waiting: Collection[str]) -> bool:
        owner = self._now.anpi[cells["ANPI_LOGIN_ID"].lower()]
        return owner in self._anpi_left or owner in waiting

    def _without_anpi(self, row: StagedRow, before: _Parts) -> _Parts:
        """Somebody else has the ID now, and without one nobody administers the safety checks (S18)."""
        rights = [each for each in before.derived["_privileges"] if each != Privilege.ADMIN_ANPI]
        cells = before.cells | {"ANPI_LOGIN_ID": "", "PRIVILEGES": ";".join(rights)}
        self._keep(row.key, cells, [name for name in sorted(cells) if cells[name] != before.cells[name]])
        return _Parts(cells, before.derived | {"_anpi_key": None, "_privileges": rights})

    def _lawful(self, person: PersonNow, back: Cells) -> Cells:
        """Without what would break a rule together with later edits: then all that somebody may do stays as it is."""
        before, wanted = state(person.cells), state(person.cells | back)
        own = person.key == self._now.company.own_key
        broken = settled(wanted, ()) != wanted or problems(wanted, before)
        if not broken and not (own and rights_problems(_UNDOER, before, wanted, own=True)):
            return back
        self._keep(person.key, person.cells, sorted(_MAY & back.keys()))
        return {name: text for name, text in back.items() if name not in _MAY}

    def _department(self, row: StagedRow, before: _Parts, after: _Parts) -> Iterator[StagedRow]:
        if row.act == "remove":
            self._return_department(row, before)
            return
        there = self._now.departments.get(self._codes.get(row.id or 0, ""))
        if there is None:
            return
        code = there.cells["DEPARTMENT_CODE"]
        if row.act == "add":
            self.plan.counts.remove += 1
            self.plan.counts.unassigned += len(there.people)
            yield _staged(row, "remove", code, {**there.cells, "_people": there.people}, {})
        elif back := self._back(code, there.cells, before, after):
            self._below.append((row, code, there.cells, dict(back)))

    def _return_department(self, row: StagedRow, before: _Parts) -> None:
        if row.key in self._now.departments:
            self.plan.kept.append(Kept(row.key, before.cells["DEPARTMENT_NAME"], "DEPARTMENT_CODE", row.key))
            return
        self._below.append((row, row.key, {}, {**before.cells, **before.derived}))

    def _those_below(self) -> Iterator[StagedRow]:
        """Departments that change or come back, once all who come back are known: one may stand below another."""
        there = self._now.departments.keys() | {key for _, key, cells, _ in self._below if not cells}
        for row, key, cells, back in self._below:
            parent = back.get("PARENT_DEPARTMENT_CODE", "")
            if parent and parent not in there:
                self._say(sayings.NO_OLD_PARENT, "PARENT_DEPARTMENT_CODE", key=key, was=parent)
                if cells:
                    del back["PARENT_DEPARTMENT_CODE"]
                else:
                    back["PARENT_DEPARTMENT_CODE"] = ""
            if not cells:
                self.plan.counts.add += 1
                yield _staged(row, "return", key, {}, back)
            elif back:
                self.plan.counts.change += 1
                yield _staged(row, "change", key, {name: cells[name] for name in back}, back)

    def _say_lost_posts(self, key: str, before: _Parts) -> None:
        """Departments that somebody had, and that are no more."""
        codes = [code for code in before.cells.get("DEPARTMENT_CODE", "").split(";") if code]
        posts = before.derived.get("_posts", [])
        for code, (department, _title) in zip(codes, posts, strict=False):
            if department not in self._codes:
                self._say(sayings.NO_OLD_DEPARTMENT, "DEPARTMENT_CODE", key=key, was=code)

    def _say(self, saying: Saying, column: str, **values: object) -> None:
        said = saying.told(self._now.company.language, column=column, **values)
        self.plan.note(Problem(0, column, "warning", said))

    def _back(self, key: str, cells: Cells, before: _Parts, after: _Parts) -> Cells:
        """The fields that nobody has changed since. Departments and titles belong together."""
        edited = {name for name, text in after.cells.items() if cells[name] != text}
        if edited & _POSTS:
            edited |= _POSTS & after.cells.keys()
        self._keep(key, cells, sorted(edited))
        return {name: before.cells[name] for name in after.cells if name not in edited}

    def _keep(self, key: str, cells: Cells, columns: Iterable[str]) -> None:
        """List what stays as it is; what only its owner sees is named without its value."""
        name, hidden = cells.get("NAME", cells.get("DEPARTMENT_NAME", "")), self._now.company.hidden
        for column in columns:
            self.plan.kept.append(Kept(key, name, column, "" if column in hidden else cells[column]))


_UNDOER = Actor(None, "", operator=True)
_MAY = frozenset(
    {"USER_TYPE", "ENABLED", "PRIVILEGES", "TALK_AVAILABLE", "TALK_LOG_DOWNLOAD_AVAILABLE", "ANPI_LOGIN_ID"}
)
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


@dataclass(frozen=True)
class _Change:
    """What goes back of somebody who is there."""

    row: StagedRow
    person: PersonNow
    before: _Parts
    back: Cells


class _Who(msgspec.Struct):
    """Of a ``PersonNow`` what it takes to find him: the rest is not decoded."""

    id: int
    key: str


def _split(packed: str) -> _Parts:
    whole = msgspec.json.decode(packed)
    cells = {name: value for name, value in whole.items() if not name.startswith("_")}
    return _Parts(cells, {name: value for name, value in whole.items() if name.startswith("_")})


def _belongs(name: str, back: Cells) -> bool:
    return bool(_OF_COLUMN.get(name, frozenset()) & back.keys())


def _staged(row: StagedRow, act: Act, key: str, before: dict[str, Any], after: dict[str, Any]) -> StagedRow:
    encode = msgspec.json.encode
    return StagedRow(row.row, act, key, row.id, encode(before).decode(), encode(after).decode())
