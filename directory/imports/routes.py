"""Imports and exports over HTTP. A file is the body of the request, as it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from directory.imports import exporting
from directory.imports.applying import RIGHT
from directory.imports.exporting import disposition, encoded, export, file_name, line
from directory.imports.model import Act, Kind, Options
from directory.imports.samples import sample
from directory.imports.upload import UPLOAD_LIMIT
from directory.imports.wire import ImportEncoding, ImportSheets, LastImport
from directory.imports.work import imports_of
from server.answers import language_of
from server.auth import door
from server.auth.admin_routes import address_of
from server.auth.audit import record
from server.auth.model import Actor
from server.auth.routes import Nothing
from server.auth.trail import COMPANY_TIME
from server.bodies import read_json, read_query
from server.data.transaction import Transaction
from server.errors import Invalid, NotFound
from server.services import Services

Endpoint = Callable[[Services, Request], Awaitable[Response]]
TSV = "text/tab-separated-values"


class PreviewQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """What has been ticked; ``columns`` is JSON of headings and the columns that they mean."""

    keep_passwords: bool = True
    zeros: bool = False
    marks: bool = False
    make_passwords: bool = False
    sheet: str = ""
    columns: str = "{}"

    def options(self) -> Options:
        try:
            columns = msgspec.json.decode(self.columns, type=dict[str, str])
        except msgspec.DecodeError:
            raise Invalid("format", field="columns") from None
        return Options(self.keep_passwords, self.zeros, self.marks, self.make_passwords, self.sheet, columns)


class RowsQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """Which rows, from where on."""

    act: Act = "change"
    start: int = 0


class ExportQuestion(msgspec.Struct, forbid_unknown_fields=True):
    """How the file is written."""

    encoding: ImportEncoding = "utf-16"


def routes(services: Services) -> list[BaseRoute]:
    """Every address here asks the door first, and then the right."""

    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, partial(endpoint, services), methods=[method])

    one = "/api/admin/imports/{id:int}"
    return [
        route(one, "GET", progress),
        route(f"{one}/rows", "GET", rows),
        route(f"{one}/errors.tsv", "GET", errors),
        route(f"{one}/apply", "PUT", apply),
        route(f"{one}/sheets", "POST", sheets),
        route(f"{one}/undo", "POST", undo),
        route("/api/admin/imports/{kind}/last", "GET", last),
        route("/api/admin/imports/{kind}/undo-preview", "POST", undo_preview),
        route("/api/admin/imports/{kind}", "PUT", preview),
        route("/api/admin/exports/{kind}", "GET", download),
        route("/api/admin/samples/{kind}", "GET", download_sample),
    ]


async def preview(services: Services, request: Request) -> Response:
    actor, kind = await _actor(services, request), _kind(request)
    # Asked again inside; here so that nobody has us read so much for nothing.
    actor.require(RIGHT[kind])
    options = read_query(request, PreviewQuestion).options()
    return _json(await imports_of(services).preview(actor, kind, _body(request), options))


async def apply(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    address = address_of(services, request)
    return _json(await imports_of(services).apply(actor, _id(request), _body(request), address))


async def progress(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    language = language_of(request.scope, services.settings)
    return _json(await imports_of(services).progress(actor, _id(request), language))


async def rows(services: Services, request: Request) -> Response:
    actor, asked = await _actor(services, request), read_query(request, RowsQuestion)
    return _json(await imports_of(services).rows(actor, _id(request), asked.act, max(0, asked.start)))


async def errors(services: Services, request: Request) -> Response:
    """The rows to correct, to be opened and saved by Excel."""
    found = imports_of(services).error_rows(await _actor(services, request), _id(request))
    first = await anext(found)

    async def text() -> AsyncIterator[bytes]:
        yield b"\xff\xfe" + encoded(line(first), "utf-16")
        async for cells in found:
            yield encoded(line(cells), "utf-16")

    return _file(text(), "import_errors.tsv")


async def sheets(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    await read_json(request, Nothing)
    return _json(ImportSheets(await imports_of(services).sheets(actor, _id(request))))


async def last(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    return _json(LastImport(await imports_of(services).last(actor, _kind(request)) is not None))


async def undo_preview(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    await read_json(request, Nothing)
    return _json(await imports_of(services).undo_preview(actor, _kind(request)))


async def undo(services: Services, request: Request) -> Response:
    actor = await _actor(services, request)
    await read_json(request, Nothing)
    return _json(await imports_of(services).undo(actor, _id(request)))


async def download(services: Services, request: Request) -> Response:
    actor, kind = await _actor(services, request), _kind(request)
    actor.require(RIGHT[kind])
    encoding = read_query(request, ExportQuestion).encoding
    await services.writer.act(_exported, actor, kind)
    return _file(export(services, kind, encoding), file_name(kind, services.clock().astimezone(COMPANY_TIME)))


async def download_sample(services: Services, request: Request) -> Response:
    actor, kind = await _actor(services, request), _kind(request)
    actor.require(RIGHT[kind])
    body = b"\xff\xfe" + encoded(sample(kind), "utf-16")
    name = file_name(kind, services.clock().astimezone(COMPANY_TIME), sample=True)
    return Response(body, media_type=TSV, headers={"content-disposition": disposition(name)})


def _exported(tx: Transaction, actor: Actor, kind: Kind) -> None:
    record(tx, actor, f"directory.export.{kind}")


async def _actor(services: Services, request: Request) -> Actor:
    signed_in = await door.require(services, request)
    return door.actor_of(signed_in, request)


def _kind(request: Request) -> Kind:
    kind = request.path_params["kind"]
    if kind not in exporting.KINDS:
        raise NotFound()
    return kind  # type: ignore[no-any-return]


def _id(request: Request) -> int:
    id: int = request.path_params["id"]
    if id >= 2**53:
        raise NotFound()
    return id


def _body(request: Request) -> AsyncIterator[bytes]:
    request.scope["state"]["body_limit"] = UPLOAD_LIMIT
    return request.stream()


def _file(body: AsyncIterator[bytes], name: str) -> Response:
    return StreamingResponse(body, media_type=TSV, headers={"content-disposition": disposition(name)})


def _json(answer: msgspec.Struct) -> Response:
    return Response(msgspec.json.encode(answer), media_type="application/json")
