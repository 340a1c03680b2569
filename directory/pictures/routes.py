"""Pictures over HTTP: sent as they are, as the body of a request; given only to people who are signed in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from directory.pictures import actions, queries
from directory.pictures.model import is_name
from directory.pictures.reading import sent_picture
from server.auth import door
from server.auth.model import Actor, Privilege
from server.errors import NotFound
from server.ports import company_listeners
from server.services import Services

Endpoint = Callable[[Services, Request], Awaitable[Response]]

_HEADERS = {
    # What has a name never changes; but it is for who is signed in, so no proxy keeps it.
    "cache-control": "private, max-age=31536000, immutable",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; sandbox",
}


class PictureName(msgspec.Struct):
    """By what the picture is found, under ``/pictures/{name}/large`` and ``/pictures/{name}/small``; blank: none."""

    picture: str


def routes(services: Services) -> list[BaseRoute]:
    """Every address here asks the door first."""

    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, partial(endpoint, services), methods=[method])

    return [
        route("/pictures/{name}/{size}", "GET", picture),
        route("/api/me/photo", "PUT", set_own_photo),
        route("/api/me/photo", "DELETE", remove_own_photo),
        route("/api/admin/people/{id:int}/photo", "PUT", set_photo),
        route("/api/admin/people/{id:int}/photo", "DELETE", remove_photo),
        route("/api/admin/company/logo", "PUT", set_logo),
        route("/api/admin/company/logo", "DELETE", remove_logo),
    ]


async def picture(services: Services, request: Request) -> Response:
    await door.require(services, request)
    name, size = request.path_params["name"], request.path_params["size"]
    if not is_name(name) or size not in ("large", "small"):
        raise NotFound()
    found = await services.readers.ask(queries.find, name, size)
    if found is None:
        raise NotFound()
    media, body = found
    return Response(body, media_type=media, headers=_HEADERS)


async def set_own_photo(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    return await _set_photo(services, request, actor, actor.account_id or 0)


async def remove_own_photo(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    await services.writer.act(actions.remove_photo, actor, actor.account_id)
    return _named("")


async def set_photo(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    account_id = request.path_params["id"]
    if account_id != actor.account_id:
        # The action asks again; here so that nobody has us read ten megabytes for nothing.
        actor.require(Privilege.ADMIN_USER)
    return await _set_photo(services, request, actor, account_id)


async def remove_photo(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    await services.writer.act(actions.remove_photo, actor, request.path_params["id"])
    return _named("")


async def set_logo(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    actor.require(Privilege.ADMIN_COMPANY)
    sent = await sent_picture(services, request, "logo")
    return _named(await services.writer.act(actions.set_logo, actor, sent, company_listeners(services.ports)))


async def remove_logo(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    await services.writer.act(actions.remove_logo, actor, company_listeners(services.ports))
    return _named("")


async def _set_photo(services: Services, request: Request, actor: Actor, account_id: int) -> Response:
    sent = await sent_picture(services, request, "photo")
    return _named(await services.writer.act(actions.set_photo, actor, account_id, sent))


async def _actor(services: Services, request: Request) -> Actor:
    return door.actor_of(await door.require(services, request), request)


def _named(name: str) -> Response:
    return Response(msgspec.json.encode(PictureName(name)), media_type="application/json")
