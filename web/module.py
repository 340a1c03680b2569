"""What the face plugs into the server: the pages, the built app, and the page that shows a refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.routing import BaseRoute

from server.module import Module
from server.ports import MESSAGE_PAGE
from server.services import Services
from web import pages
from web.contract import CONTRACT
from web.templating import Pages


def _routes(services: Services) -> list[BaseRoute]:
    return pages.routes(services, Pages(services))


def _ports(services: Services) -> Mapping[str, Any]:
    return {MESSAGE_PAGE: Pages(services).message}


module = Module(name="web", contract=CONTRACT, routes=_routes, ports=_ports)
