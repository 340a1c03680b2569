"""What administrators ask over HTTP about the company itself: 企業情報, 操作ログ, first passwords and codes.

People and departments are the directory's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from server.auth import codes, company, door, queries, seats, sheets, trail
from server.auth.audit import record
from server.auth.company import Company
from server.auth.company_changing import CompanyChanges, change_company
from server.auth.model import Account, Actor, Privilege
from server.auth.routes import Nothing
from server.auth.rules import Licences
from server.auth.sheets import LoginSheet, LoginSheets
from server.auth.trail import Line, Wanted
from server.auth.visibility import Visibility
from server.bodies import read_json, read_query
from server.clock import from_millis, to_millis
from server.data.transaction import Transaction
from server.errors import NotFound
from server.origin import own_origin
from server.ports import company_listeners
from server.services import Services

PAGE = 100
CSV_STEP = 1000

Endpoint = Callable[[Services, Request], Awaitable[Response]]
Millis = Annotated[int, Meta(ge=0, le=2**53 - 1)]
Moment = Annotated[int, Meta(ge=0, le=253_402_300_799_999)]
"""Milliseconds since 1970, up to the end of the year 9999: later ones there are not."""
Part = Annotated[str, Meta(max_length=300)]


class Licence(Struct):
    """One counter, in ID: how many are in use, and how many there are."""

    used: int
    limit: int


class LicenceList(Struct):
    """基本ユーザライセンス数, トークライセンス数, 安否確認機能数."""

    basic: Licence
    talk: Licence
    anpi: Licence


class AdminCompany(Struct):
    """企業情報, as who administers the company sees it. ``visibility`` names every field that has a 公開範囲."""

    name: str
    group_code: str
    licences: LicenceList
    phone_scheme: str
    logo: str
    visibility: dict[str, Visibility]
    purpose: str
    login_domains: list[str]


class ActionRow(Struct, omit_defaults=True):
    """One line of the 操作ログ: who did what to whom."""

    id: int
    at: int
    actor: str
    action: str
    result: str
    target: str = ""
    detail: dict[str, Any] = {}
    address: str = ""


class ActionPage(Struct, omit_defaults=True):
    """Lines, the newest first; ``more``: there are older ones, before the last one's ``id``."""

    actions: list[ActionRow]
    more: bool = False


class ActionFilter(Struct, forbid_unknown_fields=True, omit_defaults=True, rename={"since": "from", "until": "to"}):
    """Which lines: part of a name, how the action begins, a time and the one after the last."""

    actor: Part = ""
    target: Part = ""
    action: Part = ""
    since: Moment | None = None
    until: Moment | None = None

    def wanted(self) -> Wanted:
        since = from_millis(self.since) if self.since is not None else None
        until = from_millis(self.until) if self.until is not None else None
        return Wanted(self.actor, self.target, self.action, since, until)


class ActionQuestion(ActionFilter):
    """The same, page by page: lines older than the one whose ``id`` is ``before``."""

    before: Millis | None = None


class SheetsWish(Struct, forbid_unknown_fields=True):
    """Whose passwords are to be made anew, at most 300 at once."""

    people: Annotated[list[Millis], Meta(min_length=1, max_length=10_000)]


class SignInCode(Struct):
    """The eight digits to be read out, and until when they work."""

    code: str
    until: int


def routes(services: Services) -> list[BaseRoute]:
    """Every address here asks the door, and the right, first."""

    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, partial(endpoint, services), methods=[method])

    return [
        route("/api/admin/company", "GET", show_company),
        route("/api/admin/company", "POST", save_company),
        route("/api/admin/actions", "GET", list_actions),
        route("/api/admin/actions.csv", "GET", save_actions),
        route("/api/admin/people/{id:int}/password", "POST", give_password),
        route("/api/admin/people/{id:int}/code", "POST", give_code),
        route("/api/admin/sheets", "POST", give_sheets),
    ]


# ---------------------------------------------------------------- 企業情報


async def show_company(services: Services, request: Request) -> Response:
    await _actor(services, request, Privilege.ADMIN_COMPANY)
    return await _company(services)


async def save_company(services: Services, request: Request) -> Response:
    actor = await _actor(services, request, Privilege.ADMIN_COMPANY)
    changes = await read_json(request, CompanyChanges)
    await services.writer.act(change_company, actor, changes, company_listeners(services.ports))
    return await _company(services)


