"""The few questions about oneself that go over HTTP: who am I, where am I signed in, in which language."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.auth import actions, door, queries, session_actions
from server.auth.model import Account, SignedIn
from server.bodies import read_json
from server.clock import to_millis
from server.live.frames import Language, Me
from server.ports import people_listeners
from server.services import Services

Endpoint = Callable[[Services, Request], Awaitable[Response]]


class CompanyMe(Me):
    """Who is signed in, and where."""

    company: str


class SessionRow(msgspec.Struct):
    """One place where one is signed in: since when, last used when, in which browser, from where."""

    id: str
    created: int
    seen: int
    agent: str
    address: str
    current: bool


class SessionList(msgspec.Struct):
    """Where one is signed in, the latest used first."""

    sessions: list[SessionRow]


class Ended(msgspec.Struct):
    """How many sessions were ended."""

    ended: int


class EndSession(msgspec.Struct, forbid_unknown_fields=True):
    """Which of one's sessions is to end."""

    id: Annotated[str, Meta(min_length=1, max_length=100)]


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """An empty object: even what needs no word is asked in JSON."""


class OwnSettings(msgspec.Struct, forbid_unknown_fields=True):
    """What one chooses for oneself."""

    language: Annotated[Language, Meta(max_length=10)]


def routes(services: Services) -> list[BaseRoute]:
    """Every address here asks the door first."""

    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, partial(endpoint, services), methods=[method])

    return [
        route("/api/me", "GET", me),
        route("/api/sessions", "GET", list_sessions),
        route("/api/sessions/end", "POST", end_session),
        route("/api/sessions/end-others", "POST", end_other_sessions),
        route("/api/settings", "POST", change_settings),
    ]


async def me(services: Services, request: Request) -> Response:
    signed_in = await door.require(services, request)
    await services.company.look(services.readers)
    return _json(_me(signed_in.account, services.company.name))


async def list_sessions(services: Services, request: Request) -> Response:
    signed_in = await door.require(services, request)
    now, idle = services.clock(), door.idle_limit(services)
    found = await services.readers.ask(queries.sessions_of, signed_in.account.id, now, idle)
    rows = [
        SessionRow(
            id=session.public_id,
            created=to_millis(session.created_at),
            seen=to_millis(session.seen_at),
            agent=session.agent,
            address=session.address,
            current=session.public_id == signed_in.session.public_id,
        )
        for session in found
    ]
    return _json(SessionList(rows))


async def end_session(services: Services, request: Request) -> Response:
    signed_in = await door.require(services, request)
    wish = await read_json(request, EndSession)
    await services.writer.act(session_actions.end_session, door.actor_of(signed_in, request), wish.id)
    return _json(Ended(1))


async def end_other_sessions(services: Services, request: Request) -> Response:
    signed_in = await door.require(services, request)
    await read_json(request, Nothing)
    actor, current = door.actor_of(signed_in, request), signed_in.session
    ended = await services.writer.act(session_actions.end_other_sessions, actor, current)
    return _json(Ended(ended))


async def change_settings(services: Services, request: Request) -> Response:
    signed_in: SignedIn = await door.require(services, request)
    wish = await read_json(request, OwnSettings)
    actor, listeners = door.actor_of(signed_in, request), people_listeners(services.ports)
    account = await services.writer.act(actions.set_language, actor, wish.language, listeners)
    return _json(_me(account, services.company.name))


def _me(account: Account, company: str) -> CompanyMe:
    return CompanyMe(
        id=account.id,
        name=account.name,
        login_id=account.login_id,
        language=account.language,
        talk=account.talk,
        privileges=sorted(account.privileges),
        talk_log=account.talk_log,
        company=company,
    )


def _json(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
