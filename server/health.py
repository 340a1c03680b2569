"""Whether this process is there: for load balancers, and for ``./run`` to know when it may say so."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import JSONResponse


async def healthz(request: Request) -> JSONResponse:
    """Alive, and answering."""
    return JSONResponse({"status": "ok"})
