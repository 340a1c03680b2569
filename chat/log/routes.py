"""The talk log over HTTP. Whoever may not read it hears what he would hear of an address that does not exist."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from functools import partial
from hashlib import sha256
from typing import Any, NamedTuple

import msgspec
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from starlette.types import Message, Receive, Scope, Send

from chat import logbook
from chat.files import queries as file_queries
from chat.files.naming import is_key
from chat.files.ranges import Part, part_of
from chat.files.serving import SEND_SECONDS, open_file
from chat.log import alarms, downloads, holds, reading, state
from chat.log.downloads import Download, Sending
from chat.log.packing import packed
from chat.log.signing import public_pem
from chat.log.wire import (
    LogAlarm,
    LogDownload,
    LogDownloadWish,
    LogFileQuestion,
    LogFind,
    LogHold,
    LogHolds,
    LogHoldWish,
    LogPeople,
    LogQuestion,
    LogReleaseWish,
    LogRooms,
    TalkLog,
)
from server.answers import language_of
from server.auth import door
from server.auth.audit import record
from server.auth.model import Actor, SignedIn
from server.auth.signing_in import confirm_password
from server.bodies import read_json, read_query
from server.clock import to_millis, zone
from server.data.transaction import Transaction
from server.errors import NotFound
from server.services import Services

Endpoint = Callable[[Services, Request], Awaitable[Response]]
ROOT = "/api/talk-log"
ASK_AGAIN_BYTES = 16 * 1024 * 1024
ASK_AGAIN_SECONDS = 5.0
"""After so many bytes, and after so long, a download asks again whether its reader still may."""
_MEDIA = {"jsonl": "application/jsonl", "csv": "text/csv; charset=utf-8", "zip": "application/zip"}


def routes(services: Services) -> list[BaseRoute]:
    """Every address here asks the door, and then the right."""

    def route(path: str, method: str, endpoint: Endpoint) -> Route:
        return Route(ROOT + path, partial(endpoint, services), methods=[method])

    return [
        route("", "GET", show),
        route("/rooms", "GET", find_rooms),
        route("/people", "GET", find_people),
        route("/downloads", "POST", begin),
        route("/downloads/{id}", "GET", fetch),
        route("/keys/{id}", "GET", show_key),
        route("/holds", "GET", list_holds),
        route("/holds", "POST", place_hold),
        route("/holds/{id:int}/release", "POST", release_hold),
        route("/files/{id}", "GET", read_file),
    ]


async def _reader(services: Services, request: Request) -> tuple[SignedIn, Actor]:
    """Who asks, if he may read the log; everybody else is told that there is nothing here."""
    signed_in = await door.require(services, request)
    if not reading.may_read(signed_in.account):
        raise NotFound()
    return signed_in, door.actor_of(signed_in, request)


# ---------------------------------------------------------------- the screen


async def show(services: Services, request: Request) -> Response:
    await _reader(services, request)
    asked = read_query(request, LogQuestion)
    now, called = services.clock(), services.settings.time_zone
    current = reading.month_of(now, zone(called))
    parts = await services.readers.ask(_parts, asked.month or current, current, to_millis(now))
    key = state.of(services).keys.current
    return _json(TalkLog(month=asked.month or current, key=key, time_zone=called, **parts))


def _parts(connection: Connection, month: str, current: str, now: int) -> dict[str, Any]:
    return {
        "months": reading.months(connection, current),
        "segments": reading.segments_of(connection, month),
        "latest": reading.latest(connection),
        "head": reading.head(connection),
        "readers": reading.readers(connection),
        "alarms": [LogAlarm(each.result, each.at, each.detail) for each in alarms.alarms(connection, now)],
    }


async def find_rooms(services: Services, request: Request) -> Response:
    await _reader(services, request)
    return _json(LogRooms(await services.readers.ask(reading.rooms, read_query(request, LogFind).text)))


async def find_people(services: Services, request: Request) -> Response:
    await _reader(services, request)
    return _json(LogPeople(await services.readers.ask(reading.people, read_query(request, LogFind).text)))


async def show_key(services: Services, request: Request) -> Response:
    """The public half of a key that has signed manifests."""
    await _reader(services, request)
    id = request.path_params["id"]
    pem = await public_pem(services, id)
    if pem is None:
        raise NotFound()
    return Response(pem, media_type="application/x-pem-file", headers=_saved_as(f"talklog_{id}.pem"))


# ---------------------------------------------------------------- downloads


async def begin(services: Services, request: Request) -> Response:
    signed_in, actor = await _reader(services, request)
    wish = await read_json(request, LogDownloadWish)
    downloads.reason_of(wish.reason)
    await confirm_password(services, signed_in, actor, wish.password)
    language = language_of(request.scope, services.settings)
    time_zone = services.settings.time_zone
    made = await services.writer.act(downloads.wish, actor, wish.wanted, wish.form, wish.reason, time_zone, language)
    address = f"{ROOT}/downloads/{made.key}"
    return _json(LogDownload(made.key, made.plan.name, made.until, address), 201)


async def fetch(services: Services, request: Request) -> Response:
    """The bytes; from where a browser had got to, if the form allows it."""
    _, actor = await _reader(services, request)
    now = to_millis(services.clock())
    download: Download = await services.readers.ask(_wished, actor, request.path_params["id"], now)
    sending: Sending = services.state[downloads.SENDING]
    sending.begin()
    try:
        return await _answer(services, request, actor, download, sending)
    except BaseException:
        sending.end()
        raise


def _wished(connection: Connection, actor: Actor, key: str, now: int) -> Download:
    download = downloads.find(connection, actor, key, now)
    downloads.require_whole(connection, download)
    return download


async def _answer(
    services: Services, request: Request, actor: Actor, download: Download, sending: Sending
) -> Response:
    plan = download.plan
    headers = {**_saved_as(plan.name), "content-type": _MEDIA[plan.form], "etag": _etag(download)}
    if plan.form == "zip":
        whole = packed(services, download, actor.name)
        return _sent(services, request, actor, _Bytes(200, {**headers, "accept-ranges": "none"}, whole), sending)
    headers["accept-ranges"] = "bytes"
    known = plan.size if plan.whole and plan.form == "jsonl" else None
    wanted = request.headers.get("range") if _same(request, headers["etag"]) else None
    if wanted is None:
        if known is not None:
            headers["content-length"] = str(known)
        body = downloads.content(services, plan)
        return _sent(services, request, actor, _Bytes(200, headers, body), sending)
    size = await sending.size(download, partial(_count, services, request, actor, download))
    part = part_of(wanted, size)
    headers["content-length"] = str(part.length)
    if not part.whole:
        headers["content-range"] = f"bytes {part.start}-{part.start + part.length - 1}/{size}"
    rest = _first_bytes(downloads.content(services, plan, part.start), part)
    return _sent(services, request, actor, _Bytes(200 if part.whole else 206, headers, rest), sending)


class _Bytes(NamedTuple):
    status: int
    headers: dict[str, str]
    body: AsyncIterator[bytes]


class _Sent(StreamingResponse):
    """A download that gives its place back whatever becomes of it. Whoever takes no piece for long has gone."""

    sending: Sending

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def in_time(message: Message) -> None:
            async with asyncio.timeout(SEND_SECONDS):
                await send(message)

        try:
            await super().__call__(scope, receive, in_time)
        finally:
            self.sending.end()


def _sent(services: Services, request: Request, actor: Actor, answer: _Bytes, sending: Sending) -> Response:
    if request.method == "HEAD":
        sending.end()
        told = Response(status_code=answer.status, headers=answer.headers)
        if "content-length" not in answer.headers:
            del told.headers["content-length"]
        return told
    sent = _Sent(_watched(services, request, actor, answer.body), answer.status, answer.headers)
    sent.sending = sending
    return sent


async def _watched(
    services: Services, request: Request, actor: Actor, body: AsyncIterator[bytes]
) -> AsyncIterator[bytes]:
    """The same bytes, as long as the session and the right to read are there: the line ends in the middle when one
    of them is taken away."""
    sent, asked = 0, time.monotonic()
    async with aclosing(body) as pieces:  # type: ignore[type-var]
        async for piece in pieces:
            if piece:
                yield piece
            sent += len(piece)
            if sent >= ASK_AGAIN_BYTES or time.monotonic() - asked >= ASK_AGAIN_SECONDS:
                await door.admit(services, request)
                await services.readers.ask(reading.require_reader, actor)
                sent, asked = 0, time.monotonic()


async def _count(services: Services, request: Request, actor: Actor, download: Download) -> int:
    """How many bytes it has; under the same rule, and only while somebody waits for it."""
    size = 0
    async with aclosing(_watched(services, request, actor, downloads.content(services, download.plan))) as pieces:  # type: ignore[type-var]
        async for piece in pieces:
            size += len(piece)
            if await request.is_disconnected():
                raise NotFound()
    return size


async def _first_bytes(body: AsyncIterator[bytes], part: Part) -> AsyncIterator[bytes]:
    left = part.length
    async with aclosing(body) as pieces:  # type: ignore[type-var]
        async for piece in pieces:
            yield piece[:left]
            left -= len(piece)
            if left <= 0:
                return


def _same(request: Request, etag: str) -> bool:
    """Whether a part may be sent: what the browser has begun with is still the same."""
    condition = request.headers.get("if-range")
    return condition is None or condition == etag


def _etag(download: Download) -> str:
    """A download never changes, and neither does what it holds."""
    return f'"{sha256(download.key.encode()).hexdigest()[:32]}"'


# ---------------------------------------------------------------- what is to be kept


async def list_holds(services: Services, request: Request) -> Response:
    await _reader(services, request)
    return _json(LogHolds(await services.readers.ask(_holds)))


async def place_hold(services: Services, request: Request) -> Response:
    _, actor = await _reader(services, request)
    wish = await read_json(request, LogHoldWish)
    id = await services.writer.act(_place, actor, wish)
    return _json(await services.readers.ask(_hold, id), 201)


async def release_hold(services: Services, request: Request) -> Response:
    _, actor = await _reader(services, request)
    wish, id = await read_json(request, LogReleaseWish), request.path_params["id"]
    if id >= 2**53:
        raise NotFound()
    await services.writer.act(_release, actor, id, wish.reason)
    return _json(await services.readers.ask(_hold, id))


def _place(tx: Transaction, actor: Actor, wish: LogHoldWish) -> int:
    reading.require_reader(tx.connection, actor)
    return holds.place(tx, actor, wish.kind, wish.target, downloads.reason_of(wish.reason))


def _release(tx: Transaction, actor: Actor, id: int, reason: str) -> None:
    reading.require_reader(tx.connection, actor)
    holds.release(tx, actor, id, downloads.reason_of(reason))


def _holds(connection: Connection) -> list[LogHold]:
    return [_shown(each) for each in holds.listed(connection)]


def _hold(connection: Connection, id: int) -> LogHold:
    found = next((each for each in _holds(connection) if each.id == id), None)
    if found is None:
        raise NotFound()
    return found


def _shown(hold: holds.Hold) -> LogHold:
    return LogHold(
        id=hold.id,
        kind="person" if hold.kind == holds.PERSON else "room",
        target=hold.target,
        name=hold.name,
        reason=hold.reason,
        by=hold.by,
        at=to_millis(hold.at),
        released_at=to_millis(hold.released_at) if hold.released_at else 0,
    )


# ---------------------------------------------------------------- a file that a line names


async def read_file(services: Services, request: Request) -> Response:
    """A file's bytes, of a deleted message too. Each reading is a line of the log before a byte of it is sent."""
    _, actor = await _reader(services, request)
    key = request.path_params["id"]
    asked = read_query(request, LogFileQuestion)
    row = await services.readers.ask(file_queries.by_key, key) if is_key(key) else None
    if row is None or row.state not in (file_queries.SENT, file_queries.DELETED):
        raise NotFound()
    await services.readers.ask(downloads.find, actor, asked.download, to_millis(services.clock()))
    if request.method != "HEAD":
        await services.writer.act(_file_read, actor, row, asked.download)
    return await open_file(services, row, request, inline=False)


def _file_read(tx: Transaction, actor: Actor, row: file_queries.FileRow, key: str) -> None:
    """Only in the course of a download, for which a reason was given."""
    download = downloads.find(tx.connection, actor, key, to_millis(tx.now))
    why = {"download": download.key, "reason": download.reason}
    told = {"file": {"id": row.key, "name": row.name, "sha256": row.sha256}, "place": [row.channel_id, row.seq]}
    logbook.note(tx, "file_read", actor.account_id, name=actor.name, **why, **told)
    record(tx, actor, "talk.log_file", row.name, file=row.key, reason=download.reason)


def _saved_as(name: str) -> dict[str, str]:
    """Our own names: letters, digits and ``._-`` only."""
    return {"content-disposition": f'attachment; filename="{name}"'}


def _json(answer: msgspec.Struct, status: int = 200) -> Response:
    return Response(msgspec.json.encode(answer), status, media_type="application/json")
