"""Descriptors run short: nobody new is let in, and whoever is in goes on."""

from __future__ import annotations

import asyncio
import os
import socket
from contextlib import AsyncExitStack, suppress

import httpx2
import pytest
from websockets.exceptions import InvalidStatus

from server import lines
from server.opening import opened
from tests.fault.test_kill import free_port
from tests.tools.client import Client
from tests.tools.company import hire
from tests.tools.process import ServerProcess
from tests.tools.running import settings_for

LIMIT = 250
"""Of which a fifth is kept."""


async def test_the_last_descriptors_are_kept_for_those_who_are_in(tmp_path, sqlite_template):
    async with opened(settings_for(tmp_path / "var", sqlite_template)) as services:
        token = (await hire(services, "sato")).token
    server = ServerProcess(tmp_path / "var", free_port(), descriptors=LIMIT)
    await server.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.kill)
        clients: list[Client] = []
        with pytest.raises(InvalidStatus) as refused:
            for _ in range(LIMIT):
                clients.append(await Client.connect(server.host, token))
                stack.push_async_callback(clients[-1].close)
        answer = refused.value.response
        assert (answer.status_code, b'"crowded"' in answer.body) == (503, True)
        assert 5 <= int(answer.headers["retry-after"]) <= 30
        assert len(clients) > LIMIT // 2, "it was not the limit that refused"
        assert open_files(server) < LIMIT - LIMIT // 10
        # Work that was under way has let go of some since.
        for _ in range(10):
            with suppress(InvalidStatus):
                clients.append(await Client.connect(server.host, token))
                stack.push_async_callback(clients[-1].close)

        async with httpx2.AsyncClient(base_url=f"http://{server.host}") as visitor:
            page = await visitor.get("/signin")
            assert (page.status_code, page.json()["code"]) == (503, "crowded")
            assert (await visitor.get("/healthz")).status_code == 200
        await clients[0].hello()
        await clients[-1].hello()

        for client in clients[1:20]:
            await client.close()
        await let_in(server, token, stack)


async def test_lines_that_say_nothing_lock_nobody_out(tmp_path, sqlite_template):
    async with opened(settings_for(tmp_path / "var", sqlite_template)):
        pass
    server = ServerProcess(tmp_path / "var", free_port(), descriptors=LIMIT)
    await server.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(server.kill)
        await ready(server)
        silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(LIMIT + 50)]
        for number, line in enumerate(silent):
            stack.callback(line.close)
            if number % 3:
                with suppress(OSError):
                    # Something, and never all of it.
                    line.sendall((b"GET /healthz HTTP/1.1\r\nHost: ", b"\r\n")[number % 2])
        # Before the first of them has been silent for too long.
        await ready(server, lines.HEAD_SECONDS - 2)
        assert open_files(server) < LIMIT


async def test_a_line_that_never_asks_is_cut_and_one_that_asks_stays(server, monkeypatch):
    monkeypatch.setattr(lines, "SWEEP_SECONDS", 0.02)
    monkeypatch.setattr(lines, "HEAD_SECONDS", 0.2)
    person = await server.connect((await hire(server.services, "sato")).token)
    head = f"GET /healthz HTTP/1.1\r\nHost: {server.host}\r\n".encode()
    for said in (b"", head, b"\r\n", head + b"\r\n\r\n", head + b"\r\n" + head):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(said)
        with suppress(ConnectionResetError):
            async with asyncio.timeout(4):
                while await reader.read(1000):
                    pass
        writer.close()
    await person.ask("ping")


async def ready(server: ServerProcess, seconds: float = 15) -> None:
    async with asyncio.timeout(seconds):
        while True:
            # A line that was cut has said nothing that could be read.
            with suppress(ValueError):
                if not await server.failing():
                    return
            await asyncio.sleep(0.1)


async def let_in(server: ServerProcess, token: str, stack: AsyncExitStack) -> None:
    """There is room again as soon as the server has noticed that they went."""
    async with asyncio.timeout(5):
        while True:
            with suppress(InvalidStatus):
                client = await Client.connect(server.host, token)
                stack.push_async_callback(client.close)
                return
            await asyncio.sleep(0.02)


def open_files(server: ServerProcess) -> int:
    assert server.process is not None
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))
