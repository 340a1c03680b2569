"""トーク＞送信出来るファイル種別, for who administers the talk."""

from __future__ import annotations

from functools import partial

import msgspec
from msgspec import Struct
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from chat.files import settings
from chat.files.extensions import LISTED, OFFERED
from chat.files.settings import Wanted
from chat.policy import Choice, Mode, Policy
from server.auth import company, door, seats
from server.auth.model import Actor, Privilege
from server.auth.rules import Licences
from server.bodies import read_json
from server.services import Services


class TalkLicence(Struct):
    """トークライセンス数, in ID: how many are in use, and how many there are."""

    used: int
    limit: int


class TalkSettings(Struct):
    """What holds now. ``listed`` are the 39 extensions in the manual's order, ``offered`` those that others refuse
    besides. ``version`` is sent along with a change, so that it overwrites nothing that was not seen."""

    mode: Mode
    extra: list[str]
    look_inside: bool
    uninspected: Choice
    executables: Choice
    listed: list[str]
    offered: list[str]
    licence: TalkLicence
    version: str


def routes(services: Services) -> list[BaseRoute]:
    """Every address here asks the door, and the right, first."""
    return [
        Route("/api/admin/talk", partial(show, services), methods=["GET"]),
        Route("/api/admin/talk", partial(save, services), methods=["POST"]),
    ]


async def show(services: Services, request: Request) -> Response:
    await _actor(services, request)
    return await _shown(services)


async def save(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    await services.writer.act(settings.change_policy, actor, await read_json(request, Wanted))
    return await _shown(services)


async def _actor(services: Services, request: Request) -> Actor:
    actor = door.actor_of(await door.require(services, request), request)
    actor.require(Privilege.ADMIN_GOTALK)
    return actor


async def _shown(services: Services) -> Response:
    policy, licence = await services.readers.ask(_policy_and_licence)
    shown = TalkSettings(
        mode=policy.mode,
        extra=sorted(policy.extra),
        look_inside=policy.look_inside,
        uninspected=policy.uninspected,
        executables=policy.executables,
        listed=list(LISTED),
        offered=list(OFFERED),
        licence=licence,
        version=settings.version_of(policy),
    )
    return Response(msgspec.json.encode(shown), media_type="application/json")


def _policy_and_licence(connection: Connection) -> tuple[Policy, TalkLicence]:
    found = company.find(connection)
    limits = found.licences if found is not None else Licences()
    return settings.current_policy(connection), TalkLicence(seats.used(connection).talk, limits.talk)