async def _company(services: Services) -> Response:
    found, used = await services.readers.ask(_company_and_seats)
    if found is None:
        raise NotFound()
    limits = found.licences
    licences = LicenceList(
        Licence(used.basic, limits.basic), Licence(used.talk, limits.talk), Licence(used.anpi, limits.anpi)
    )
    shown = AdminCompany(
        name=found.name,
        group_code=found.group_code,
        licences=licences,
        phone_scheme=found.phone_scheme,
        logo=found.logo,
        visibility=dict(found.visibility),
        purpose=found.purpose,
        login_domains=list(found.login_domains),
    )
    return _json(shown)


def _company_and_seats(connection: Connection) -> tuple[Company | None, Licences]:
    return company.find(connection), seats.used(connection)


# ---------------------------------------------------------------- 操作ログ


async def list_actions(services: Services, request: Request) -> Response:
    await _actor(services, request, Privilege.ADMIN_ACTION_LOG)
    asked = read_query(request, ActionQuestion)
    found: list[Line] = await services.readers.ask(trail.lines, asked.wanted(), asked.before, PAGE + 1)
    return _json(ActionPage([_row(line) for line in found[:PAGE]], more=len(found) > PAGE))


async def save_actions(services: Services, request: Request) -> Response:
    """The same as CSV, all of it. Whoever takes the trail away leaves a line in it."""
    actor = await _actor(services, request, Privilege.ADMIN_ACTION_LOG)
    wanted = read_query(request, ActionFilter).wanted()
    language: str = request.scope["state"]["language"]
    await services.writer.act(_note_saved, actor)
    return StreamingResponse(
        _csv(services, wanted, language),
        headers={"content-disposition": 'attachment; filename="actions.csv"'},
        media_type="text/csv; charset=utf-8",
    )


async def _csv(services: Services, wanted: Wanted, language: str) -> AsyncIterator[str]:
    """A page after the other, so that a long trail takes no memory."""
    yield trail.csv_head(language)
    before: int | None = None
    while True:
        found: list[Line] = await services.readers.ask(trail.lines, wanted, before, CSV_STEP)
        yield trail.csv_rows(found)
        if len(found) < CSV_STEP:
            return
        before = found[-1].id


def _note_saved(tx: Transaction, actor: Actor) -> None:
    record(tx, actor, "actions.save")


def _row(line: Line) -> ActionRow:
    return ActionRow(
        id=line.id,
        at=to_millis(line.at),
        actor=line.actor,
        action=line.action,
        result=line.result,
        target=line.target,
        detail=line.detail,
        address=line.address,
    )


# ---------------------------------------------------------------- first passwords and codes


async def give_password(services: Services, request: Request) -> Response:
    """A new first password for one person, told this once."""
    actor = await _actor(services, request, Privilege.ADMIN_USER)
    await read_json(request, Nothing)
    made = await sheets.reissue(services, actor, [request.path_params["id"]], address_of(services, request))
    return _json(made[0])


async def give_sheets(services: Services, request: Request) -> Response:
    """まとめて再発行: the same for several people, for all of them or for none."""
    actor = await _actor(services, request, Privilege.ADMIN_USER)
    wish = await read_json(request, SheetsWish)
    made: list[LoginSheet] = await sheets.reissue(services, actor, wish.people, address_of(services, request))
    return _json(LoginSheets(made))


async def give_code(services: Services, request: Request) -> Response:
    actor = await _actor(services, request, Privilege.ADMIN_USER)
    await read_json(request, Nothing)
    account: Account | None = await services.readers.ask(queries.account, request.path_params["id"])
    if account is None:
        raise NotFound()
    code = codes.new_code()
    code_hash = codes.hash_of(services.secrets, account.login_id, code)
    until = await services.writer.act(codes.issue, actor, account.id, code_hash)
    return _json(SignInCode(code, to_millis(until)))


def address_of(services: Services, request: Request) -> str:
    """How people reach this server, for what is printed."""
    return services.settings.public_url or own_origin(request.scope, services.settings) or ""


async def _actor(services: Services, request: Request, *privileges: Privilege) -> Actor:
    """Who asks, if he holds one of these."""
    signed_in = await door.require(services, request)
    actor = door.actor_of(signed_in, request)
    actor.require_one_of(*privileges)
    return actor


def _json(answer: Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
