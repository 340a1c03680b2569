"""The company as an export writes it: read page by page, each a question of its own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import msgspec
from sqlalchemy import Connection, select

from directory import queries
from directory.fields import PROFILE
from directory.imports.columns import DEPARTMENTS, USERS, folded_heading
from directory.imports.current import Company, DepartmentNow, PersonNow
from directory.imports.model import Kind, Options, StagedRow
from directory.tables import import_headings, import_rows, imports, people, person_areas, posts
from server.auth import company, seats
from server.auth.tables import accounts, privileges
from server.auth.visibility import Visibility
from server.data.sets import key_rows, packed

PEOPLE_A_PAGE = 250
_FIELDS = {column.name: column.field for column in USERS if column.field}
_ACCOUNT_COLUMNS = len(accounts.c)
_DEPARTMENT_FIELDS = {column.name: column.field for column in DEPARTMENTS if column.field}
_AREA_COLUMNS = {"work_areas": "WORK_AREA", "home_areas": "HOME_AREA"}


class Head(msgspec.Struct):
    """What is read first: what changes after ``rev`` is found when the plan is applied."""

    rev: int
    company: Company
    departments: dict[str, DepartmentNow]


def head(connection: Connection, kind: Kind, actor_id: int | None, options: Options) -> Head:
    """The company and its departments, all of one moment."""
    rev = queries.rev(connection)
    found = company.find(connection)
    own = connection.execute(
        select(accounts.c.login_key, accounts.c.language).where(accounts.c.id == actor_id)
    ).first()
    known = Company(
        name=found.name if found else "",
        counts=seats.counts(connection),
        domains=list(found.login_domains) if found else [],
        own_key=own.login_key if own else "",
        language=own.language if own else "en",
        hidden=hidden_columns(connection),
        remembered=with_chosen(remembered(connection, kind), options),
        options=options,
    )
    counts = known.counts
    known.licences = found.licences if found else company.Licences(counts.basic, counts.talk, counts.anpi)
    return Head(rev, known, departments_now(connection, with_people=kind == "departments"))


def hidden_columns(connection: Connection) -> list[str]:
    """Columns that nobody but their owner sees: an export leaves them out, an import does not know them."""
    shown = queries.shown(connection)
    headings = {name: field.heading for name, field in PROFILE.items()} | _AREA_COLUMNS
    return [
        headings[name] for name, visibility in shown.items() if visibility is Visibility.SELF and name in headings
    ]


def remembered(connection: Connection, kind: Kind) -> dict[str, str]:
    """The company's own headings."""
    wanted = select(import_headings.c.heading, import_headings.c.column).where(import_headings.c.kind == kind)
    return {row.heading: row.column for row in connection.execute(wanted)}


def with_chosen(known: dict[str, str], options: Options) -> dict[str, str]:
    """What is remembered, and what has just been said."""
    return known | {folded_heading(heading): column for heading, column in options.columns.items()}


def departments_now(connection: Connection, *, with_people: bool = False) -> dict[str, DepartmentNow]:
    """Every department by its code, those above before those below."""
    tree = queries.tree(connection).departments
    codes = {each.id: each.code for each in tree}
    held: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    if with_people:
        for row in connection.execute(select(posts).order_by(posts.c.account_id, posts.c.place)):
            held[row.department_id].append((row.account_id, row.place, row.title))
    return {
        each.code: DepartmentNow(
            each.id,
            {
                "DEPARTMENT_CODE": each.code,
                "PARENT_DEPARTMENT_CODE": codes.get(each.parent, "") if each.parent else "",
                "SORT_SCORE": "" if each.sort_score is None else str(each.sort_score),
                **{column: getattr(each, field) for column, field in _DEPARTMENT_FIELDS.items()},
            },
            held.get(each.id, []),
        )
        for each in tree
    }


def people_page(connection: Connection, after: int, codes: dict[int, str]) -> list[PersonNow]:
    """The next people by number."""
    a, p = accounts.c, people.c
    wanted = select(accounts, *(getattr(p, field) for field in _FIELDS.values()), p.sort_score)
    wanted = wanted.join_from(accounts, people, p.account_id == a.id, isouter=True)
    found = connection.execute(
        wanted.where(a.id > after, a.state != "deleted").order_by(a.id).limit(PEOPLE_A_PAGE)
    ).all()
    ids = [row.id for row in found]
    held, rights, areas = _posts(connection, ids), _privileges(connection, ids), _areas(connection, ids)
    return [_person(row, held[row.id], rights[row.id], areas, codes) for row in found]


