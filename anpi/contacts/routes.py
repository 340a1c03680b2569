"""One's own addresses over HTTP, and 届かない人 for administrators of the safety check."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from anpi.contacts import actions, confirming, queries, unreachable
from anpi.contacts.forms import ContactRow, Contacts, NewContact
from anpi.contacts.model import CONTACTS_LIMIT
from anpi.queries import require_administrator
from anpi.sending import health
from server.auth import door
from server.auth.model import Actor, SignedIn
from server.bodies import read_json, read_query
from server.clock import to_millis
from server.errors import NotFound
from server.services import Services
from server.work import mail

Endpoint = Callable[[Services, Request], Awaitable[Response]]
Number = Annotated[int, Meta(ge=0, le=2**53 - 1)]


class Wanted(Struct, forbid_unknown_fields=True):
    """Whose department (with all below it), and after which person."""

    department: Number | None = None
    after: Number = 0


def routes(services: Services) -> list[BaseRoute]:
    """The links of the mails, and what needs a session."""

    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, partial(endpoint, services), methods=[method])

    return [
        *confirming.routes(services),
        route("/api/anpi/contacts", "GET", list_own),
        route("/api/anpi/contacts", "POST", add_own),
        route("/api/anpi/contacts/{place:int}/ask", "POST", ask_again),
        route("/api/anpi/contacts/{place:int}", "DELETE", remove_own),
        route("/api/anpi/unreachable", "GET", list_unreachable),
    ]


async def list_own(services: Services, request: Request) -> Response:
    signed_in = await _owner(services, request)
    return await _own(services, signed_in)


async def add_own(services: Services, request: Request) -> Response:
    signed_in = await _owner(services, request)
    body = await read_json(request, NewContact)
    actor = door.actor_of(signed_in, request)
    await services.writer.act(actions.add, actor, services.secrets, services.settings, body.address)
    return await _own(services, signed_in)


async def ask_again(services: Services, request: Request) -> Response:
    signed_in = await _owner(services, request)
    actor, place = door.actor_of(signed_in, request), request.path_params["place"]
    await services.writer.act(actions.ask_again, actor, services.secrets, services.settings, place)
    return await _own(services, signed_in)


async def remove_own(services: Services, request: Request) -> Response:
    signed_in = await _owner(services, request)
    actor = door.actor_of(signed_in, request)
    await services.writer.act(actions.remove, actor, request.path_params["place"])
    return await _own(services, signed_in)


async def list_unreachable(services: Services, request: Request) -> Response:
    actor = door.actor_of(await door.require(services, request), request)
    await services.readers.ask(_require, actor)
    wanted = read_query(request, Wanted)
    return _json(await unreachable.listed(services, wanted.department, wanted.after))


async def _owner(services: Services, request: Request) -> SignedIn:
    """Who is signed in and is asked by the safety check; to others there is nothing."""
    signed_in = await door.require(services, request)
    if not signed_in.account.anpi_login_id:
        raise NotFound()
    return signed_in


async def _own(services: Services, signed_in: SignedIn) -> Response:
    rows = await services.readers.ask(_rows, signed_in.account.id)
    return _json(Contacts(rows, CONTACTS_LIMIT, mail.sender(services.settings)))


def _rows(connection: Connection, account: int) -> list[ContactRow]:
    own = [each for each in queries.of_account(connection, account) if each.is_set]
    bad = health.bad(connection, [each.address_key for each in own])
    return [
        ContactRow(
            each.place,
            each.address,
            each.state(each.address_key in bad),
            to_millis(each.asked_at) if each.asked_at is not None else 0,
        )
        for each in own
    ]


def _require(connection: Connection, actor: Actor) -> None:
    require_administrator(connection, actor)


def _json(value: Struct) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
