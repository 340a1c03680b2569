"""Companies written straight into the tables: the demo's own people, or any number for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select, update

from directory.demo.departments import Department, departments
from directory.demo.people import Person, people
from directory.model import TOPIC, sort_key
from directory.tables import departments as department_rows
from directory.tables import people as people_rows
from directory.tables import person_areas, posts
from server.auth.changing import search_key
from server.auth.model import anpi_key, login_key
from server.auth.tables import accounts, privileges
from server.clock import system_clock
from server.data.sets import chunks, key_rows, packed
from server.live.tables import topics

ROWS_AT_ONCE = 5_000

_PROFILE = (
    "alphabet",
    "employee_number",
    "post",
    "extension_number",
    "phone_number",
    "company_mobile_number",
    "personal_mobile_number",
    "mobile_number",
    "fax_number",
    "email1",
    "email2",
    "web_url",
    "comment",
    "remarks",
    "skill",
    "sort_score",
)


def fill(connection: Connection, count: int, seed: int = 1, rev: int = 2) -> dict[str, int]:
    """A company of so many people in an empty database; their numbers by login ID. Nobody has a password.

    The search index is not made here (``directory/search/indexing.py``), and nothing is announced.
    """
    everybody = people(count, seed)
    connection.execute(update(topics).where(topics.c.key == TOPIC).values(rev=rev))
    codes = add_departments(connection, departments(count), rev)
    numbers = add_accounts(connection, everybody, system_clock())
    add_profiles(connection, everybody, numbers, codes, rev)
    return numbers


def add_departments(connection: Connection, rows: Sequence[Department], rev: int) -> dict[str, int]:
    """All departments, and their numbers by code; parents come before their children."""
    numbers: dict[str, int] = {}
    for level in sorted({row.level for row in rows}):
        for some in chunks([row for row in rows if row.level == level]):
            values = [_department(row, numbers.get(row.parent), rev) for row in some]
            made = insert(department_rows).returning(department_rows.c.code, department_rows.c.id)
            numbers.update({code: id for code, id in connection.execute(made, values)})
    return numbers


def add_accounts(connection: Connection, everybody: Sequence[Person], at: datetime) -> dict[str, int]:
    """Accounts without a password for those who have none yet; the numbers of all by login ID."""
    login_ids = [person.login_id for person in everybody]
    known = numbers_of(connection, login_ids)
    new = [person for person in everybody if person.login_id not in known]
    _insert(connection, accounts, (_account(person, at) for person in new))
    numbers = numbers_of(connection, login_ids)
    rights = ((numbers[person.login_id], each) for person in new for each in person.privileges)
    _insert(connection, privileges, ({"account_id": id, "privilege": each} for id, each in rights))
    return numbers


def add_profiles(
    connection: Connection,
    everybody: Sequence[Person],
    numbers: Mapping[str, int],
    codes: Mapping[str, int],
    rev: int,
) -> None:
    """What the directory tells of them; nobody has a photo."""
    ids = [(numbers[person.login_id], person) for person in everybody]
    for some in chunks([id for id, _ in ids], ROWS_AT_ONCE):
        keys = key_rows(connection.dialect.name, int)
        # A listener may have made rows for those who were added one by one.
        gone = delete(people_rows).where(people_rows.c.account_id.in_(keys.select()))
        connection.execute(gone, {"keys": packed(some)})
    _insert(connection, people_rows, (_person(id, each, rev) for id, each in ids))
    _insert(connection, posts, (row for id, person in ids for row in _posts(id, person, codes)))
    _insert(connection, person_areas, (row for id, person in ids for row in _areas(id, person)))


def numbers_of(connection: Connection, login_ids: Iterable[str]) -> dict[str, int]:
    """The accounts of those who are there, by the login ID as it is written here."""
    written = {login_key(each): each for each in login_ids}
    found: dict[str, int] = {}
    for some in chunks(list(written), ROWS_AT_ONCE):
        keys = key_rows(connection.dialect.name, str)
        wanted = select(accounts.c.login_key, accounts.c.id).join(keys, keys.c.k0 == accounts.c.login_key)
        found.update({written[key]: id for key, id in connection.execute(wanted, {"keys": packed(some)})})
    return found


def _department(row: Department, parent: int | None, rev: int) -> dict[str, Any]:
    return {
        "code": row.code,
        "parent_id": parent,
        "name": row.name,
        "kana": row.kana,
        "alphabet": row.alphabet,
        "phone_number": row.phone_number,
        "sort_score": row.sort_score,
        "rev": rev,
    }


def _account(person: Person, at: datetime) -> dict[str, Any]:
    return {
        "login_id": person.login_id,
        "login_key": login_key(person.login_id),
        "name": person.name,
        "kana": person.kana,
        "search_key": search_key(person.name, person.kana),
        "language": person.language,
        "state": "enabled" if person.enabled else "disabled",
        "talk": person.talk,
        "talk_log": person.talk_log,
        "created_at": at,
        "user_type": person.user_type,
        "anpi_login_id": person.anpi_login_id,
        "anpi_key": anpi_key(person.anpi_login_id),
    }


def _person(id: int, person: Person, rev: int) -> dict[str, Any]:
    told = {name: getattr(person, name) for name in _PROFILE}
    key = sort_key(person.name, person.kana, person.sort_score)
    return {"account_id": id, **told, "sort_key": key, "rev": rev}


def _posts(id: int, person: Person, codes: Mapping[str, int]) -> Iterator[dict[str, Any]]:
    for place, post in enumerate(person.posts):
        yield {"account_id": id, "place": place, "department_id": codes[post.department], "title": post.title}


def _areas(id: int, person: Person) -> Iterator[dict[str, Any]]:
    for kind, areas in (("work", person.work_areas), ("home", person.home_areas)):
        for place, area in enumerate(areas):
            yield {"account_id": id, "kind": kind, "place": place, "area": area.code, "given": area.given}


def _insert(connection: Connection, table: Table, rows: Iterator[dict[str, Any]]) -> None:
    for some in chunks(list(rows), ROWS_AT_ONCE):
        connection.execute(insert(table), list(some))
