"""What a user file would come to: a pure function of its rows, the company as it is, and what has been ticked.

Every problem of every row is found, not only the first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field

import msgspec

from directory.areas.resolving import resolve
from directory.imports import sayings
from directory.imports.cells import Cell, parts, password_of, plain, read_cell
from directory.imports.columns import COLUMNS, DEPARTMENTS_A_PERSON, USERS
from directory.imports.current import Now, PersonNow
from directory.imports.headings import Layout
from directory.imports.model import Cells, Counter, Level, Plan, Problem, StagedRow
from directory.imports.package import folded_name
from directory.imports.sayings import Saying
from directory.model import sort_key
from server.auth.changing import search_key
from server.auth.model import Actor, Privilege, UserType, login_key
from server.auth.password_rule import check_password
from server.auth.rules import (
    ANPI_ADMINISTRATORS,
    AccountState,
    company_problems,
    counted,
    problems,
    rights_problems,
    settled,
)
from server.errors import AppError
from server.texts import sentence

AREAS_A_PERSON = 10
_COLUMNS = COLUMNS["users"]
_NOT_KEPT = frozenset({"MODE", "PASSWORD", "INITIAL_PASSWORD_FORCE_CHANGE"})
_SET = [column for column in USERS if column.name not in _NOT_KEPT]
_STATE = {
    "user_type": "USER_TYPE",
    "enabled": "ENABLED",
    "privileges": "PRIVILEGES",
    "talk": "TALK_AVAILABLE",
    "talk_log": "TALK_LOG_DOWNLOAD_AVAILABLE",
    "anpi_login_id": "ANPI_LOGIN_ID",
    "login_id": "LOGIN_ID",
}
_IMPORTER = Actor(None, "", operator=True)
_PICTURE_FAULTS = {
    "type": sayings.PICTURE_TYPE,
    "pixels": sayings.PICTURE_PIXELS,
    "bytes": sayings.PICTURE_BYTES,
    "damage": sayings.PICTURE_DAMAGE,
}
PICTURES_NAMED = 5


@dataclass
class _Row:
    """One row on its way: what it gives, and what was found wrong with it."""

    number: int
    raw: list[str]
    given: dict[str, str]
    language: str
    login: str = ""
    key: str = ""
    found: list[Problem] = field(default_factory=list)

    def say(self, column: str, level: Level, saying: Saying, was: str = "", now: str = "", **more: object) -> None:
        values = {"row": self.number, "column": column, "was": was, "now": now, "login": self.login, **more}
        said = saying.told(self.language, **values)
        self.found.append(Problem(self.number, column, level, said, was, now))

    @property
    def wrong(self) -> bool:
        return any(problem.level == "error" for problem in self.found)


class PeoplePlan:
    """Takes the rows one by one, then what holds for all of them."""

    def __init__(self, now: Now, layout: Layout) -> None:
        self.plan = Plan()
        self._now, self._layout, self._company = now, layout, now.company
        self._options = now.company.options
        self._rows_of: dict[str, int] = {}
        self._anpi_rows: dict[str, int] = {}
        self._anpi_given: dict[str, tuple[str, _Row]] = {}
        self._anpi_left: set[str] = set()
        self._after = now.company.counts
        self._relied: set[str] = set()
        self._shown: set[str] = set()
        self._touched: set[str] = set()
        self._asked_marks = self._asked_zeros = self._missed_name = False

    def rows(self, table: Iterator[tuple[int, list[str]]]) -> Iterator[StagedRow]:
        """What is to be staged: changes, and rows with errors for the error file."""
        for number, raw in table:
            self.plan.rows += 1
            row = _Row(number, raw, self._layout.cells(raw), self._company.language)
            staged = self._read(row)
            for problem in row.found:
                self.plan.note(problem)
            if row.wrong:
                yield self._wrong(row)
            elif staged is not None:
                yield staged

    def finish(self) -> Plan:
        """The rules of the company, once all rows are known."""
        self._ask_anpi_owners()
        self._count_unused()
        before, limits = self._company.counts, self._company.licences
        for problem in company_problems(before, self._after, limits):
            if problem.code != "anpi_admins_full":
                self._note(Problem(0, "", "error", sentence(problem, self._company.language)))
        for counter in ("basic", "talk", "anpi"):
            used, after = getattr(before, counter), getattr(self._after, counter)
            self.plan.seats.append(Counter(counter, used, after, getattr(limits, counter)))
        self.plan.limits = (limits.basic, limits.talk, limits.anpi)
        self.plan.departments = {code: self._now.departments[code].id for code in sorted(self._relied)}
        self.plan.touched = sorted(self._touched)
        self.plan.asks = ["marks"] if self._asked_marks and not self._options.marks else []
        self.plan.offers = ["zeros"] if self._asked_zeros and not self._options.zeros else []
        return self.plan

    def _note(self, problem: Problem) -> None:
        self.plan.note(problem)

    # ------------------------------------------------------------ one row

    def _read(self, row: _Row) -> StagedRow | None:
        mode = unicodedata.normalize("NFKC", row.given.get("MODE", "")).strip().upper() or "U"
        if mode not in ("U", "D"):
            row.say("MODE", "error", sayings.MODE, row.given["MODE"])
        login = read_cell(_COLUMNS["LOGIN_ID"], row.given.get("LOGIN_ID", ""), None)
        row.login, row.key = login.text, login_key(login.text)
        if not login.text:
            row.say("LOGIN_ID", "error", sayings.REQUIRED)
            return None
        self._say(row, "LOGIN_ID", login)
        if (other := self._rows_of.setdefault(row.key, row.number)) != row.number:
            row.say("LOGIN_ID", "error", sayings.TWICE, login.text, other=other)
            return None
        person = self._now.person(row.key)
        if mode == "D":
            return self._removed(row, person)
        return self._set(row, person)

    def _removed(self, row: _Row, person: PersonNow | None) -> StagedRow | None:
        if person is None:
            row.say("LOGIN_ID", "error", sayings.NOBODY, row.login)
            return None
        if row.key == self._company.own_key:
            row.say("MODE", "error", sayings.NOT_YOURSELF)
            return None
        before = state(person.cells)
        self._after = self._after - counted(before)
        self.plan.counts.remove += 1
        self._anpi_left.add(row.key)
        self._count_lost(before, None)
        return _staged(row, "remove", person.id, person.cells | {}, {}, person.derived(), {})

    def _set(self, row: _Row, person: PersonNow | None) -> StagedRow | None:
        stored = person.cells if person else {}
        after: Cells = {} if person else {column.name: column.default for column in _SET}
        for column in _SET:
            if column.name in row.given and column.kind not in ("codes", "titles", "areas", "image"):
                cell = read_cell(column, row.given[column.name], stored.get(column.name), zeros=self._options.zeros)
                if column.name != "LOGIN_ID":
                    self._say(row, column.name, cell, row.given[column.name])
                after[column.name] = cell.text
        if person is None and "NAME" not in row.given:
            self._miss_name()
            return None
        if "NAME" in row.given and not after["NAME"]:
            row.say("NAME", "error", sayings.REQUIRED)
        follows = self._posts(row, person, after) | self._areas(row, person, after)
        password = self._password(row, person, after)
        self._rules(row, person, after)
        self._photo(row, after)
        return None if row.wrong else self._staged(row, person, after, follows, password)

    def _miss_name(self) -> None:
        """Said once: it is the file that lacks the column."""
        if not self._missed_name:
            self._missed_name = True
            self._note(
                Problem(0, "NAME", "error", sayings.COLUMN_REQUIRED.told(self._company.language, column="NAME"))
            )

    def _staged(
        self, row: _Row, person: PersonNow | None, after: Cells, follows: dict[str, object], password: bool
    ) -> StagedRow | None:
        stored = person.cells if person else {}
        changed = {name: text for name, text in after.items() if stored.get(name) != text} if person else after
        self._relied |= {code for code in parts(changed.get("DEPARTMENT_CODE", "")) if code}
        if person and not changed and not password:
            self.plan.counts.unchanged += 1
            return None
        merged = stored | after
        more = derived(merged, changed) | follows
        if password:
            more["_password"] = "1"
            self.plan.counts.hashes += 1
        if person is None:
            self.plan.counts.add += 1
            return _staged(row, "add", None, {}, changed, {}, more)
        self.plan.counts.change += 1
        self._touched.update(changed, more)
        held = person.derived()
        before = {name: held[name] for name in more if name in held}
        return _staged(row, "change", person.id, {name: stored[name] for name in changed}, changed, before, more)

    def _say(self, row: _Row, column: str, cell: Cell, raw: str = "") -> None:
        limit = _COLUMNS[column].limit
        if cell.error:
            row.say(column, "error", cell.error, raw or cell.text, limit=limit)
            return
        if cell.warning:
            kind = "marks" if _COLUMNS[column].kind == "name" else "zeros"
            setattr(self, f"_asked_{kind}", True)
            row.say(column, "warning", cell.warning, raw, cell.text)
        if cell.repaired:
            row.say(column, "repair", sayings.REPAIRED, raw or cell.text, cell.text)

    def _photo(self, row: _Row, after: Cells) -> None:
        """A blank cell leaves the photo as it is: an export writes none."""
        pictures, given = self._company.pictures, plain(_COLUMNS["BIG_IMAGE"], row.given.get("BIG_IMAGE", ""))
        if not given:
            return None
        if pictures is None:
            return row.say("BIG_IMAGE", "warning", sayings.NEEDS_ZIP, given)
        picture = pictures.get(folded_name(given))
        if picture is None:
            return row.say("BIG_IMAGE", "error", sayings.NO_PICTURE, given)
        self._shown.add(folded_name(given))
        if picture.fault:
            return row.say("BIG_IMAGE", "error", _PICTURE_FAULTS[picture.fault], given)
        after["BIG_IMAGE"] = picture.name
        return None

    def _count_unused(self) -> None:
        unused = sorted((self._company.pictures or {}).keys() - self._shown)
        if unused:
            names = "、".join(unused[:PICTURES_NAMED])
            said = sayings.UNUSED_PICTURES.told(self._company.language, count=len(unused), names=names)
            self._note(Problem(0, "BIG_IMAGE", "warning", said))

    # ------------------------------------------------------------ posts and areas

    def _posts(self, row: _Row, person: PersonNow | None, after: Cells) -> dict[str, object]:
        stored = person.cells if person else {"DEPARTMENT_CODE": "", "POSITION": ""}
        if not {"DEPARTMENT_CODE", "POSITION"} & row.given.keys():
            return {} if person else {"_posts": []}
        codes_cell = read_cell(_COLUMNS["DEPARTMENT_CODE"], row.given.get("DEPARTMENT_CODE", ""), None)
        codes = [
            code
            for code in parts(codes_cell.text if "DEPARTMENT_CODE" in row.given else stored["DEPARTMENT_CODE"])
            if code
        ]
        titles = self._titles(row, stored, codes)
        known = self._now.departments
        for code in codes:
            if code not in known:
                row.say("DEPARTMENT_CODE", "error", sayings.NO_DEPARTMENT, code)
        if len(codes) > DEPARTMENTS_A_PERSON:
            row.say("DEPARTMENT_CODE", "error", sayings.TOO_MANY, limit=DEPARTMENTS_A_PERSON)
        if len(set(codes)) < len(codes):
            row.say("DEPARTMENT_CODE", "error", sayings.DEPARTMENT_TWICE)
        after["DEPARTMENT_CODE"] = ";".join(codes)
        after["POSITION"] = ";".join(titles) if any(titles) else ""
        posts = [(known[code].id, title) for code, title in zip(codes, titles, strict=True) if code in known]
        unchanged = person is not None and posts == [tuple(post) for post in person.posts]
        return {} if unchanged else {"_posts": posts}

    def _titles(self, row: _Row, stored: Cells, codes: list[str]) -> list[str]:
        """A title for each department: aligned; a single one holds for all; without the column they stay."""
        if "POSITION" not in row.given:
            had = dict(zip(parts(stored["DEPARTMENT_CODE"]), parts(stored["POSITION"]), strict=False))
            return [had.get(code, "") for code in codes]
        cell = read_cell(_COLUMNS["POSITION"], row.given["POSITION"], None)
        self._say(row, "POSITION", cell, row.given["POSITION"])
        titles = parts(cell.text) if cell.text else []
        if len(titles) == 1 and cell.text:
            titles = titles * len(codes)
        if len(titles) > len(codes):
            if any(titles[len(codes) :]) or len(titles) == 1:
                row.say("POSITION", "error", sayings.TITLES, row.given["POSITION"])
            titles = titles[: len(codes)]
        elif cell.text and not codes:
            row.say("POSITION", "error", sayings.TITLES, row.given["POSITION"])
        return titles + [""] * (len(codes) - len(titles))

    def _areas(self, row: _Row, person: PersonNow | None, after: Cells) -> dict[str, object]:
        found: dict[str, object] = {} if person else {"_work": [], "_home": []}
        for column, name in (("WORK_AREA", "_work"), ("HOME_AREA", "_home")):
            if column not in row.given:
                continue
            given = [part for part in parts(read_cell(_COLUMNS[column], row.given[column], None).text) if part]
            after[column] = ";".join(given)
            if person is None or person.cells[column] != after[column]:
                found[name] = [(code, text) for text in given if (code := self._area(row, column, text))]
                if len(given) > AREAS_A_PERSON:
                    row.say(column, "error", sayings.TOO_MANY, limit=AREAS_A_PERSON)
        return found

    def _area(self, row: _Row, column: str, text: str) -> str:
        candidates = resolve(text)
        if len(candidates) == 1:
            return candidates[0].code
        if len(text) > 100:
            row.say(column, "error", sayings.TOO_LONG, limit=100)
        elif candidates:
            row.say(column, "error", sayings.SEVERAL_AREAS, text, "、".join(area.name for area in candidates[:5]))
        else:
            row.say(column, "error", sayings.NO_AREA, text)
        return ""

    # ------------------------------------------------------------ passwords and rules

    def _password(self, row: _Row, person: PersonNow | None, after: Cells) -> bool:
        """Whether the row sets a password."""
        given = password_of(row.given)
        force = read_cell(
            _COLUMNS["INITIAL_PASSWORD_FORCE_CHANGE"], row.given.get("INITIAL_PASSWORD_FORCE_CHANGE", ""), None
        )
        self._say(row, "INITIAL_PASSWORD_FORCE_CHANGE", force)
        if person is not None:
            self.plan.counts.passwords += bool(given)
            if not given or self._options.keep_passwords:
                return False
        if given:
            try:
                check_password(given, row.login, self._company.name)
            except AppError as problem:
                row.say("PASSWORD", "error", sayings.RULE, said=sentence(problem, self._company.language))
            return True
        signs_in = after.get("USER_TYPE", "") == UserType.REGULAR_USER
        if person is None and signs_in and not self._options.make_passwords:
            row.say("PASSWORD", "error", sayings.NO_PASSWORD)
        return person is None and signs_in and self._options.make_passwords

    def _rules(self, row: _Row, person: PersonNow | None, after: Cells) -> None:
        if row.wrong:
            return
        merged = (person.cells if person else {}) | after
        before, wanted = (state(person.cells) if person else None), state(merged)
        given = {name for name, column in _STATE.items() if column in row.given}
        wanted = settled(wanted, given)
        for name, text in _cells(wanted).items():
            if merged[name] != text:
                after[name] = text
        for problem in problems(wanted, before, self._company.domains):
            self._say_rule(row, problem)
        if row.key == self._company.own_key:
            for problem in rights_problems(_IMPORTER, before, wanted, own=True):
                self._say_rule(row, problem)
        self._after = self._after + counted(wanted) - counted(before)
        gains = counted(wanted).anpi_administrators > counted(before).anpi_administrators
        if gains and self._after.anpi_administrators > ANPI_ADMINISTRATORS:
            row.say(
                "PRIVILEGES",
                "error",
                sayings.MANY_ANPI_ADMINISTRATORS,
                limit=ANPI_ADMINISTRATORS,
            )
        self._remember_anpi(row, before, wanted)
        self._count_lost(before, wanted)

    def _say_rule(self, row: _Row, problem: AppError) -> None:
        column = _STATE.get(problem.details.get("field", ""), "")
        if problem.code == "login_domain":
            return row.say(column, "error", sayings.DOMAIN, row.login)
        return row.say(column, "error", sayings.RULE, said=sentence(problem, self._company.language))

    def _remember_anpi(self, row: _Row, before: AccountState | None, wanted: AccountState) -> None:
        """Anpi IDs are compared when all rows are known: they may be swapped."""
        key = wanted.anpi_login_id.lower()
        if before is not None and before.anpi_login_id.lower() != key:
            self._anpi_left.add(row.key)
        if not key:
            return
        if key in self._anpi_rows:
            row.say("ANPI_LOGIN_ID", "error", sayings.TWICE, wanted.anpi_login_id, other=self._anpi_rows[key])
            return
        self._anpi_rows[key] = row.number
        if before is None or before.anpi_login_id.lower() != key:
            self._anpi_given[key] = (row.key, row)

    def _ask_anpi_owners(self) -> None:
        for key, (login, row) in self._anpi_given.items():
            owner = self._now.anpi.get(key)
            if owner is not None and owner != login and owner not in self._anpi_left:
                values = {"row": row.number, "column": "ANPI_LOGIN_ID"}
                said = sayings.TAKEN.told(self._company.language, **values)
                self._note(Problem(row.number, "ANPI_LOGIN_ID", "error", said, key))

    def _count_lost(self, before: AccountState | None, after: AccountState | None) -> None:
        if before is None:
            return
        lost, now = self.plan.lost, after or AccountState(before.login_id, enabled=False)
        lost.sign_in += _signs_in(before) and not _signs_in(now)
        lost.talk += before.talk and not now.talk
        lost.anpi += bool(before.anpi_login_id) and not now.anpi_login_id
        lost.privileges += bool(before.privileges - now.privileges)

    def _wrong(self, row: _Row) -> StagedRow:
        """For the error file: the row without its password."""
        said = [problem.text for problem in row.found if problem.level == "error"]
        after = msgspec.json.encode({"cells": self._layout.keepable(row.raw)}).decode()
        return StagedRow(row.number, "error", row.key, None, msgspec.json.encode({"errors": said}).decode(), after)


def _signs_in(state: AccountState) -> bool:
    return state.enabled and state.user_type is UserType.REGULAR_USER


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


def _cells(state: AccountState) -> Cells:
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


def _staged(
    row: _Row, act: str, id: int | None, before: Cells, after: Cells, held: dict[str, object], more: dict[str, object]
) -> StagedRow:
    encode = msgspec.json.encode
    return StagedRow(row.number, act, row.key, id, encode(before | held).decode(), encode(after | more).decode())  # type: ignore[arg-type]
