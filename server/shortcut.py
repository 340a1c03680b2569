"""The way past the router for what everybody asks in the same moment.

After an earthquake thousands open their links: the router and the layers around an endpoint would cost more than the
page. So routes of one word behind a place that is open to everybody (``Module.open_paths``: ``/a/{token}``) are found
here by their beginning; whatever is not one of those goes the long way, which knows every refusal.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

_ONE_WORD = re.compile(r"(?P<place>/\w+/)\{(?P<name>\w+)\}")


class Shortcut:
    """Asks the endpoint itself; ``app`` is the long way."""

    def __init__(self, app: ASGIApp, routes: Iterable[BaseRoute], open_paths: tuple[str, ...]) -> None:
        self._app = app
        self._found: dict[tuple[str, str], tuple[Route, str]] = {}
        self._others: set[str] = set()
        for route in routes:
            if isinstance(route, Route) and route.path.startswith(open_paths):
                self._remember(route)

    def _remember(self, route: Route) -> None:
        word = _ONE_WORD.fullmatch(route.path)
        if word is None:
            self._others.add(route.path)
            return
        for method in route.methods or ():
            self._found[method, word["place"]] = (route, word["name"])

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        end = path.find("/", 1) + 1
        known = self._found.get((scope.get("method", ""), path[:end]))
        if known is None or end == len(path) or "/" in path[end:] or path in self._others or scope.get("root_path"):
            return await self._app(scope, receive, send)
        route, name = known
        scope["route"], scope["path_params"] = route, {name: path[end:]}
        answer: Response = await route.endpoint(Request(scope, receive, send))
        return await answer(scope, receive, send)
