"""What the directory plugs into the server."""

from __future__ import annotations

from starlette.routing import BaseRoute

from directory import catchup, commands, people_port, routes, state, upkeep
from directory.contract import CONTRACT
from directory.demo.loading import load
from directory.imports import offer as imports
from directory.imports.cli import commands as import_commands
from directory.imports.routes import routes as import_routes
from directory.listing import on_company_changed, on_people_changed
from directory.model import STATUS_TOPIC, TOPIC
from directory.pictures import offer as pictures
from directory.pictures.routes import routes as picture_routes
from directory.reindexing import JOBS, TICKS
from server.contract.terms import joined
from server.module import Module, TopicKind
from server.ports import COMPANY_CHANGED, PEOPLE, PEOPLE_CHANGED
from server.services import Services


def _routes(services: Services) -> list[BaseRoute]:
    return [*routes.routes(services), *picture_routes(services), *import_routes(services)]


def _ports(services: Services) -> dict[str, object]:
    return {
        PEOPLE_CHANGED: on_people_changed,
        COMPANY_CHANGED: on_company_changed,
        PEOPLE: people_port.Directory(),
    }


module = Module(
    name="directory",
    opens=state.open_here,
    closes=state.close_here,
    routes=_routes,
    commands=commands.HANDLERS,
    contract=joined([CONTRACT, pictures.CONTRACT, imports.CONTRACT]),
    topics=(
        TopicKind(TOPIC, catchup.heads, catchup.missing),
        TopicKind(STATUS_TOPIC, catchup.heads, catchup.missing_statuses),
    ),
    jobs={**JOBS, **imports.JOBS},
    ticks=(*TICKS, *upkeep.TICKS, *pictures.TICKS, *imports.TICKS),
    ports=_ports,
    sandbox={**pictures.SANDBOX, **imports.SANDBOX},
    cli=import_commands,
    orders=imports.ORDERS,
    demo=load,
)
