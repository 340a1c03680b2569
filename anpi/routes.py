"""What administrators of the safety check ask over HTTP: incidents, ［発信］, 定型文, settings.

To everybody else nothing is there. What is refused of what changes something is written into the audit trail.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from anpi import completing, deciding, links, queries, registering, sends, showing, templates
from anpi.forms import (
    AnpiPeopleQuestion,
    CompleteBody,
    Completed,
    CountBody,
    IncidentChange,
    IncidentsQuestion,
    NewIncident,
    ResendBody,
    SendBody,
    Sent,
    SettingsBody,
    TemplateBody,
)
from anpi.queries import Send
from server.auth import door
from server.auth.audit import record
from server.auth.model import Actor
from server.auth.routes import Ended, Nothing
from server.bodies import read_json, read_query
from server.data.transaction import Transaction
from server.errors import AppError, NotFound
from server.services import Services

Endpoint = Callable[[Services, Request], Awaitable[Response]]
NUMBER_LIMIT = 2**53

_ONE = "/api/anpi/incidents/{id:int}"
_TEMPLATE = "/api/anpi/templates/{id:int}"


def routes(services: Services) -> list[BaseRoute]:
    """管理者メニュー."""

    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, partial(endpoint, services), methods=[method])

    return [
        route("/api/anpi/incidents", "GET", list_incidents),
        route("/api/anpi/incidents", "POST", register),
        route(_ONE, "GET", show_incident),
        route(_ONE, "PATCH", change_incident),
        route(f"{_ONE}/count", "POST", count),
        route(f"{_ONE}/send", "POST", send),
        route(f"{_ONE}/resend", "POST", resend),
        route(f"{_ONE}/complete", "POST", complete),
        route(f"{_ONE}/people", "GET", list_people),
        route(f"{_ONE}/deliveries/{{account:int}}", "GET", list_deliveries),
        route("/api/anpi/templates", "GET", list_templates),
        route("/api/anpi/templates", "POST", add_template),
        route(_TEMPLATE, "POST", change_template),
        route(f"{_TEMPLATE}/remove", "POST", remove_template),
        route("/api/anpi/settings", "GET", show_settings),
        route("/api/anpi/settings", "POST", change_settings),
    ]


# ---------------------------------------------------------------- incidents


async def list_incidents(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    asked = read_query(request, IncidentsQuestion)
    return answer(await services.readers.ask(showing.incidents, actor, asked))


async def show_incident(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    return await _incident(services, actor, number(request))


async def register(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    body = await read_json(request, NewIncident)
    wish, linked = registering.wished(body), bool(links.base(services.settings))
    id: int = await _act(services, actor, "anpi.register", "", registering.register, body.key, wish, linked=linked)
    return await _incident(services, actor, id)


async def change_incident(services: Services, request: Request) -> Response:
    actor, id = await administrator(services, request), number(request)
    body = await read_json(request, IncidentChange)
    await _act(services, actor, "anpi.change", str(id), registering.change, id, body)
    return await _incident(services, actor, id)


async def count(services: Services, request: Request) -> Response:
    actor, id = await administrator(services, request), number(request)
    body = await read_json(request, CountBody)
    return answer(await services.readers.ask(showing.count, actor, id, body.whom))


async def send(services: Services, request: Request) -> Response:
    actor, id = await administrator(services, request), number(request)
    body = await read_json(request, SendBody)
    begun: Send = await _act(services, actor, "anpi.send", str(id), sends.press, id, body.key, body.whom, body.people)
    return answer(Sent(showing.send_row(begun, {actor.account_id or 0: actor.name})))


async def resend(services: Services, request: Request) -> Response:
    actor, id = await administrator(services, request), number(request)
    body = await read_json(request, ResendBody)
    begun: Send = await _act(services, actor, "anpi.resend", str(id), sends.again, id, body.key)
    return answer(Sent(showing.send_row(begun, {actor.account_id or 0: actor.name})))


async def complete(services: Services, request: Request) -> Response:
    actor, id = await administrator(services, request), number(request)
    await read_json(request, CompleteBody)
    silent: int = await _act(services, actor, "anpi.complete", str(id), completing.complete, id)
    linked = bool(links.base(services.settings))
    return answer(Completed(await services.readers.ask(showing.incident, actor, id, linked), silent))


async def list_people(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    asked = read_query(request, AnpiPeopleQuestion)
    return answer(await services.readers.ask(showing.people, actor, number(request), asked))


async def list_deliveries(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    account = number(request, "account")
    return answer(await services.readers.ask(showing.delivery_rows, actor, number(request), account))


# ---------------------------------------------------------------- 定型文


async def list_templates(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    return answer(await services.readers.ask(templates.listed, actor))


async def add_template(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    body = await read_json(request, TemplateBody)
    await services.writer.act(templates.add, actor, body)
    return answer(await services.readers.ask(templates.listed, actor))


async def change_template(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    body = await read_json(request, TemplateBody)
    await services.writer.act(templates.change, actor, number(request), body)
    return answer(await services.readers.ask(templates.listed, actor))


async def remove_template(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    await read_json(request, Nothing)
    await services.writer.act(templates.remove, actor, number(request))
    return answer(Ended(1))


# ---------------------------------------------------------------- settings


async def show_settings(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    return answer(await services.readers.ask(deciding.shown, actor, links.base(services.settings)))


async def change_settings(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    body = await read_json(request, SettingsBody)
    await _act(services, actor, "anpi.settings", "", deciding.change, body)
    return answer(await services.readers.ask(deciding.shown, actor, links.base(services.settings)))


# ---------------------------------------------------------------- the common steps


async def administrator(services: Services, request: Request) -> Actor:
    """Who asks, if he administers the safety check; to everybody else nothing is there."""
    actor = door.actor_of(await door.require(services, request), request)
    await services.readers.ask(queries.require_administrator, actor)
    return actor


def number(request: Request, name: str = "id") -> int:
    """A number in the path."""
    found: int = request.path_params[name]
    if found > NUMBER_LIMIT:
        raise NotFound()
    return found


def answer(found: Struct) -> Response:
    return Response(msgspec.json.encode(found), media_type="application/json")


async def _incident(services: Services, actor: Actor, id: int) -> Response:
    linked = bool(links.base(services.settings))
    return answer(await services.readers.ask(showing.incident, actor, id, linked))


async def _act(
    services: Services, actor: Actor, action: str, target: str, do: Callable[..., Any], *args: Any, **named: Any
) -> Any:
    """Do it; a refusal leaves a line in the audit trail, and nothing else."""

    def run(tx: Transaction) -> Any:
        try:
            return do(tx, actor, *args, **named)
        except AppError as refusal:
            reason, field = refusal.code, str(refusal.details.get("field", ""))
            raise refusal.then(
                lambda tx: record(tx, actor, action, target, "refused", reason=reason, field=field)
            ) from None

    return await services.writer.act(run)
