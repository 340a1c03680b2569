"""Files over HTTP: brought in pieces that can be taken up again (tus 1.0) or at once; given to who may read them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from chat.files import queries, serving, uploads
from chat.files.names import FileName, name_of_bytes
from chat.files.naming import is_key
from chat.files.queries import READY, REFUSED, SENT, FileRow
from chat.files.transfer import Transfer
from chat.files.wire import NameQuery, Upload
from server.answers import Refusal, language_of
from server.auth import door
from server.auth.model import Actor
from server.bodies import WrongKind, read_query
from server.errors import AppError, Forbidden, Invalid, NotFound
from server.services import Services
from server.texts import sentence

Endpoint = Callable[[Services, Request], Awaitable[Response]]

VERSION = "1.0.0"
PIECES = "application/offset+octet-stream"
METADATA_BYTES = 4096
NUMBER_DIGITS = 15

_TUS: Mapping[str, str] = {"Tus-Resumable": VERSION}


class WrongVersion(AppError):
    """A client that speaks another tus than we do."""

    status = 412
    code = "tus_version"

    def __init__(self) -> None:
        super().__init__(headers={"Tus-Version": VERSION})


def routes(services: Services) -> list[BaseRoute]:
    """Every address here asks the door first."""

    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(path, partial(endpoint, services), methods=[method])

    one = "/api/files/{id}"
    return [
        route("/api/files", "OPTIONS", options),
        route("/api/files", "POST", begin),
        route("/api/files", "PUT", put),
        route(one, "PATCH", append),
        route(one, "DELETE", give_up),
        route(one, "GET", show),
        route("/files/{id}/thumbnail", "GET", thumbnail),
        route("/files/{id}/{name}", "GET", download),
    ]


# ---------------------------------------------------------------- in


async def options(services: Services, request: Request) -> Response:
    """What of tus is spoken here."""
    await _sender(services, request)
    most = str(_transfer(services).limits.file)
    told = {"Tus-Version": VERSION, "Tus-Extension": "creation,termination", "Tus-Max-Size": most}
    return Response(status_code=204, headers={**_TUS, **told})


async def begin(services: Services, request: Request) -> Response:
    """Room for a file, before a byte of it is sent."""
    actor = await _sender(services, request)
    _require_version(request)
    size = _number(request, "upload-length")
    transfer = _transfer(services)
    try:
        name = _announced_name(request)
    except FileName:
        await transfer.refuse_name(actor, ", ".join(request.headers.getlist("upload-metadata")), size)
        raise
    key = await transfer.begin(actor, name, size)
    return Response(status_code=201, headers={**_TUS, "Location": f"/api/files/{key}", "Upload-Offset": "0"})


async def append(services: Services, request: Request) -> Response:
    """Bytes that go on where the upload ends; the last of them is answered with the verdict."""
    actor = await _sender(services, request)
    _require_version(request)
    if request.headers.get("content-type") != PIECES:
        raise WrongKind("tus_type")
    offset = _number(request, "upload-offset")
    transfer = _transfer(services)
    row = await transfer.own(actor, _key(request))
    request.scope["state"]["body_limit"] = transfer.limits.file
    now = await transfer.append(actor, row, offset, request.stream())
    return Response(status_code=204, headers={**_TUS, "Upload-Offset": str(now)})


async def put(services: Services, request: Request) -> Response:
    """A whole file at once."""
    actor = await _sender(services, request)
    name = read_query(request, NameQuery).name
    transfer = _transfer(services)
    # One more than is taken: the refusal shall be ours, with its sentence.
    request.scope["state"]["body_limit"] = 2**63
    size = _number(request, "content-length") if "content-length" in request.headers else None
    row = await transfer.put(actor, name, size, request.stream())
    return Response(msgspec.json.encode(queries.shown(row)), 201, media_type="application/json")


async def show(services: Services, request: Request) -> Response:
    """How far an upload is, and what has come of it; for tus, in headers alone."""
    actor = await _sender(services, request)
    transfer = _transfer(services)
    row = await transfer.settle(actor, await transfer.own(actor, _key(request)))
    offset = transfer.offset(row)
    headers = {**_TUS, "Upload-Offset": str(offset), "Upload-Length": str(row.size)}
    if request.method == "HEAD":
        return Response(headers=headers)
    body = msgspec.json.encode(_shown(services, request, row, offset))
    return Response(body, headers=headers, media_type="application/json")


async def give_up(services: Services, request: Request) -> Response:
    """An upload, or a file that was not sent, is not wanted any more."""
    actor = await _sender(services, request)
    await _transfer(services).give_up(actor, _key(request))
    return Response(status_code=204, headers=_TUS)


# ---------------------------------------------------------------- out


async def download(services: Services, request: Request) -> Response:
    """The bytes of a file, for who may read its message at this moment."""
    row = await _readable(services, request)
    return await serving.open_file(services, row, request, inline="download" not in request.query_params)


async def thumbnail(services: Services, request: Request) -> Response:
    """Its small picture."""
    return await serving.open_thumbnail(services, await _readable(services, request))


# ---------------------------------------------------------------- the common steps


async def _readable(services: Services, request: Request) -> FileRow:
    signed_in = await door.require(services, request)
    return await services.readers.ask(serving.readable, signed_in.account.id, request.path_params["id"])


async def _sender(services: Services, request: Request) -> Actor:
    """Who asks, if he may talk."""
    signed_in = await door.require(services, request)
    if not signed_in.account.talk:
        raise Forbidden("talk_disabled")
    return door.actor_of(signed_in, request)


def _transfer(services: Services) -> Transfer:
    transfer: Transfer = services.state["chat.files"]
    return transfer


def _key(request: Request) -> str:
    key: str = request.path_params["id"]
    if not is_key(key):
        raise NotFound()
    return key


def _require_version(request: Request) -> None:
    if request.headers.get("tus-resumable") != VERSION:
        raise WrongVersion()


def _number(request: Request, header: str) -> int:
    """A header that holds a number, once."""
    values = request.headers.getlist(header)
    if len(values) != 1 or not values[0].isascii() or not values[0].isdecimal() or len(values[0]) > NUMBER_DIGITS:
        raise Invalid()
    return int(values[0])


def _announced_name(request: Request) -> str:
    """The file's name in ``Upload-Metadata``: pairs of a word and base64, separated by commas, each word once."""
    values = request.headers.getlist("upload-metadata")
    if len(values) != 1 or len(values[0]) > METADATA_BYTES:
        raise FileName()
    pairs = [pair.strip().partition(" ") for pair in values[0].split(",")]
    found = {word: coded for word, _, coded in pairs}
    if len(found) != len(pairs) or "filename" not in found:
        raise FileName()
    try:
        return name_of_bytes(base64.b64decode(found["filename"], validate=True))
    except binascii.Error:
        raise FileName() from None


def _shown(services: Services, request: Request, row: FileRow, offset: int) -> Upload:
    shown = Upload(id=row.key, state=row.state, name=row.name, offset=offset, size=row.size)
    if row.state in (READY, SENT):
        shown.file = queries.shown(row)
    if row.state == REFUSED:
        problem = uploads.answer_of(row)
        said = sentence(problem, language_of(request.scope, services.settings))
        shown.refusal = Refusal(problem.code, said)
    return shown
