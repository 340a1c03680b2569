"""People and departments as somebody may see them: what goes over the wire is made here, and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import UNSET
from sqlalchemy import Connection

from directory import queries
from directory.fields import PROFILE
from directory.frames import DepartmentRow, Held, PersonCard, PersonFound, PersonRow
from directory.model import EVERYBODY, Department, Person, Viewer, seen
from server.auth.model import Privilege, State
from server.auth.visibility import Visibility

_LISTED = frozenset(name for name in PROFILE if name in PersonRow.__struct_fields__)
_ON_CARDS = frozenset(PROFILE)
_AREAS = ("work_areas", "home_areas")


def person_row(person: Person, fields: frozenset[str]) -> PersonRow:
    """Somebody in a list, with those of his fields that are in ``fields``."""
    return PersonRow(**_common(person), **_texts(person, fields & _LISTED))


def person_found(person: Person, fields: frozenset[str], hit: str) -> PersonFound:
    """Somebody who was found."""
    return PersonFound(**_common(person), **_texts(person, fields & _LISTED), hit=hit)


def person_card(person: Person, viewer: Viewer, shown: Mapping[str, Visibility]) -> PersonCard:
    """Everything that this viewer may see of somebody."""
    fields = fields_of(person, viewer, shown)
    areas = {name: list(getattr(person, name)) for name in _AREAS if name in fields}
    login_id = person.login_id if viewer.administrates or viewer.id == person.id else ""
    may = ["edit"] if Privilege.ADMIN_USER in viewer.privileges else []
    told: dict[str, Any] = {**_common(person), **_texts(person, fields & _ON_CARDS), **areas}
    return PersonCard(**told, login_id=login_id, may=may)


def fields_of(person: Person, viewer: Viewer, shown: Mapping[str, Visibility]) -> frozenset[str]:
    """The fields of somebody that this viewer may see."""
    return seen(shown, viewer.nearness(person.id, (post.department for post in person.posts)))


def rows_for(people: Iterable[Person], viewer: Viewer, shown: Mapping[str, Visibility]) -> list[PersonRow]:
    """People in a list, each with what this viewer may see of him."""
    return [person_row(person, fields_of(person, viewer, shown)) for person in people]


def department_row(department: Department) -> DepartmentRow:
    """A department is everybody's."""
    return DepartmentRow(
        id=department.id,
        code=department.code,
        name=department.name,
        sort=department.sort,
        parent=UNSET if department.parent is None else department.parent,
        kana=department.kana,
        alphabet=department.alphabet,
        phone_number=department.phone_number,
        url=department.url,
        sort_score=UNSET if department.sort_score is None else department.sort_score,
        people=department.people,
    )


def people_for_everybody(connection: Connection, ids: Iterable[int]) -> tuple[list[PersonRow], list[int]]:
    """These people as everybody may see them, and those of them who are gone."""
    wanted = sorted(set(ids))
    if not wanted:
        return [], []
    found = queries.people_at(connection, wanted)
    there = {person.id for person in found}
    shown = queries.shown(connection)
    return rows_for(found, EVERYBODY, shown), [id for id in wanted if id not in there]


def departments(connection: Connection, ids: Iterable[int]) -> tuple[list[DepartmentRow], list[int]]:
    """These departments, and those of them that are no more."""
    wanted = sorted(set(ids))
    if not wanted:
        return [], []
    found, gone = queries.departments_at(connection, wanted)
    return [department_row(each) for each in found], gone


def _common(person: Person) -> dict[str, Any]:
    """What everybody sees of everybody."""
    first = person.posts[0] if person.posts else None
    return {
        "id": person.id,
        "name": person.name,
        "sort": person.sort,
        "rev": person.rev,
        "kana": person.kana,
        "department": UNSET if first is None else first.department,
        "title": "" if first is None else first.title,
        "posts": [Held(post.department, post.title) for post in person.posts],
        "photo": person.photo,
        "user_type": person.user_type,
        "talk": person.talk and person.state == State.ENABLED,
        "disabled": person.state == State.DISABLED,
    }


def _texts(person: Person, fields: frozenset[str]) -> dict[str, Any]:
    return {name: person.profile[name] for name in fields}
