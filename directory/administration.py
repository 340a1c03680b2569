"""What 管理＞ユーザ and 管理＞部署 ask: lists and single people, with what this administrator may see and change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Select, and_, func, not_, or_, select

from directory import queries, rows
from directory.areas.resolving import resolve
from directory.forms import (
    AdminArea,
    AdminAreas,
    AdminDepartment,
    AdminPeople,
    AdminPerson,
    AdminPersonRow,
    PeopleQuestion,
)
from directory.frames import Held
from directory.model import Person, Viewer, profile_fields
from directory.queries import IN_ORDER, LISTED
from directory.search import finding
from directory.tables import people, posts
from server.auth import company
from server.auth import queries as accounts_queries
from server.auth.model import Account, Actor, Privilege, SignInState, State, UserType
from server.auth.rules import editable
from server.auth.tables import accounts
from server.data.sets import key_rows, packed
from server.errors import NotFound

AREAS_AT_MOST = 20
FOUND_AT_MOST = 1000
"""So many are looked through of those that a text finds."""


@dataclass(frozen=True, slots=True)
class Asker:
    """An administrator at this moment: what he may see, and what he may change."""

    viewer: Viewer
    now: datetime
    actor: Actor

    @property
    def rights(self) -> frozenset[Privilege]:
        return self.viewer.privileges

    @property
    def sees_talk(self) -> bool:
        return bool(self.rights & {Privilege.ADMIN_USER, Privilege.ADMIN_GOTALK})


def asker(connection: Connection, actor: Actor, now: datetime) -> Asker:
    """Who asks, with the rights that he has now."""
    assert actor.account_id is not None
    return Asker(queries.viewer(connection, actor.account_id), now, actor)


# ---------------------------------------------------------------- departments


def department(connection: Connection, id: int) -> AdminDepartment:
    """A department, and what its removal would take along."""
    tree = queries.tree(connection)
    found = tree.get(id)
    if found is None:
        raise NotFound()
    below = tree.below([id])
    held = queries.people_in(connection, below)
    return AdminDepartment(rows.department_row(found), below=len(below) - 1, people=len(held))


# ---------------------------------------------------------------- people


def people_page(connection: Connection, actor: Actor, asked: PeopleQuestion, now: datetime) -> AdminPeople:
    """A page of people who answer the question: in the order of all lists, or, found by a text, of the search."""
    who = asker(connection, actor, now)
    total, ids = (_searched if asked.text.strip() else _listed)(connection, who, asked)
    return AdminPeople(total, asked.from_, functions(connection), _rows(connection, who, ids))


def areas(connection: Connection, text: str) -> AdminAreas:
    """What somebody may mean by this area. Asked of a reader, because the tables are read from files at first."""
    return AdminAreas([AdminArea(each.code, each.name) for each in resolve(text)[:AREAS_AT_MOST]])


def functions(connection: Connection) -> list[Literal["talk", "anpi"]]:
    """The options that the company has licences for."""
    known = company.find(connection)
    names: tuple[Literal["talk"], Literal["anpi"]] = ("talk", "anpi")
    return [name for name in names if known is None or getattr(known.licences, name)]


def person(connection: Connection, actor: Actor, id: int, now: datetime) -> AdminPerson:
    """Somebody with all that this administrator may see of him. ``NotFound`` for who is gone, or never was."""
    found, account = queries.person(connection, id), accounts_queries.account(connection, id)
    if found is None or account is None:
        raise NotFound()
    return AdminPerson(**person_fields(connection, asker(connection, actor, now), found, account))


def person_fields(connection: Connection, who: Asker, found: Person, account: Account) -> dict[str, Any]:
    """The fields of the answer about one person."""
    shown = queries.shown(connection)
    fields = rows.fields_of(found, who.viewer, shown)
    profile = {name: text for name, text in found.profile.items() if name in fields}
    areas: dict[str, Any] = {
        name: list(getattr(found, name)) for name in ("work_areas", "home_areas") if name in fields
    }
    own = profile_fields(shown, who.rights)
    more = ["posts", "sort_score"] if own else []
    return {
        "id": found.id,
        "rev": found.rev,
        "login_id": account.login_id,
        "name": account.name,
        "kana": account.kana,
        "enabled": account.state is State.ENABLED,
        "state": state_of(account, who.now),
        "user_type": account.user_type,
        "language": account.language,
        "photo": found.photo,
        "sort_score": found.sort_score,
        "posts": _held(found),
        "editable": sorted({*editable(who.actor), *own, *more}),
        **_rights(who, account),
        **profile,
        **areas,
    }


def state_of(account: Account, now: datetime) -> str:
    """有効, 無効, 未ログイン or 期限切れ."""
    if account.state is not State.ENABLED:
        return "disabled"
    signs_in = account.sign_in_state(now)
    return signs_in.value if signs_in in (SignInState.NEVER, SignInState.EXPIRED) else "enabled"


def _rights(who: Asker, account: Account) -> dict[str, Any]:
    """What each kind of administrator sees of an account besides (S4)."""
    told: dict[str, Any] = {}
    if who.viewer.administrates:
        told |= {"privileges": sorted(account.privileges), "anpi_login_id": account.anpi_login_id}
    if who.sees_talk:
        told |= {"talk": account.talk, "talk_log": account.talk_log}
    return told


def _rows(connection: Connection, who: Asker, ids: list[int]) -> list[AdminPersonRow]:
    shown = queries.shown(connection)
    known = accounts_queries.accounts_of(connection, ids)
    return [
        _row(who, found, known[found.id], "employee_number" in rows.fields_of(found, who.viewer, shown))
        for found in queries.people_at(connection, ids)
    ]


def _row(who: Asker, found: Person, account: Account, numbered: bool) -> AdminPersonRow:
    return AdminPersonRow(
        id=found.id,
        login_id=account.login_id,
        name=account.name,
        enabled=account.state is State.ENABLED,
        state=state_of(account, who.now),  # type: ignore[arg-type]
        kana=account.kana,
        user_type=account.user_type,
        posts=_held(found),
        photo=found.photo,
        employee_number=found.profile["employee_number"] if numbered else "",
        **_rights(who, account),
    )


def _held(found: Person) -> list[Held]:
    return [Held(post.department, post.title) for post in found.posts]


def _listed(connection: Connection, who: Asker, asked: PeopleQuestion) -> tuple[int, list[int]]:
    wanted, bound = _wanted(connection, who, asked)
    total = connection.execute(select(func.count()).select_from(wanted.subquery()), bound).scalar_one()
    page = wanted.order_by(*IN_ORDER).offset(asked.from_).limit(asked.limit)
    return total, list(connection.execute(page, bound).scalars())


def _searched(connection: Connection, who: Asker, asked: PeopleQuestion) -> tuple[int, list[int]]:
    """Of a department, in a state, by talk: those of the first whom the text finds."""
    searcher = finding.Searcher(who.viewer.id, who.viewer.administrates, queries.shown(connection))
    if asked.department is None and not asked.state and not asked.talk:
        found = finding.find(connection, searcher, asked.text, asked.from_, asked.limit, hits=False)
        return found.total, list(found.ids)
    every = finding.find(connection, searcher, asked.text, 0, FOUND_AT_MOST, hits=False).ids
    wanted, bound = _wanted(connection, who, asked)
    keys = key_rows(connection.dialect.name, int, name="found")
    left = wanted.where(people.c.account_id.in_(keys.select()))
    those = set(connection.execute(left, {**bound, "found": packed(every)}).scalars())
    ids = [id for id in every if id in those]
    return len(ids), ids[asked.from_ : asked.from_ + asked.limit]


def _wanted(connection: Connection, who: Asker, asked: PeopleQuestion) -> tuple[Select[Any], dict[str, str]]:
    """Who is in the department, in the state and with the talk that are asked for, and what is bound in it."""
    source: Any = people
    if asked.state or asked.talk:
        source = people.join(accounts, accounts.c.id == people.c.account_id)
    conditions: list[Any] = [LISTED, *_in_state(asked.state, who.now), *_by_talk(who, asked.talk)]
    bound: dict[str, str] = {}
    if asked.department is not None:
        below = key_rows(connection.dialect.name, int, name="below")
        here = select(posts.c.account_id).join_from(below, posts, posts.c.department_id == below.c.k0)
        conditions.append(people.c.account_id.in_(here))
        bound["below"] = packed(queries.below(connection, asked.department))
    return select(people.c.account_id).select_from(source).where(*conditions), bound


def _in_state(state: str, now: datetime) -> list[Any]:
    a = accounts.c
    enabled = a.state == State.ENABLED.value
    signs_in = and_(enabled, a.user_type == UserType.REGULAR_USER.value)
    expired = and_(signs_in, a.initial_until.is_not(None), a.initial_until <= now)
    never = and_(signs_in, a.first_seen_at.is_(None), or_(a.initial_until.is_(None), a.initial_until > now))
    conditions = {
        "": [],
        "disabled": [not_(enabled)],
        "expired": [expired],
        "never": [never],
        "enabled": [enabled, not_(expired), not_(never)],
    }
    return conditions[state]


def _by_talk(who: Asker, talk: str) -> list[Any]:
    if not who.sees_talk:
        return []
    a = accounts.c
    conditions: dict[str, list[Any]] = {"": [], "on": [a.talk], "off": [not_(a.talk)], "log": [a.talk_log]}
    return conditions[talk]
