"""JMA and P2P地震情報 on loopback, for whoever listens to them."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import http
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.http11 import Request, Response

from tests.tools.elsewhere import Visit, served

FOLDER = "/developer/xml"


class FakeJma:
    """Lists of telegrams, and the telegrams; what it is asked for is counted by path."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.conditions: list[str] = []
        self.telegrams: dict[str, bytes] = {}
        self.lists: dict[str, list[str]] = {"eqvol.xml": [], "eqvol_l.xml": [], "extra.xml": [], "extra_l.xml": []}
        self.raw: dict[str, bytes] = {}
        """Instead of a list or telegram, these bytes."""
        self.status = "200 OK"
        self.hangs: set[str] = set()
        self.max_age = 20
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{FOLDER}/feed/"

    def publish(self, type: str, data: bytes, at: datetime, *, long: bool = False, host: str = "") -> str:
        """One more telegram in the list (or in the long one alone); its name."""
        number = len(self.telegrams)
        name = f"{at:%Y%m%d%H%M%S}_{number}_{type}_010000"
        self.telegrams[f"{FOLDER}/data/{name}.xml"] = data
        where = host or f"http://127.0.0.1:{self.port}"
        entry = (
            f"<entry><title>震度速報</title><id>{where}/{name}</id><updated>{at:%Y-%m-%dT%H:%M:%SZ}</updated>"
            f'<link type="application/xml" href="{where}{FOLDER}/data/{name}.xml"/></entry>'
        )
        kind = "extra" if type.startswith("VPWW") else "eqvol"
        if not long:
            self.lists[f"{kind}.xml"].append(entry)
        self.lists[f"{kind}_l.xml"].append(entry)
        return name

    def fetched(self, name: str) -> int:
        """How often the telegram was asked for."""
        return self.asked[f"{FOLDER}/data/{name}.xml"]

    def looked(self, name: str = "eqvol.xml") -> int:
        """How often the list was asked for."""
        return self.asked[f"{FOLDER}/feed/{name}"]

    async def handle(self, visit: Visit) -> None:
        path = visit.request.split(" ")[1]
        self.asked[path] += 1
        if path in self.hangs:
            await asyncio.Event().wait()
        body = self._body(path)
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        condition = visit.fields.get("if-none-match", "")
        self.conditions.append(condition)
        if condition == tag:
            return visit.answer(b"", "304 Not Modified", f"ETag: {tag}", f"Cache-Control: max-age={self.max_age}")
        return visit.answer(body, self.status, f"ETag: {tag}", f"Cache-Control: max-age={self.max_age}")

    def _body(self, path: str) -> bytes:
        name = path.rpartition("/")[2]
        if name in self.raw:
            return self.raw[name]
        if name in self.lists:
            return _feed("".join(reversed(self.lists[name])))
        return self.telegrams.get(path, b"not found")


def _feed(entries: str) -> bytes:
    head = '<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><title>高頻度（地震火山）</title>'
    return f"{head}{entries}</feed>".encode()


@contextlib.asynccontextmanager
async def fake_jma() -> AsyncIterator[FakeJma]:
    jma = FakeJma()
    async with served() as other:
        jma.port = other.port
        other.handler = jma.handle
        yield jma


class FakeP2p:
    """The socket, and the history beside it."""

    def __init__(self) -> None:
        self.history: list[bytes] = []
        self.lines: list[ServerConnection] = []
        self.came = asyncio.Condition()
        self.history_asked = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v2/ws"

    async def say(self, data: bytes) -> None:
        """To the newest line."""
        await self.lines[-1].send(data.decode())

    async def close_lines(self) -> None:
        for line in self.lines:
            await line.close()

    async def wait_for_lines(self, count: int) -> None:
        """Until so many have come, in all."""
        async with self.came:
            await self.came.wait_for(lambda: len(self.lines) >= count)

    async def serve(self, line: ServerConnection) -> None:
        async with self.came:
            self.lines.append(line)
            self.came.notify_all()
        await line.wait_closed()

    def answer(self, line: ServerConnection, request: Request) -> Response | None:
        if not request.path.startswith("/v2/history"):
            return None
        self.history_asked += 1
        body = b"[" + b",".join(reversed(self.history)) + b"]"
        return line.respond(http.HTTPStatus.OK, body.decode())


@contextlib.asynccontextmanager
async def fake_p2p() -> AsyncIterator[FakeP2p]:
    p2p = FakeP2p()
    server: Server = await serve(p2p.serve, "127.0.0.1", 0, process_request=p2p.answer, compression=None)
    p2p.port = next(iter(server.sockets)).getsockname()[1]
    try:
        yield p2p
    finally:
        server.close()
        await server.wait_closed()


def at(text: str) -> datetime:
    """A moment in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
