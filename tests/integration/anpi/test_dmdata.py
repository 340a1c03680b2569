"""dmdata.jp's socket: asked for with the key, answered when it pings, given back at the end."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import gzip
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from websockets.asyncio.server import ServerConnection, serve

from anpi import tables as anpi
from anpi.hazard.feeds.dmdata import PROTOCOL, Dmdata
from anpi.hazard.feeds.health import Health
from anpi.hazard.intake import Intake
from anpi.hazard.tables import reports
from tests.tools.elsewhere import Visit, served
from tests.tools.quakes import NOTO, MovedClock, Quake
from tests.tools.running import Running, running, settings_for

PATIENCE = 15.0
KEY = "AKe.0123456789"


class FakeDmdata:
    """The address that gives sockets, and the sockets."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []
        self.lines: list[ServerConnection] = []
        self.said: list[Any] = []
        self.ws_port = 0
        self.ws_host = "localhost"
        self.status = "200 OK"

    async def handle(self, visit: Visit) -> None:
        body = await visit.reader.readexactly(int(visit.fields.get("content-length", "0")))
        request = visit.request.rpartition(" ")[0]
        self.asked.append((request, visit.fields.get("authorization", ""), json.loads(body) if body else None))
        url = f"ws://{self.ws_host}:{self.ws_port}/v2/websocket?ticket=t{len(self.asked)}"
        visit.answer(json.dumps({"status": "ok", "websocket": {"id": 7, "url": url}}).encode(), self.status)

    async def line(self, connection: ServerConnection) -> None:
        self.lines.append(connection)
        async for text in connection:
            self.said.append(json.loads(text))

    async def send(self, **message: Any) -> None:
        await self.lines[-1].send(json.dumps(message))

    async def telegram(self, data: bytes, type: str, id: str, **head: Any) -> None:
        body = base64.b64encode(gzip.compress(data)).decode()
        packed = {"compression": "gzip", "encoding": "base64", "format": "xml", "body": body}
        await self.send(type="data", id=id, version="2.0", head={"type": type, "test": False, **head}, **packed)


@pytest.fixture
async def dmdata() -> AsyncIterator[FakeDmdata]:
    fake = FakeDmdata()
    sockets = await serve(fake.line, "127.0.0.1", 0, subprotocols=[PROTOCOL], compression=None)
    fake.ws_port = next(iter(sockets.sockets)).getsockname()[1]
    async with served() as other:
        other.handler = fake.handle
        fake.port = other.port
        yield fake
    sockets.close()
    await sockets.wait_closed()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
async def server(tmp_path: Path, sqlite_template: Path, dmdata: Any, clock: MovedClock) -> AsyncIterator[Running]:
    chosen = settings_for(
        tmp_path / "var",
        sqlite_template,
        dmdata_key=KEY,
        dmdata_url=f"http://localhost:{dmdata.port}/v2/",
        outbound_hosts=("localhost",),
    )
    async with running(chosen, clock) as here:
        yield here


@contextlib.asynccontextmanager
async def listening(server: Running) -> AsyncIterator[Health]:
    health = Health("dmdata")

    async def pause(_: float) -> None:
        await asyncio.sleep(0.01)

    task = asyncio.create_task(Dmdata(server.services, Intake(server.services), health, lambda: False, pause).run())
    try:
        yield health
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def reached(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.01)


async def rows(server: Running, table: Any) -> list[Any]:
    return await server.services.readers.ask(lambda db: list(db.execute(select(table).order_by(*table.primary_key))))


async def test_a_telegram_over_the_socket_starts_and_the_socket_is_given_back(
    server: Running, dmdata: FakeDmdata, clock: MovedClock
):
    async with listening(server) as health:
        await reached(lambda: dmdata.lines)
        await dmdata.send(type="start", socketId=7)
        await dmdata.send(type="ping", pingId="p1")
        await reached(lambda: dmdata.said == [{"type": "pong", "pingId": "p1"}])
        await dmdata.telegram(Quake(clock, ago=8).warned({NOTO: "6-"}), "VXSE43", "a")
        await dmdata.telegram(Quake(clock, ago=8).warned({NOTO: "6-"}), "VXSE43", "a")
        await dmdata.telegram(Quake(clock).observed({NOTO: "7"}), "VXSE51", "test", test=True)
        await dmdata.telegram(Quake(clock, ago=8).observed({NOTO: "6-"}), "VXSE51", "b")
        await reached(lambda: rows(server, anpi.incidents))
        assert health.error == "" and health.report_at == clock()
    assert [(row.source, row.name, row.type) for row in await rows(server, reports)] == [
        ("dmdata", "a", "VXSE43"),
        ("dmdata", "b", "VXSE51"),
    ]
    (request, authorization, wish), (given_back, *_) = dmdata.asked
    assert request == "POST /v2/socket" and given_back == "DELETE /v2/socket/7"
    assert authorization == f"Basic {base64.b64encode(f'{KEY}:'.encode()).decode()}"
    assert "eew.warning" in wish["classifications"] and wish["test"] == "no" and len(wish["types"]) <= 30


async def test_bad_telegrams_end_nothing(server: Running, dmdata: FakeDmdata, clock: MovedClock):
    async with listening(server):
        await reached(lambda: dmdata.lines)
        await dmdata.send(
            type="data", id="x", head={"type": "VXSE51"}, body="!", encoding="base64", compression="gzip"
        )
        await dmdata.lines[-1].send("no json")
        await dmdata.telegram(b"<html>", "VXSE51", "html")
        await dmdata.telegram(Quake(clock).observed({NOTO: "6-"}), "VXSE51", "good")
        await reached(lambda: rows(server, anpi.incidents))
        assert len(dmdata.lines) == 1


async def test_a_line_that_is_told_to_go_comes_again(server: Running, dmdata: FakeDmdata):
    async with listening(server):
        await reached(lambda: dmdata.lines)
        await dmdata.send(type="error", code=4808, error="closed", close=True)
        await reached(lambda: len(dmdata.lines) == 2)


@pytest.mark.parametrize(
    ("host", "status", "reason"),
    [("127.0.0.1", "200 OK", "host"), ("localhost.evil.test", "200 OK", "host"), ("localhost", "401 X", "http_401")],
)
async def test_a_socket_elsewhere_and_a_wrong_key_are_trouble(
    server: Running, dmdata: FakeDmdata, host: str, status: str, reason: str
):
    dmdata.ws_host, dmdata.status = host, status
    async with listening(server) as health:
        await reached(lambda: health.troubles >= 2)
        assert health.error == reason and dmdata.lines == []
