"""Questions about departments and people: one function, one question, our own types out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, exists, false, func, literal_column, select

from directory.fields import PROFILE
from directory.model import SHOWN, TOPIC, Department, Person, Post, Tree, Viewer
from directory.tables import departments, favourites, group_people, groups, people, person_areas, posts
from server.auth import queries as accounts_queries
from server.auth import visibility
from server.auth.tables import accounts, company
from server.auth.visibility import Visibility
from server.data.sets import key_rows, packed
from server.errors import Forbidden
from server.live.tables import topics

AnyRow = Row[*tuple[Any, ...]]

LISTED = people.c.gone == false()
IN_ORDER = (people.c.sort_key, people.c.account_id)
MANY = 5000
"""From so many people on, a department's are found by going through all in their order."""


def rev(connection: Connection, topic: str = TOPIC) -> int:
    """The newest ``rev`` of the directory."""
    return int(connection.execute(select(topics.c.rev).where(topics.c.key == topic)).scalar_one())


def shown_rev(connection: Connection) -> int:
    """The ``rev`` since which people are shown as they are now; 0 when that has never been changed."""
    return int(connection.execute(select(topics.c.rev).where(topics.c.key == SHOWN)).scalar() or 0)


def revs(connection: Connection, keys: Iterable[str]) -> dict[str, int]:
    """The newest ``rev`` of each of these topics."""
    wanted = key_rows(connection.dialect.name, str)
    joined = wanted.join(topics, topics.c.key == wanted.c.k0)
    found = connection.execute(select(topics.c.key, topics.c.rev).select_from(joined), {"keys": packed(keys)})
    return {row.key: row.rev for row in found}


# ---------------------------------------------------------------- who looks, and what may be seen


def shown(connection: Connection) -> dict[str, Visibility]:
    """公開範囲 of every field, as the company has chosen."""
    return visibility.read(connection.execute(select(company.c.visibility)).scalar() or "{}")


def phone_scheme(connection: Connection) -> str:
    """電話番号URLスキーム."""
    return str(connection.execute(select(company.c.phone_scheme)).scalar() or "tel:")


def viewer(connection: Connection, account: int) -> Viewer:
    """Who looks, with the rights that he has at this moment; a refusal for who may not sign in (any more)."""
    return looking(connection, account)[0]


def looking(connection: Connection, account: int) -> tuple[Viewer, dict[str, Visibility]]:
    """The same, and what may be seen. What he is above of is read only where that opens a field."""
    found = accounts_queries.account(connection, account)
    if found is None or not found.may_sign_in:
        raise Forbidden()
    fields = shown(connection)
    covered = covers(connection, account) if Visibility.ABOVE in fields.values() else frozenset()
    return Viewer(account, found.privileges, covered), fields


def covers(connection: Connection, account: int) -> frozenset[int]:
    """The departments that somebody has a post in, and all below them."""
    return frozenset(connection.execute(_covered(), {"account": account}).scalars())


def below(connection: Connection, department: int) -> list[int]:
    """A department and all below it; nothing where there is no such department."""
    d = departments.c
    roots = select(d.id).where(d.id == department, d.gone == false())
    return sorted(connection.execute(_under(roots)).scalars())


# To build it anew takes as long as to run it.
@cache
def _covered() -> Select[Any]:
    return _under(select(posts.c.department_id.label("id")).where(posts.c.account_id == bindparam("account")))


def _under(roots: Select[Any]) -> Select[Any]:
    under = roots.cte("under", recursive=True)
    under = under.union(select(departments.c.id).join(under, departments.c.parent_id == under.c.id))
    return select(under.c.id)


# ---------------------------------------------------------------- departments


def _department_columns() -> list[Any]:
    d = departments.c
    counted = select(func.count()).where(posts.c.department_id == d.id).scalar_subquery()
    columns = [d.id, d.code, d.name, d.parent_id, d.kana, d.alphabet, d.phone_number, d.url, d.sort_score]
    return [*columns, counted.label("people"), d.rev]


def tree(connection: Connection) -> Tree:
    """All departments, with how many people have a post in each."""
    rows = connection.execute(select(*_department_columns()).where(departments.c.gone == false()))
    return Tree.of(Department(*row) for row in rows)


def department(connection: Connection, id: int) -> Department | None:
    """One department that is there."""
    wanted = select(*_department_columns()).where(departments.c.id == id, departments.c.gone == false())
    row = connection.execute(wanted).first()
    return Department(*row) if row else None


