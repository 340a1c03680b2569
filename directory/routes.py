"""What administrators of departments and of people ask over HTTP: the door is asked first, and then the right."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET, Struct
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from directory import administration, departments, people, queries, rows
from directory.departments import DepartmentWish
from directory.fields import DEPARTMENT
from directory.forms import (
    TEXTS,
    AddedPerson,
    AdminDepartments,
    AdminPerson,
    AreasQuestion,
    DepartmentBody,
    MoveBody,
    NewPerson,
    PeopleQuestion,
    PersonChanges,
    PersonSave,
    RemoveDepartmentBody,
)
from directory.frames import DepartmentRow
from directory.model import Post
from directory.people import OPENS_PEOPLE, ProfileWish
from directory.placing import resolved
from server.auth import door, sheets
from server.auth import queries as accounts
from server.auth.admin_routes import address_of
from server.auth.changing import AccountChanges
from server.auth.model import Account, Actor, NewAccount, Privilege, UserType, new_account
from server.auth.password_rule import check_password
from server.auth.routes import Ended, Nothing
from server.bodies import read_json, read_query
from server.errors import Conflict, NotFound
from server.ports import people_listeners
from server.services import Services

Endpoint = Callable[[Services, Request], Awaitable[Response]]


def routes(services: Services) -> list[BaseRoute]:
    """管理＞部署 and 管理＞ユーザ."""

    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, partial(endpoint, services), methods=[method])

    one, person = "/api/admin/departments/{id:int}", "/api/admin/people/{id:int}"
    return [
        route("/api/admin/areas", "GET", list_areas),
        route("/api/admin/departments", "GET", list_departments),
        route("/api/admin/departments", "POST", add_department),
        route(one, "GET", show_department),
        route(one, "POST", change_department),
        route(f"{one}/move", "POST", move_department),
        route(f"{one}/remove", "POST", remove_department),
        route("/api/admin/people", "GET", list_people),
        route("/api/admin/people", "POST", add_person),
        route(person, "GET", show_person),
        route(person, "POST", save_person),
        route(f"{person}/remove", "POST", remove_person),
    ]


# ---------------------------------------------------------------- 部署


async def list_departments(services: Services, request: Request) -> Response:
    """Whoever administers people chooses departments too."""
    await _actor(services, request, Privilege.ADMIN_DIVISION, *OPENS_PEOPLE)
    return _json(await services.readers.ask(_departments))


async def show_department(services: Services, request: Request) -> Response:
    await _actor(services, request, Privilege.ADMIN_DIVISION)
    return _json(await services.readers.ask(administration.department, _id(request)))


async def add_department(services: Services, request: Request) -> Response:
    actor = await _actor(services, request, Privilege.ADMIN_DIVISION)
    body = await read_json(request, DepartmentBody)
    parent = None if body.parent is UNSET else body.parent
    id = await services.writer.act(departments.add, actor, _department_wish(body), parent)
    return await _department(services, id)


async def change_department(services: Services, request: Request) -> Response:
    actor = await _actor(services, request, Privilege.ADMIN_DIVISION)
    body = await read_json(request, DepartmentBody)
    await services.writer.act(departments.change, actor, _id(request), _department_wish(body), body.parent)
    return await _department(services, _id(request))


async def move_department(services: Services, request: Request) -> Response:
    actor = await _actor(services, request, Privilege.ADMIN_DIVISION)
    body = await read_json(request, MoveBody)
    before = None if body.before is UNSET else body.before
    await services.writer.act(departments.move, actor, _id(request), body.parent, before)
    return await _department(services, _id(request))


async def remove_department(services: Services, request: Request) -> Response:
    actor = await _actor(services, request, Privilege.ADMIN_DIVISION)
    body = await read_json(request, RemoveDepartmentBody)
    removed: int = await services.writer.act(departments.remove, actor, _id(request), body.people)
    return _json(Ended(removed))


# ---------------------------------------------------------------- ユーザ


async def list_people(services: Services, request: Request) -> Response:
    actor = await _actor(services, request, *OPENS_PEOPLE)
    asked = read_query(request, PeopleQuestion)
    return _json(await services.readers.ask(administration.people_page, actor, asked, services.clock()))


async def list_areas(services: Services, request: Request) -> Response:
    await _actor(services, request, *OPENS_PEOPLE)
    asked = read_query(request, AreasQuestion)
    return _json(await services.readers.ask(administration.areas, asked.text))


async def show_person(services: Services, request: Request) -> Response:
    actor = await _actor(services, request, *OPENS_PEOPLE)
    return await _person(services, actor, _id(request))


async def add_person(services: Services, request: Request) -> Response:
    """With a password that is made, one that is given, or none yet."""
    actor = await _actor(services, request, Privilege.ADMIN_USER)
    body = await read_json(request, NewPerson)
    new = _new_account(body)
    plain, password_hash = await _password(services, body, new)
    listeners = people_listeners(services.ports)
    wish = _profile_wish(body)
    added: Account = await services.writer.act(people.add, actor, new, password_hash, wish, listeners)
    shown: AdminPerson = await services.readers.ask(administration.person, actor, added.id, services.clock())
    answer = AddedPerson(**msgspec.structs.asdict(shown))
    if plain:
        answer.sheet = sheets.sheet(services, added, plain, address_of(services, request))
    return _json(answer)


async def save_person(services: Services, request: Request) -> Response:
    actor = await _actor(services, request, *OPENS_PEOPLE)
    body = await read_json(request, PersonSave)
    account, wish = _account_changes(body.changes), _profile_wish(body.changes)
    listeners = people_listeners(services.ports)
    await services.writer.act(people.save, actor, _id(request), body.rev, account, wish, listeners)
    return await _person(services, actor, _id(request))


async def remove_person(services: Services, request: Request) -> Response:
    actor = await _actor(services, request, Privilege.ADMIN_USER)
    await read_json(request, Nothing)
    await services.writer.act(people.remove, actor, _id(request), people_listeners(services.ports))
    return _json(Ended(1))


# ---------------------------------------------------------------- the common steps


async def _actor(services: Services, request: Request, *privileges: Privilege) -> Actor:
    """Who asks, if he holds one of these."""
    signed_in = await door.require(services, request)
    actor = door.actor_of(signed_in, request)
    actor.require_one_of(*privileges)
    return actor


def _id(request: Request) -> int:
    id: int = request.path_params["id"]
    if id > 2**53:
        raise NotFound()
    return id


async def _department(services: Services, id: int) -> Response:
    return _json(await services.readers.ask(_one_department, id))


def _one_department(connection: Connection, id: int) -> DepartmentRow:
    found = queries.department(connection, id)
    if found is None:
        raise NotFound()
    return rows.department_row(found)


def _departments(connection: Connection) -> AdminDepartments:
    tree = queries.tree(connection)
    return AdminDepartments(queries.rev(connection), [rows.department_row(each) for each in tree.departments])


async def _person(services: Services, actor: Actor, id: int) -> Response:
    return _json(await services.readers.ask(administration.person, actor, id, services.clock()))


def _department_wish(body: DepartmentBody) -> DepartmentWish:
    texts = {name: value for name in DEPARTMENT if (value := getattr(body, name)) is not UNSET}
    scored = body.sort_score is not UNSET
    return DepartmentWish(texts, body.sort_score if scored else None, scored)  # type: ignore[arg-type]


def _account_changes(changes: PersonChanges) -> AccountChanges:
    return AccountChanges(**_given(changes, AccountChanges.__struct_fields__))


def _profile_wish(changes: PersonChanges) -> ProfileWish:
    given = _given(changes, (*TEXTS, "sort_score", "posts", "work_areas", "home_areas"))
    held = given.get("posts")
    return ProfileWish(
        texts={name: given[name] for name in TEXTS if name in given},
        sort_score=given.get("sort_score"),
        scored="sort_score" in given,
        posts=None if held is None else [Post(each.department, each.title) for each in held],
        areas={name: resolved(name, given[name]) for name in ("work_areas", "home_areas") if name in given},
    )


def _given(changes: PersonChanges, names: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name in names if (value := getattr(changes, name)) is not UNSET}


def _new_account(body: NewPerson) -> NewAccount:
    given = _given(body, AccountChanges.__struct_fields__)
    login_id, name = given.pop("login_id", ""), given.pop("name", "")
    return new_account(login_id, name, given.pop("kana", ""), **given)


async def _password(services: Services, body: NewPerson, new: NewAccount) -> tuple[str, str | None]:
    """The plain password, if it is to be told, and its hash; neither for one who does not sign in yet.

    What can be refused for free is refused before the hash is made.
    """
    if new.user_type is not UserType.REGULAR_USER:
        return "", None
    await services.readers.ask(_require_free, new.login_id)
    if body.generate:
        made = await sheets.initial_password(services, new.login_id)
        return made.password, made.password_hash
    if not body.password:
        return "", None
    accepted = check_password(body.password, new.login_id, services.company.name)
    return "", await services.passwords.hash(accepted)


def _require_free(connection: Connection, login_id: str) -> None:
    if accounts.credentials(connection, login_id.strip().lower()) is not None:
        raise Conflict("login_id_taken", field="login_id", login_id=login_id)


def _json(answer: Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
