"""集計 over HTTP: totals, the search with its file, who has not answered, who is at it, and 代理回答."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from anpi import queries
from anpi.answers import history, proxies
from anpi.answers.forms import ProxyBody
from anpi.board import asking, csv, searching, unreached
from anpi.board.forms import AnswersPage, AnswersQuestion, ClaimBody, UnreachedQuestion
from anpi.model import Incident
from anpi.routes import administrator, answer, number
from server.auth.audit import record
from server.auth.model import Actor
from server.bodies import read_json, read_query
from server.clock import zone
from server.data.space import Use
from server.data.transaction import Transaction
from server.errors import NotFound
from server.services import Services

Endpoint = Callable[[Services, Request], Awaitable[Response]]
LINES_AT_ONCE = 250

_ONE = "/api/anpi/incidents/{id:int}"


def routes(services: Services) -> list[BaseRoute]:
    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(f"{_ONE}/{path}", partial(endpoint, services), methods=[method])

    return [
        route("totals", "GET", show_totals),
        route("answers", "GET", list_answers),
        route("answers.csv", "GET", download_answers),
        route("unreached", "GET", list_unreached),
        route("claims", "POST", claim),
        route("proxy", "POST", answer_for),
        route("history/{account:int}", "GET", show_history),
    ]


async def show_totals(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    return answer(await services.readers.ask(asking.totals, actor, number(request)))


async def list_answers(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    asked = read_query(request, AnswersQuestion)
    return answer(await services.readers.ask(_answers, actor, number(request), asked))


async def download_answers(services: Services, request: Request) -> Response:
    """The whole search as a file, read page by page; each page asks the right anew."""
    actor, id = await administrator(services, request), number(request)
    asked = read_query(request, AnswersQuestion)
    incident: Incident = await services.readers.ask(_existing, actor, id)
    await services.writer.act(_downloaded, actor, id)
    name = f"anpi_{id}_{services.clock().astimezone(zone(services.settings.time_zone)):%Y%m%d%H%M%S}.csv"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    language = request.scope["state"].get("language", "ja")
    lines = _lines(services, actor, incident, asked, language)
    return StreamingResponse(lines, headers=headers, media_type="text/csv; charset=utf-8")


async def list_unreached(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    asked = read_query(request, UnreachedQuestion)
    now = services.clock()
    return answer(await services.readers.ask(unreached.page, actor, number(request), asked, now))


async def claim(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    body = await read_json(request, ClaimBody)
    return answer(await services.writer.act(unreached.claim, actor, number(request), body.account, body.on))


async def answer_for(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    body = await read_json(request, ProxyBody)
    services.space.require(Use.ANSWERS)
    return answer(await services.writer.act(proxies.answer_for, actor, number(request), body))


async def show_history(services: Services, request: Request) -> Response:
    actor = await administrator(services, request)
    account = number(request, "account")
    return answer(await services.readers.ask(history.of, actor, number(request), account))


# ---------------------------------------------------------------- steps


def _existing(connection: Connection, actor: Actor, id: int) -> Incident:
    queries.require_administrator(connection, actor)
    incident = queries.existing(connection, id)
    if not incident.asks:
        raise NotFound()
    return incident


def _answers(connection: Connection, actor: Actor, id: int, asked: AnswersQuestion) -> AnswersPage:
    _existing(connection, actor, id)
    return searching.page(connection, id, asked)


def _downloaded(tx: Transaction, actor: Actor, id: int) -> None:
    record(tx, actor, "anpi.download", str(id))


async def _lines(
    services: Services, actor: Actor, incident: Incident, asked: AnswersQuestion, language: str
) -> AsyncIterator[str]:
    local = zone(services.settings.time_zone)
    after: int | None = 0
    yield csv.head(incident, language)
    while after is not None:
        page = partial(_some_lines, actor=actor, incident=incident, asked=asked, language=language, local=local)
        found, after = await services.readers.ask(page, after)
        yield found


def _some_lines(
    connection: Connection,
    after: int,
    actor: Actor,
    incident: Incident,
    asked: AnswersQuestion,
    language: str,
    local: Any,
) -> tuple[str, int | None]:
    queries.require_administrator(connection, actor)
    rows = searching.rows_after(connection, incident.id, asked, after, LINES_AT_ONCE)
    found = csv.lines(connection, incident, rows, language, local)
    return found, rows[-1].account_id if len(rows) == LINES_AT_ONCE else None