def departments_at(connection: Connection, ids: Iterable[int]) -> tuple[list[Department], list[int]]:
    """These departments, and those of them that are no more."""
    keys = key_rows(connection.dialect.name, int)
    joined = keys.join(departments, departments.c.id == keys.c.k0)
    wanted = select(departments.c.gone, *_department_columns()).select_from(joined).order_by(departments.c.id)
    rows = connection.execute(wanted, {"keys": packed(ids)}).all()
    return [Department(*row[1:]) for row in rows if not row.gone], [row.id for row in rows if row.gone]


def code_taken(connection: Connection, code: str) -> bool:
    return connection.execute(select(departments.c.id).where(departments.c.code == code)).first() is not None


def is_department(connection: Connection, id: int) -> bool:
    """Whether there is such a department."""
    wanted = select(departments.c.id).where(departments.c.id == id, departments.c.gone == false())
    return connection.execute(wanted).first() is not None


def departments_there(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Those of ``ids`` that are departments."""
    keys = key_rows(connection.dialect.name, int)
    joined = keys.join(departments, and_(departments.c.id == keys.c.k0, departments.c.gone == false()))
    wanted = select(departments.c.id).select_from(joined)
    return set(connection.execute(wanted, {"keys": packed(ids)}).scalars())


def people_in(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Everybody with a post in one of these departments."""
    keys = key_rows(connection.dialect.name, int)
    wanted = select(posts.c.account_id).select_from(keys.join(posts, posts.c.department_id == keys.c.k0))
    return set(connection.execute(wanted.distinct(), {"keys": packed(ids)}).scalars())


# ---------------------------------------------------------------- pages of people


def everybody(connection: Connection, skip: int, limit: int) -> tuple[int, list[int]]:
    """How many people there are, and a page of them in their order."""
    total = connection.execute(select(func.count()).select_from(people).where(LISTED)).scalar_one()
    return total, _page(connection, select(people.c.account_id).where(LISTED), skip, limit)


def in_departments(connection: Connection, ids: Sequence[int], skip: int, limit: int) -> tuple[int, list[int]]:
    """The same of those with a post in one of these departments.

    Of many, people are gone through in their order until the page is full; of few, theirs alone are sorted.
    """
    keys = key_rows(connection.dialect.name, int)
    bound = {"keys": packed(ids)}
    held = select(posts.c.account_id).select_from(keys.join(posts, posts.c.department_id == keys.c.k0)).distinct()
    total = connection.execute(select(func.count()).select_from(held.subquery()), bound).scalar_one()
    if total > MANY:
        one = exists().where(posts.c.account_id == people.c.account_id, posts.c.department_id.in_(keys.select()))
        return total, _page(connection, select(people.c.account_id).where(LISTED, one), skip, limit, bound)
    found = held.subquery("held")
    few = select(people.c.account_id).select_from(found.join(people, people.c.account_id == found.c.account_id))
    return total, _page(connection, few.where(LISTED), skip, limit, bound)


def in_group(connection: Connection, owner: int, group: int, skip: int, limit: int) -> tuple[int, list[int]] | None:
    """The people of one's own group, in its order; None where one has no such group."""
    own = select(groups.c.id).where(groups.c.id == group, groups.c.owner_id == owner)
    if connection.execute(own).first() is None:
        return None
    held = group_people.join(people, people.c.account_id == group_people.c.account_id)
    wanted = select(people.c.account_id).select_from(held).where(group_people.c.group_id == group, LISTED)
    ids = list(connection.execute(wanted.order_by(group_people.c.place, people.c.account_id)).scalars())
    return len(ids), ids[skip : skip + limit]


def in_favourites(connection: Connection, owner: int, skip: int, limit: int) -> tuple[int, list[int]]:
    """One's favourites, in the order of all lists."""
    held = favourites.join(people, people.c.account_id == favourites.c.account_id)
    wanted = select(people.c.account_id).select_from(held).where(favourites.c.owner_id == owner, LISTED)
    ids = list(connection.execute(wanted.order_by(*IN_ORDER)).scalars())
    return len(ids), ids[skip : skip + limit]


def _page(
    connection: Connection, wanted: Select[Any], skip: int, limit: int, bound: dict[str, str] | None = None
) -> list[int]:
    page = wanted.order_by(*IN_ORDER).offset(skip).limit(limit)
    return list(connection.execute(page, bound or {}).scalars())


# ---------------------------------------------------------------- people


_TEXTS = tuple(PROFILE)


def photos(connection: Connection, ids: Iterable[int]) -> list[tuple[int, str]]:
    """Those of these people who are listed and have a photo, with its name."""
    keys = key_rows(connection.dialect.name, int)
    p = people.c
    wanted = select(p.account_id, p.photo).select_from(keys.join(people, p.account_id == keys.c.k0))
    rows = connection.execute(wanted.where(LISTED, p.photo != ""), {"keys": packed(sorted(set(ids)))})
    return [(row.account_id, row.photo) for row in rows]


@cache
def _people_at(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int)
    p, a = people.c, accounts.c
    joined = keys.join(people, p.account_id == keys.c.k0).join(accounts, a.id == p.account_id)
    # In the order in which ``_person`` takes them.
    first = [a.id, p.rev, a.login_id, a.name, a.kana, a.state, a.user_type, a.talk, p.sort_key, p.sort_score, p.photo]
    return select(*first, *(p[name] for name in _TEXTS)).select_from(joined).where(LISTED)


@cache
def _posts_at(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int)
    joined = keys.join(posts, posts.c.account_id == keys.c.k0)
    wanted = select(posts.c.account_id, posts.c.department_id, posts.c.title).select_from(joined)
    return wanted.order_by(posts.c.account_id, posts.c.place)


@cache
def _areas_at(dialect: str) -> Select[Any]:
    keys = key_rows(dialect, int)
    joined = keys.join(person_areas, person_areas.c.account_id == keys.c.k0)
    wanted = select(person_areas.c.account_id, person_areas.c.kind, person_areas.c.given).select_from(joined)
    return wanted.order_by(person_areas.c.account_id, person_areas.c.kind, person_areas.c.place)


def people_at(connection: Connection, ids: Sequence[int], *, areas: bool = False) -> list[Person]:
    """These people, in the order given, without those who are gone; ``areas``: with where they work and live."""
    bound = {"keys": packed(ids)}
    rows = {row[0]: row for row in connection.execute(_people_at(connection.dialect.name), bound).all()}
    held: dict[int, list[Post]] = {}
    for account, department, title in connection.execute(_posts_at(connection.dialect.name), bound).all():
        held.setdefault(account, []).append(Post(department, title))
    where = _areas(connection, bound) if areas else {}
    return [_person(rows[id], held.get(id, []), where) for id in ids if id in rows]


def person(connection: Connection, id: int) -> Person | None:
    """Somebody with all that is kept of him; None for who is gone, or never was."""
    found = people_at(connection, [id], areas=True)
    return found[0] if found else None


def listed(connection: Connection, ids: Iterable[int]) -> set[int]:
    """Those of ``ids`` who stand in the directory."""
    keys = key_rows(connection.dialect.name, int)
    joined = keys.join(people, and_(people.c.account_id == keys.c.k0, LISTED))
    return set(connection.execute(select(people.c.account_id).select_from(joined), {"keys": packed(ids)}).scalars())


def _areas(connection: Connection, bound: dict[str, str]) -> dict[tuple[int, str], list[str]]:
    found: dict[tuple[int, str], list[str]] = {}
    for row in connection.execute(_areas_at(connection.dialect.name), bound):
        given = found.setdefault((row.account_id, row.kind), [])
        # One that stands for several areas has a row for each.
        if row.given not in given:
            given.append(row.given)
    return found


def _person(row: AnyRow, held: list[Post], areas: dict[tuple[int, str], list[str]]) -> Person:
    id, rev, login_id, name, kana, state, user_type, talk, sort, score, photo, *texts = row
    return Person(
        id=id,
        rev=rev,
        login_id=login_id,
        name=name,
        kana=kana,
        state=state,
        user_type=user_type,
        talk=talk,
        sort=sort,
        sort_score=score,
        photo=photo,
        profile=dict(zip(_TEXTS, texts, strict=True)),
        posts=tuple(held),
        work_areas=tuple(areas.get((id, "work"), ())),
        home_areas=tuple(areas.get((id, "home"), ())),
    )


# ---------------------------------------------------------------- what changed


def people_since(connection: Connection, rev: int, limit: int) -> tuple[list[int], list[int]]:
    """People who were touched after ``rev``, and those who went."""
    # The second is what the index is about.
    touched = (people.c.rev > rev) & (people.c.rev > literal_column("0"))
    wanted = select(people.c.account_id, people.c.gone).where(touched).order_by(people.c.rev).limit(limit)
    rows = connection.execute(wanted).all()
    return [row.account_id for row in rows if not row.gone], [row.account_id for row in rows if row.gone]


def departments_since(connection: Connection, rev: int, limit: int) -> list[int]:
    """Departments that were touched after ``rev``, gone ones too."""
    d = departments.c
    return list(connection.execute(select(d.id).where(d.rev > rev).order_by(d.rev).limit(limit)).scalars())
