"""The web application: routes of the ground and of every feature, behind one gate."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import BaseRoute, Route

from server.answers import EXCEPTION_HANDLERS
from server.auth.admin_routes import routes as admin_routes
from server.auth.routes import routes as auth_routes
from server.contract.routes import routes as contract_routes
from server.gate import Gate
from server.health import Readiness, healthz
from server.metrics import Metrics
from server.services import Services
from server.socket import Socket


def make_app(services: Services) -> Starlette:
    """Everything that answers HTTP and WebSockets in one process."""
    readiness = Readiness(services)
    routes: list[BaseRoute] = [
        Route("/healthz", healthz, methods=["GET"]),
        Route("/readyz", readiness.readyz, methods=["GET"]),
        Route("/servez", readiness.servez, methods=["GET"]),
        Route("/metrics", Metrics(services).answer, methods=["GET"]),
        *auth_routes(services),
        *admin_routes(services),
        *contract_routes(services),
    ]
    for module in services.modules:
        if module.routes is not None:
            routes += module.routes(services)
    # Inside Starlette's own outermost layer, which would answer each refusal with 500 before the gate saw it.
    gate = Middleware(Gate, services=services, socket=Socket(services), routes=routes)
    return Starlette(routes=routes, middleware=[gate], exception_handlers=EXCEPTION_HANDLERS)