def rows_page(connection: Connection, import_id: int, after: int, limit: int = PEOPLE_A_PAGE) -> list[StagedRow]:
    """The next rows of an import that was applied."""
    r = import_rows.c
    wanted = select(r.row, r.act, r.key, r.target_id, r.before, r.after)
    wanted = wanted.where(r.import_id == import_id, r.row > after, r.act != "error").order_by(r.row).limit(limit)
    return [StagedRow(*row) for row in connection.execute(wanted)]


def undoable(connection: Connection, kind: Kind, since: Any) -> int | None:
    """The last import that changed something, if it is not older, and has not been undone."""
    i = imports.c
    last = (
        select(i.id, i.kind, i.state, i.applied_at, i.options)
        .where(i.rev.is_not(None))
        .order_by(i.rev.desc())
        .limit(1)
    )
    row = connection.execute(last).first()
    if row is None or row.kind != kind or row.state != "applied" or row.applied_at < since:
        return None
    return None if msgspec.json.decode(row.options)["undoes"] else row.id


def _person(
    row: Any,
    held: list[tuple[int, str]],
    rights: list[str],
    areas: dict[tuple[int, str], list[tuple[str, str]]],
    codes: dict[int, str],
) -> PersonNow:
    held = [post for post in held if post[0] in codes]
    work, home = areas.get((row.id, "work"), []), areas.get((row.id, "home"), [])
    # By place: to ask a row for each of its columns by name takes longer than all the rest.
    cells = {column: text or "" for column, text in zip(_FIELDS, row[_ACCOUNT_COLUMNS:], strict=False)}
    cells |= {
        "LOGIN_ID": row.login_id,
        "USER_TYPE": row.user_type,
        "ENABLED": "0" if row.state == "disabled" else "1",
        "NAME": row.name,
        "NAME_KANA": row.kana,
        "DEPARTMENT_CODE": ";".join(codes[department] for department, _ in held),
        "POSITION": ";".join(title for _, title in held) if any(title for _, title in held) else "",
        "SORT_SCORE": "" if row.sort_score is None else str(row.sort_score),
        "PRIVILEGES": ";".join(rights),
        "TALK_AVAILABLE": "1" if row.talk else "0",
        "TALK_LOG_DOWNLOAD_AVAILABLE": "1" if row.talk_log else "0",
        "ANPI_LOGIN_ID": row.anpi_login_id,
        "WORK_AREA": ";".join(given for _, given in work),
        "HOME_AREA": ";".join(given for _, given in home),
        "LANGUAGE": row.language,
    }
    return PersonNow(row.id, row.login_key, cells, held, work, home)


def _posts(connection: Connection, ids: Collection[int]) -> dict[int, list[tuple[int, str]]]:
    keys, found = key_rows(connection.dialect.name, int), defaultdict(list)
    wanted = select(posts).join(keys, keys.c.k0 == posts.c.account_id).order_by(posts.c.account_id, posts.c.place)
    for row in connection.execute(wanted, {"keys": packed(ids)}):
        found[row.account_id].append((row.department_id, row.title))
    return found


def _privileges(connection: Connection, ids: Collection[int]) -> dict[int, list[str]]:
    keys, found = key_rows(connection.dialect.name, int), defaultdict(list)
    wanted = select(privileges).join(keys, keys.c.k0 == privileges.c.account_id)
    for row in connection.execute(wanted.order_by(privileges.c.privilege), {"keys": packed(ids)}):
        found[row.account_id].append(row.privilege)
    return found


def _areas(connection: Connection, ids: Collection[int]) -> dict[tuple[int, str], list[tuple[str, str]]]:
    keys, found, p = key_rows(connection.dialect.name, int), defaultdict(list), person_areas.c
    wanted = select(person_areas).join(keys, keys.c.k0 == p.account_id).order_by(p.account_id, p.kind, p.place)
    for row in connection.execute(wanted, {"keys": packed(ids)}):
        found[row.account_id, row.kind].append((row.area, row.given))
    return found
