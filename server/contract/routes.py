"""Gives the two documents to whoever asks: made at the first question, and told from older ones by their ETag."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property, partial

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from server.contract.documents import asyncapi_text, contract_of, openapi_text
from server.services import Services


def routes(services: Services) -> list[BaseRoute]:
    """The contract of the features that run here."""
    contract = contract_of(services.modules)
    return [
        Route("/api/asyncapi.json", _Document(partial(asyncapi_text, contract)).answer, methods=["GET"]),
        Route("/api/openapi.json", _Document(partial(openapi_text, contract)).answer, methods=["GET"]),
    ]


class _Document:
    """One text that does not change while the process lives."""

    def __init__(self, make: Callable[[], str]) -> None:
        self._make = make

    @cached_property
    def _body(self) -> bytes:
        return self._make().encode()

    @cached_property
    def _etag(self) -> str:
        return f'"{hashlib.sha256(self._body).hexdigest()[:32]}"'

    async def answer(self, request: Request) -> Response:
        headers = {"etag": self._etag, "cache-control": "public, no-cache"}
        if self._is_held(request.headers.get("if-none-match", "")):
            return Response(status_code=304, headers=headers)
        return Response(self._body, headers=headers, media_type="application/json")

    def _is_held(self, held: str) -> bool:
        """A proxy that packs answers makes the tag a weak one: for reading it names the same."""
        return self._etag in (tag.strip().removeprefix("W/") for tag in held.split(","))
