"""What somebody asks of the directory: each answer is read in one transaction, with the rights of that moment."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from msgspec import UNSET
from sqlalchemy import Connection

from directory import frames, groups, queries, rows
from directory.model import Person, Tree, Viewer, hidden, own_fields, restricted
from directory.pages import Pages
from directory.search import finding
from server.auth.visibility import Visibility
from server.errors import NotFound


def opened(connection: Connection, pages: Pages, account: int, ref: int) -> frames.Directory:
    """The departments, and what of people one may see."""
    viewer, shown = queries.looking(connection, account)
    rev = queries.rev(connection)
    return frames.Directory(
        ref=ref,
        rev=rev,
        departments=pages.get(rev, "departments", lambda: _department_rows(queries.tree(connection))),
        phone_scheme=queries.phone_scheme(connection),
        hidden=hidden(shown, viewer),
        restricted=restricted(shown),
    )


def people(connection: Connection, pages: Pages, account: int, asked: frames.ListPeople) -> frames.PeoplePage:
    """A page of the list that was asked for. ``NotFound`` for a department or a group that is not there."""
    viewer, shown = queries.looking(connection, account)
    rev = queries.rev(connection)
    total, found = _page(connection, pages, viewer, rev, asked)
    listed = rows.rows_for(found, viewer, shown)
    return frames.PeoplePage(ref=asked.ref, rev=rev, total=total, from_=asked.from_, people=listed)


def found(connection: Connection, account: int, asked: frames.FindInDirectory) -> frames.Found:
    """Whom the words find, by fields alone that this person may see of them."""
    viewer, shown = queries.looking(connection, account)
    searcher = finding.Searcher(account, viewer.administrates, shown)
    hits = finding.find(connection, searcher, asked.text, asked.from_, asked.limit)
    listed = _listed_hits(connection, viewer, shown, hits)
    return frames.Found(ref=asked.ref, total=hits.total, from_=asked.from_, people=listed)


def whose(connection: Connection, account: int, asked: frames.WhoseNumber) -> frames.Found:
    """Who has this number, as far as this person may see it."""
    viewer, shown = queries.looking(connection, account)
    searcher = finding.Searcher(account, viewer.administrates, shown)
    hits = finding.whose(connection, searcher, asked.number, asked.limit)
    return frames.Found(
        ref=asked.ref, total=hits.total, from_=0, people=_listed_hits(connection, viewer, shown, hits)
    )


def card(connection: Connection, account: int, id: int) -> frames.PersonCard:
    """All that one may see of somebody. ``NotFound`` for who is gone, or never was."""
    viewer, shown = queries.looking(connection, account)
    person = queries.person(connection, id)
    if person is None:
        raise NotFound()
    return rows.person_card(person, viewer, shown)


def mine(connection: Connection, account: int, ref: int) -> frames.Mine:
    """Oneself, and what one may change."""
    own = own_fields(queries.shown(connection))
    return frames.Mine(ref=ref, person=card(connection, account, account), editable=own)


def photos(connection: Connection, account: int, asked: frames.GetPhotos) -> frames.Photos:
    """The photos of these people, for one who may look; they are everybody's, so no other right is asked."""
    queries.viewer(connection, account)
    found = queries.photos(connection, asked.people)
    return frames.Photos(ref=asked.ref, photos=[frames.PhotoRow(id, name) for id, name in found])


def _listed_hits(
    connection: Connection, viewer: Viewer, shown: Mapping[str, Visibility], hits: finding.Found
) -> list[frames.PersonFound]:
    return [
        rows.person_found(person, rows.fields_of(person, viewer, shown), hits.hits.get(person.id, ""))
        for person in queries.people_at(connection, list(hits.ids))
    ]


def _page(
    connection: Connection, pages: Pages, viewer: Viewer, rev: int, asked: frames.ListPeople
) -> tuple[int, list[Person]]:
    if asked.group is not UNSET or asked.favourites:
        total, ids = groups.page(connection, viewer.id, asked)
        return total, queries.people_at(connection, ids)
    department = None if asked.department is UNSET else asked.department
    read = partial(_listed, connection, department, asked)
    return pages.get(rev, ("people", department, asked.below, asked.from_, asked.limit), read)


def _listed(connection: Connection, department: int | None, asked: frames.ListPeople) -> tuple[int, list[Person]]:
    if department is None:
        total, ids = queries.everybody(connection, asked.from_, asked.limit)
        return total, queries.people_at(connection, ids)
    ids = queries.below(connection, department) if asked.below else [department]
    if not ids or not queries.is_department(connection, department):
        raise NotFound()
    total, found = queries.in_departments(connection, ids, asked.from_, asked.limit)
    return total, queries.people_at(connection, found)


def _department_rows(known: Tree) -> list[frames.DepartmentRow]:
    return [rows.department_row(each) for each in known.departments]
