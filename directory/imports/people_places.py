"""Where a row of a user file puts somebody: departments with titles, areas of work and home."""

from __future__ import annotations

from collections.abc import Mapping

from directory.areas.resolving import resolve
from directory.imports import sayings
from directory.imports.cells import parts, read_cell
from directory.imports.columns import COLUMNS, DEPARTMENTS_A_PERSON
from directory.imports.current import DepartmentNow, PersonNow
from directory.imports.model import Cells
from directory.imports.people_row import Row

AREAS_A_PERSON = 10
_COLUMNS = COLUMNS["users"]


def posts(row: Row, person: PersonNow | None, after: Cells, known: Mapping[str, DepartmentNow]) -> dict[str, object]:
    """Departments with a title in each; what follows from them for the rows of the database."""
    stored = person.cells if person else {"DEPARTMENT_CODE": "", "POSITION": ""}
    if not {"DEPARTMENT_CODE", "POSITION"} & row.given.keys():
        return {} if person else {"_posts": []}
    codes_cell = read_cell(_COLUMNS["DEPARTMENT_CODE"], row.given.get("DEPARTMENT_CODE", ""), None)
    codes = [
        code
        for code in parts(codes_cell.text if "DEPARTMENT_CODE" in row.given else stored["DEPARTMENT_CODE"])
        if code
    ]
    titles = _titles(row, stored, codes)
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


def _titles(row: Row, stored: Cells, codes: list[str]) -> list[str]:
    """A title for each department: aligned; a single one holds for all; without the column they stay."""
    if "POSITION" not in row.given:
        had = dict(zip(parts(stored["DEPARTMENT_CODE"]), parts(stored["POSITION"]), strict=False))
        return [had.get(code, "") for code in codes]
    cell = read_cell(_COLUMNS["POSITION"], row.given["POSITION"], None)
    row.tell("POSITION", cell, row.given["POSITION"])
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


def areas(row: Row, person: PersonNow | None, after: Cells) -> dict[str, object]:
    """Where somebody works and lives; the same."""
    found: dict[str, object] = {} if person else {"_work": [], "_home": []}
    for column, name in (("WORK_AREA", "_work"), ("HOME_AREA", "_home")):
        if column not in row.given:
            continue
        given = [part for part in parts(read_cell(_COLUMNS[column], row.given[column], None).text) if part]
        after[column] = ";".join(given)
        if person is None or person.cells[column] != after[column]:
            found[name] = [(code, text) for text in given if (code := _area(row, column, text))]
            if len(given) > AREAS_A_PERSON:
                row.say(column, "error", sayings.TOO_MANY, limit=AREAS_A_PERSON)
    return found


def _area(row: Row, column: str, text: str) -> str:
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
