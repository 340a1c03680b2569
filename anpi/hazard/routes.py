"""Rules, events, reasons and readiness over HTTP, for administrators of the safety check; and the door for telegrams
that are brought to us."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from msgspec import UNSET
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from anpi import queries
from anpi.hazard import changing, readiness, simulation, why
from anpi.hazard.feeds import health, inbound
from anpi.hazard.forms import EventsQuestion, HazardRulesBody, InboundTaken, SimulateBody
from anpi.hazard.intake import MAX_TELEGRAM, Intake
from anpi.sending import trial
from server.auth import door
from server.auth.model import Actor
from server.auth.routes import Nothing
from server.bodies import read_json, read_query
from server.errors import Busy, Forbidden, Invalid, NotFound, Unavailable
from server.services import Services
from server.work.sandbox import SandboxFailed

Endpoint = Callable[[Services, Request], Awaitable[Response]]
ROOT = "/api/anpi"
INBOUND = "/api/hazard/inbound"
TIMESTAMP = "x-renraku-timestamp"
SIGNATURE = "x-renraku-signature"
INBOUND_AT_ONCE = 4


def routes(services: Services) -> list[BaseRoute]:
    """Every address but the last asks the door, and then the right."""
    room = asyncio.Semaphore(INBOUND_AT_ONCE)

    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, partial(endpoint, services), methods=[method])

    async def inbound_route(services: Services, request: Request) -> Response:
        if room.locked():
            raise Busy(retry_ms=1000)
        async with room:
            return await take_in(services, request)

    return [
        route(f"{ROOT}/rules", "GET", show_rules),
        route(f"{ROOT}/rules", "POST", change_rules),
        route(f"{ROOT}/readiness", "GET", show_readiness),
        route(f"{ROOT}/readiness/mail", "POST", send_test_mail),
        route(f"{ROOT}/events", "GET", list_events),
        route(f"{ROOT}/events/{{id:int}}", "GET", show_event),
        route(f"{ROOT}/incidents/{{id:int}}/why", "GET", show_why),
        route(f"{ROOT}/simulate", "POST", simulate),
        route(INBOUND, "POST", inbound_route),
    ]


async def _administrator(services: Services, request: Request) -> Actor:
    signed_in = await door.require(services, request)
    actor = door.actor_of(signed_in, request)
    await services.readers.ask(queries.require_administrator, actor)
    return actor


async def show_rules(services: Services, request: Request) -> Response:
    await _administrator(services, request)
    return _json(await services.readers.ask(changing.read))


async def change_rules(services: Services, request: Request) -> Response:
    actor = await _administrator(services, request)
    body = await read_json(request, HazardRulesBody)
    await services.writer.act(changing.change, actor, body)
    return _json(await services.readers.ask(changing.read))


async def show_readiness(services: Services, request: Request) -> Response:
    await _administrator(services, request)
    return _json(await services.readers.ask(readiness.read, services, services.clock()))


async def send_test_mail(services: Services, request: Request) -> Response:
    """To whoever asks; what became of it is the answer, also when it did not go."""
    actor = await _administrator(services, request)
    await read_json(request, Nothing)
    tested, to = await trial.send(services, actor)
    return _json(readiness.shown(tested, to))


async def list_events(services: Services, request: Request) -> Response:
    await _administrator(services, request)
    asked = read_query(request, EventsQuestion)
    before = 0 if asked.before is UNSET else asked.before
    return _json(await services.readers.ask(why.page, before))


async def show_event(services: Services, request: Request) -> Response:
    await _administrator(services, request)
    return _json(await services.readers.ask(why.one, _number(request)))


async def show_why(services: Services, request: Request) -> Response:
    await _administrator(services, request)
    number = _number(request)
    await services.readers.ask(queries.existing, number)
    return _json(await services.readers.ask(why.of_incident, number))


async def simulate(services: Services, request: Request) -> Response:
    """What would happen today; nothing is kept, and nobody is told."""
    await _administrator(services, request)
    body = await read_json(request, SimulateBody)
    if body.event is not UNSET and body.report is UNSET:
        return _json(await services.readers.ask(simulation.of_event, body.event))
    if body.report is not UNSET and body.event is UNSET:
        now = services.clock()
        return _json(await services.readers.ask(simulation.of_invented, body.report, now))
    raise Invalid()


async def take_in(services: Services, request: Request) -> Response:
    """A telegram that somebody has signed. Whatever is wrong with head or signature is one refusal."""
    secret = services.settings.hazard_secret
    if not secret:
        raise NotFound()
    timestamp, signed = request.headers.get(TIMESTAMP, ""), request.headers.get(SIGNATURE, "")
    if not inbound.may_be_read(timestamp, signed, services.clock()):
        raise Forbidden("hazard_signature")
    request.state.body_limit = MAX_TELEGRAM
    body = await request.body()
    if not inbound.is_signed(secret, timestamp, signed, body):
        raise Forbidden("hazard_signature")
    try:
        taken = await Intake(services).telegram("inbound", inbound.name_of(body), body, keep_broken=False)
    except SandboxFailed as problem:
        if "reason" in problem.details:
            raise
        # The telegram may be good: whoever brings it is to come again.
        raise Unavailable() from None
    await services.writer.act(health.heard_from_outside, "inbound")
    return _json(InboundTaken(taken.report, taken.known, taken.act))


def _number(request: Request) -> int:
    number: int = request.path_params["id"]
    if number >= 2**53:
        raise NotFound()
    return number


def _json(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
