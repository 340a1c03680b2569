"""A real server for a test: opened, listening on a free port, in the test's own loop."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
import uvicorn.server

from server import run
from server.clock import Clock, system_clock
from server.opening import opened
from server.services import Services
from server.settings import Settings
from tests.tools.client import Client

LOOK_SECONDS = 0.005
FAST_HASHES = 64
"""KiB of memory for a password hash in tests."""


class Running:
    """A server that answers at ``address``."""

    def __init__(self, services: Services, port: int) -> None:
        self.services = services
        self.port = port
        self.host = f"127.0.0.1:{port}"
        self.address = f"http://{self.host}"
        self.processes: list[Running] = [self]
        self._clients: list[Client] = []

    async def connect(self, token: str, *, hello: bool = True, have: dict[str, int] | None = None) -> Client:
        """Somebody's open socket, greeted."""
        client = await Client.connect(self.host, token)
        self._clients.append(client)
        if hello:
            await client.hello(have)
        return client

    async def close_clients(self) -> None:
        for client in self._clients:
            await client.close()


class Together(Running):
    """Several processes on one database, in one loop: whoever connects comes to the next of them."""

    def __init__(self, processes: list[Running]) -> None:
        first = processes[0]
        super().__init__(first.services, first.port)
        self.processes = processes
        self._next = itertools.cycle(processes)

    async def connect(self, token: str, *, hello: bool = True, have: dict[str, int] | None = None) -> Client:
        return await next(self._next).connect(token, hello=hello, have=have)


@contextlib.asynccontextmanager
async def together(settings: Settings, clock: Clock = system_clock, processes: int = 2) -> AsyncIterator[Together]:
    """Several servers on the same database and bus."""
    async with contextlib.AsyncExitStack() as stack:
        yield Together([await stack.enter_async_context(running(settings, clock)) for _ in range(processes)])


class _Awake:
    """``asyncio`` for uvicorn, but that nobody sleeps longer than ``LOOK_SECONDS``."""

    def __getattr__(self, name: str) -> Any:
        return getattr(asyncio, name)

    @staticmethod
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(min(seconds, LOOK_SECONDS))


class Prompt(run._Server):
    """The server of production, but that it does not look only each tenth of a second whether it is to end, and
    whether all have gone."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config, services)
        self.told = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.told.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        uvicorn.server.asyncio = _Awake()  # type: ignore[assignment]
        try:
            await super().shutdown(sockets)
        finally:
            # Of two that end together the second may sleep its tenth of a second after all.
            uvicorn.server.asyncio = asyncio


@contextlib.asynccontextmanager
async def running(settings: Settings, clock: Clock = system_clock) -> AsyncIterator[Running]:
    """Serve until the block ends; the way out is the one of production, without its naps."""
    async with opened(settings, clock) as services:
        listener = run.listen("127.0.0.1", 0)
        server = Prompt(run._config(services), services)
        serving = asyncio.create_task(server._serve([listener]), name="uvicorn")
        here = Running(services, listener.getsockname()[1])
        try:
            while not server.started:
                await asyncio.sleep(0.005)
            yield here
        finally:
            await here.close_clients()
            server.told.set()
            await serving


def settings_for(folder: Path, template: Path | None = None, **given: object) -> Settings:
    """Settings of a server of its own in ``folder``, migrated already when a template is given."""
    if template is not None:
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(template, folder / "renraku.db")
    defaults: dict[str, object] = {"argon2_memory": FAST_HASHES, "posts_per_second": 100_000, "var": folder}
    return Settings(**(defaults | given))  # type: ignore[arg-type]
