"""What a user file would come to: a pure function of its rows, the company as it is, and what has been ticked.

Every problem of every row is found, not only the first.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import msgspec

from directory.imports import sayings
from directory.imports.cells import parts, password_of, plain, read_cell
from directory.imports.columns import COLUMNS, USERS
from directory.imports.current import Now, PersonNow
from directory.imports.headings import Layout
from directory.imports.model import Cells, Counter, Plan, Problem, StagedRow
from directory.imports.package import folded_name
from directory.imports.people_places import areas, posts
from directory.imports.people_row import Row, cells_of, derived, staged, state
from server.auth.model import Actor, UserType, login_key
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


class PeoplePlan:
    """Takes the rows one by one, then what holds for all of them."""

    def __init__(self, now: Now, layout: Layout) -> None:
        self.plan = Plan()
        self._now, self._layout, self._company = now, layout, now.company
        self._options = now.company.options
        self._rows_of: dict[str, int] = {}
        self._anpi_rows: dict[str, int] = {}
        self._anpi_given: dict[str, tuple[str, Row]] = {}
        self._anpi_left: set[str] = set()
        self._after = now.company.counts
        self._relied: set[str] = set()
        self._shown: set[str] = set()
        self._touched: set[str] = set()
        self._asked: set[str] = set()
        self._missed_name = False

    def rows(self, table: Iterator[tuple[int, list[str]]]) -> Iterator[StagedRow]:
        """What is to be staged: changes, and rows with errors for the error file."""
        for number, raw in table:
            self.plan.rows += 1
            row = Row(number, raw, self._layout.cells(raw), self._company.language)
            made = self._read(row)
            self._asked |= row.asked
            for problem in row.found:
                self.plan.note(problem)
            if row.wrong:
                yield self._wrong(row)
            elif made is not None:
                yield made

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
        self.plan.asks = ["marks"] if "marks" in self._asked and not self._options.marks else []
        self.plan.offers = ["zeros"] if "zeros" in self._asked and not self._options.zeros else []
        return self.plan

    def _note(self, problem: Problem) -> None:
        self.plan.note(problem)

    # ------------------------------------------------------------ one row

    def _read(self, row: Row) -> StagedRow | None:
        mode = unicodedata.normalize("NFKC", row.given.get("MODE", "")).strip().upper() or "U"
        if mode not in ("U", "D"):
            row.say("MODE", "error", sayings.MODE, row.given["MODE"])
        login = read_cell(_COLUMNS["LOGIN_ID"], row.given.get("LOGIN_ID", ""), None)
        row.login, row.key = login.text, login_key(login.text)
        if not login.text:
            row.say("LOGIN_ID", "error", sayings.REQUIRED)
            return None
        row.tell("LOGIN_ID", login)
        if (other := self._rows_of.setdefault(row.key, row.number)) != row.number:
            row.say("LOGIN_ID", "error", sayings.TWICE, login.text, other=other)
            return None
        person = self._now.person(row.key)
        if mode == "D":
            return self._removed(row, person)
        return self._set(row, person)

    def _removed(self, row: Row, person: PersonNow | None) -> StagedRow | None:
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
        return staged(row, "remove", person.id, person.cells | {}, {}, person.derived(), {})

    def _set(self, row: Row, person: PersonNow | None) -> StagedRow | None:
        stored = person.cells if person else {}
        after: Cells = {} if person else {column.name: column.default for column in _SET}
        for column in _SET:
            if column.name in row.given and column.kind not in ("codes", "titles", "areas", "image"):
                cell = read_cell(column, row.given[column.name], stored.get(column.name), zeros=self._options.zeros)
                if column.name != "LOGIN_ID":
                    row.tell(column.name, cell, row.given[column.name])
                after[column.name] = cell.text
        if person is None and "NAME" not in row.given:
            self._miss_name()
            return None
        if "NAME" in row.given and not after["NAME"]:
            row.say("NAME", "error", sayings.REQUIRED)
        follows = posts(row, person, after, self._now.departments) | areas(row, person, after)
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
        self, row: Row, person: PersonNow | None, after: Cells, follows: dict[str, object], password: bool
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
            return staged(row, "add", None, {}, changed, {}, more)
        self.plan.counts.change += 1
        self._touched.update(changed, more)
        held = person.derived()
        before = {name: held[name] for name in more if name in held}
        return staged(row, "change", person.id, {name: stored[name] for name in changed}, changed, before, more)

    def _photo(self, row: Row, after: Cells) -> None:
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

    # ------------------------------------------------------------ passwords and rules

    def _password(self, row: Row, person: PersonNow | None, after: Cells) -> bool:
        """Whether the row sets a password."""
        given = password_of(row.given)
        force = read_cell(
            _COLUMNS["INITIAL_PASSWORD_FORCE_CHANGE"], row.given.get("INITIAL_PASSWORD_FORCE_CHANGE", ""), None
        )
        row.tell("INITIAL_PASSWORD_FORCE_CHANGE", force)
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

    def _rules(self, row: Row, person: PersonNow | None, after: Cells) -> None:
        if row.wrong:
            return
        merged = (person.cells if person else {}) | after
        before, wanted = (state(person.cells) if person else None), state(merged)
        given = {name for name, column in _STATE.items() if column in row.given}
        wanted = settled(wanted, given)
        for name, text in cells_of(wanted).items():
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

    def _say_rule(self, row: Row, problem: AppError) -> None:
        column = _STATE.get(problem.details.get("field", ""), "")
        if problem.code == "login_domain":
            return row.say(column, "error", sayings.DOMAIN, row.login)
        return row.say(column, "error", sayings.RULE, said=sentence(problem, self._company.language))

    def _remember_anpi(self, row: Row, before: AccountState | None, wanted: AccountState) -> None:
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

    def _wrong(self, row: Row) -> StagedRow:
        """For the error file: the row without its password."""
        said = [problem.text for problem in row.found if problem.level == "error"]
        after = msgspec.json.encode({"cells": self._layout.keepable(row.raw)}).decode()
        return StagedRow(row.number, "error", row.key, None, msgspec.json.encode({"errors": said}).decode(), after)


def _signs_in(state: AccountState) -> bool:
    return state.enabled and state.user_type is UserType.REGULAR_USER
