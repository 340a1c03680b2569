"""Giving a file to who may read its message now: asked each time; only verified pictures are shown in a page.

What a browser may make of it stands in the headers, and they come from our verdict alone, never from the sender.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Mapping
from contextlib import aclosing
from urllib.parse import quote

from sqlalchemy import Connection
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chat import queries as talk
from chat.files import naming, queries
from chat.files.facts import INLINE, UNKNOWN_MEDIA
from chat.files.queries import READY, SENT, FileRow
from chat.files.ranges import part_of
from server.data.store.model import Missing
from server.errors import NotFound
from server.services import Services

SEND_SECONDS = 60.0
"""For each piece: whoever takes longer has gone, or has us hold a file open for ever."""
THUMBNAIL_BYTES = 4 * 1024 * 1024

HEADERS: Mapping[str, str] = {
    "x-content-type-options": "nosniff",
    "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "cache-control": "private, no-store",
}
_PICTURES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg", b"GIF8": "image/gif"}


def readable(connection: Connection, account: int, key: str) -> FileRow:
    """The file, if this person may read its message now, or has not sent it yet; ``NotFound`` for all others."""
    row = queries.by_key(connection, key) if naming.is_key(key) else None
    if row is None or not (_is_own(row, account) or _is_heard(connection, row, account)):
        raise NotFound()
    return row


def _is_own(row: FileRow, account: int) -> bool:
    return row.state == READY and row.account_id == account


def _is_heard(connection: Connection, row: FileRow, account: int) -> bool:
    """In the room, and allowed to talk."""
    if row.state != SENT or row.channel_id is None:
        return False
    standing = talk.membership(connection, row.channel_id, account)
    return standing is not None and standing.active and standing.talks


async def open_file(services: Services, row: FileRow, request: Request, *, inline: bool = True) -> Response:
    """The bytes of a file as an answer; whether somebody may have them is the caller's to ask.

    Only a picture that was verified is shown where it stands, and only if ``inline``: all else is to be saved.
    """
    name = naming.blob(row.key)
    size = await _size(services, name)
    shown = inline and row.media in INLINE
    part = part_of(_asked(request, row), size)
    headers = {
        **HEADERS,
        "content-type": row.media if row.media in INLINE else UNKNOWN_MEDIA,
        "content-disposition": disposition(row.name, "inline" if shown else "attachment"),
        "content-length": str(part.length),
        "accept-ranges": "bytes",
        "etag": f'"{row.stored_sha256}"',
    }
    if not part.whole:
        headers["content-range"] = f"bytes {part.start}-{part.start + part.length - 1}/{size}"
    if request.method == "HEAD":
        return Response(status_code=200 if part.whole else 206, headers=headers)
    services.meter.files["served"] += 1
    services.meter.file_bytes["out"] += part.length
    body = services.store.read(name, part.start, part.length)
    return Streamed(body, 200 if part.whole else 206, headers)


async def open_thumbnail(services: Services, row: FileRow) -> Response:
    """The small picture of a file that has one."""
    if not row.thumbnail:
        raise NotFound()
    name = naming.thumbnail(row.key)
    if await _size(services, name) > THUMBNAIL_BYTES:
        raise NotFound()
    body = b"".join([piece async for piece in services.store.read(name)])
    media = next((kind for magic, kind in _PICTURES.items() if body.startswith(magic)), UNKNOWN_MEDIA)
    headers = {**HEADERS, "content-type": media, "content-disposition": "inline"}
    return Response(body, headers=headers)


def disposition(name: str, how: str) -> str:
    """How a browser is to take it, and under which name; the name says nothing that a header could mean."""
    return f"{how}; filename*=UTF-8''{quote(name, safe='')}"


class Streamed(Response):
    """An answer given piece by piece to whoever goes on taking it."""

    def __init__(self, body: AsyncGenerator[bytes, None], status: int, headers: Mapping[str, str]) -> None:
        self.status_code = status
        self.background = None
        self.init_headers(headers)
        self._pieces = body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        async with aclosing(self._pieces) as pieces:
            async for piece in pieces:
                await _in_time(send({"type": "http.response.body", "body": piece, "more_body": True}))
        await send({"type": "http.response.body", "body": b"", "more_body": False})


async def _in_time(sending: Awaitable[None]) -> None:
    """Who takes nothing for so long has gone."""
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await sending
    except TimeoutError:
        raise ClientDisconnect() from None


def _asked(request: Request, row: FileRow) -> str | None:
    """The part that is asked for, unless it was of another file than this."""
    condition = request.headers.get("if-range")
    if condition is not None and condition != f'"{row.stored_sha256}"':
        return None
    return request.headers.get("range")


async def _size(services: Services, name: str) -> int:
    try:
        return await services.store.size(name)
    except Missing:
        raise NotFound() from None
