"""The browser that wants to be woken says so, and takes it back."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import msgspec
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from anpi.sending import subscribing
from anpi.sending.pushing import keys_of
from server.auth import door
from server.auth.model import SignedIn
from server.bodies import read_json
from server.services import Services
from server.work import push

Letters = Annotated[str, Meta(max_length=200)]
Endpoint = Annotated[str, Meta(max_length=push.ENDPOINT_LIMIT)]


class PushKeys(Struct, forbid_unknown_fields=True):
    """As ``PushSubscription.toJSON()`` gives them."""

    p256dh: Letters
    auth: Letters


class PushSubscription(Struct, forbid_unknown_fields=True, rename={"expiration": "expirationTime"}):
    """``PushSubscription.toJSON()``."""

    endpoint: Endpoint
    keys: PushKeys
    expiration: float | None = None


class PushEnd(Struct, forbid_unknown_fields=True):
    """Which browser is not to be woken any more."""

    endpoint: Endpoint


class PushState(Struct):
    """``key``: our public key, for ``applicationServerKey``; blank where nothing may go out. ``on``: whether the
    browser of this session is woken."""

    key: str
    on: bool


def routes(services: Services) -> list[BaseRoute]:
    """For everybody who is signed in."""
    return [
        Route("/api/push", partial(show, services), methods=["GET"]),
        Route("/api/push", partial(begin, services), methods=["POST"]),
        Route("/api/push", partial(end, services), methods=["DELETE"]),
    ]


async def show(services: Services, request: Request) -> Response:
    return await _state(services, await door.require(services, request))


async def begin(services: Services, request: Request) -> Response:
    signed_in = await door.require(services, request)
    body = await read_json(request, PushSubscription)
    push.subscription(body.endpoint, body.keys.p256dh, body.keys.auth, services.settings.push_hosts)
    session, keys = signed_in.session.public_id, body.keys
    await services.writer.act(
        subscribing.subscribe, signed_in.account.id, session, body.endpoint, keys.p256dh, keys.auth
    )
    return await _state(services, signed_in)


async def end(services: Services, request: Request) -> Response:
    signed_in = await door.require(services, request)
    body = await read_json(request, PushEnd)
    await services.writer.act(subscribing.unsubscribe, signed_in.account.id, body.endpoint)
    return await _state(services, signed_in)


async def _state(services: Services, signed_in: SignedIn) -> Response:
    is_on = await services.readers.ask(subscribing.is_subscribed, signed_in.session.public_id)
    key = keys_of(services).public if services.outbound.is_open else ""
    return Response(msgspec.json.encode(PushState(key, is_on)), media_type="application/json")
