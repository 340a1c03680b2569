"""docs/http.md names every address of the app, and none that does not exist."""

from __future__ import annotations

import re
from types import SimpleNamespace

from starlette.routing import Mount, Route

from server.app import make_app
from server.gate import SOCKET
from server.module import load_modules
from server.settings import Settings
from tests.tools.documents import page, table


def test_every_route_stands_there():
    assert listed() == existing()


def listed() -> set[tuple[str, str]]:
    rows = table(page("docs/http.md"), "Routes")
    return {(method.strip("`"), path.strip("`")) for method, path, *_ in rows}


def existing() -> set[tuple[str, str]]:
    """The routes of an app that nobody opened: making them asks the services for their settings alone."""
    settings = Settings()
    app = make_app(SimpleNamespace(settings=settings, modules=load_modules(settings.modules)))
    # The socket is asked by the gate, before the routes.
    return {("GET", SOCKET), *((method, shown(route)) for route in app.routes for method in methods(route))}


def methods(route: object) -> set[str]:
    return (route.methods or set()) - {"HEAD"} if isinstance(route, Route) else {"GET"}


def shown(route: object) -> str:
    """The path as people write it: without the types of its parts, and a mounted folder with what is in it."""
    path = re.sub(r":\w+}", "}", route.path)
    return f"{path}/…" if isinstance(route, Mount) else path
