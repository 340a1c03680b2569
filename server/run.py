"""Serving: uvicorn with our protocol, our waves at the end, and the loops of this process."""

from __future__ import annotations

import asyncio
import gc
import signal
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from types import FrameType

import uvicorn

from server.app import make_app
from server.clock import Clock, system_clock
from server.draining import finish, say_goodbye, unless
from server.lines import Line, SilentLines
from server.live.protocol import TalkProtocol
from server.opening import opened
from server.services import Services
from server.settings import Settings
from server.work.dispatching import Dispatcher
from server.work.housekeeping import TICKS
from server.work.jobs import Worker
from server.work.ticks import Ticker

REQUEST_SECONDS = 10
"""For requests under way when the process drains."""
SHUTDOWN_SECONDS = REQUEST_SECONDS + 2.0
MESSAGE_BYTES = 64 * 1024
SWITCH_SECONDS = 0.0005
"""sqlite3 gives the GIL away at each statement; beside a busy loop it waits this long to get it back: at the
default (5 ms) a group of six statements took 33 ms, so 3.9."""


async def run_server(
    settings: Settings, listener: socket.socket, ready: Callable[[Services], Awaitable[None]] | None = None
) -> None:
    """Serve on ``listener`` until SIGTERM or SIGINT. ``ready`` is called (and awaited) before the first request."""
    sys.setswitchinterval(SWITCH_SECONDS)
    async with opened(settings) as services, watched(services, "web"):
        work = [asyncio.create_task(Ticker(services, TICKS).run(), name="ticks")]
        if settings.embedded:
            work.append(asyncio.create_task(Worker(services).run(), name="jobs"))
            work.append(asyncio.create_task(Dispatcher(services).run(), name="mails"))
        work += features(services)
        server = _Server(_config(services), services)
        try:
            if ready is not None:
                await ready(services)
            settle_memory()
            await server.serve([listener])
        finally:
            await finish(services, work, server.hurry)


@asynccontextmanager
async def serving(
    settings: Settings, listener: socket.socket, clock: Clock = system_clock
) -> AsyncIterator[Services]:
    """A server in this process beside the block, with the loops of its features, and its orderly end. Signals stay
    the caller's, and the ground's own jobs, mails and ticks are not done."""
    async with opened(settings, clock) as services, watched(services, "web"):
        work, server = features(services), _Server(_config(services), services)
        answering = asyncio.create_task(server._serve([listener]), name="server")
        try:
            # uvicorn tells nobody when it has begun.
            while not (server.started or answering.done()):  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            yield services
        finally:
            server.handle_exit(signal.SIGTERM, None)
            await answering
            await finish(services, work, server.hurry)


async def run_worker(settings: Settings, stop: asyncio.Event, hurry: asyncio.Event) -> None:
    """Do the jobs and ticks of a shared database until ``stop``, without serving anybody."""
    async with opened(settings) as services, watched(services, "worker"):
        loops = (Worker(services).run(), Dispatcher(services).run(), Ticker(services, TICKS).run())
        work = [*(asyncio.create_task(loop, name="work") for loop in loops), *features(services)]
        try:
            await stop.wait()
        finally:
            await finish(services, work, hurry)


def features(services: Services) -> list[asyncio.Task[None]]:
    """The loops of the features, begun."""
    loops = [loop for module in services.modules for loop in module.loops.items()]
    return [asyncio.create_task(run(services), name=name) for name, run in loops]


@asynccontextmanager
async def watched(services: Services, role: str) -> AsyncIterator[None]:
    """Look after the process while the block runs."""
    own = [
        asyncio.create_task(services.probe.run(role), name="probe"),
        asyncio.create_task(services.lag.run(), name="lag"),
    ]
    try:
        yield
    finally:
        for task in own:
            task.cancel()
        await asyncio.gather(*own, return_exceptions=True)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; ``OSError`` when the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Accepted sockets inherit it; asyncio itself sets it only for sockets that name their protocol. With
        # Nagle's algorithm an ack waits 40 ms for the other end's delayed one.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.bind((host, port))
        listener.listen(2048)
        listener.setblocking(False)
    except OSError:
        listener.close()
        raise
    return listener


def _config(services: Services) -> uvicorn.Config:
    settings = services.settings
    return uvicorn.Config(
        make_app(services),
        http=partial(Line, SilentLines(services.descriptors)),  # type: ignore[arg-type]
        ws=TalkProtocol,
        ws_max_size=MESSAGE_BYTES,
        # 24 -> 58 KB a connection and half the speed.
        ws_per_message_deflate=False,
        ws_ping_interval=20,
        ws_ping_timeout=40,
        timeout_graceful_shutdown=REQUEST_SECONDS,
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=settings.trusted_proxies,
        access_log=False,
        log_config=None,
        lifespan="off",
    )


class _Server(uvicorn.Server):
    """uvicorn closes all sockets in one moment; we say good-bye in waves first."""

    def __init__(self, config: uvicorn.Config, services: Services) -> None:
        super().__init__(config)
        self._services = services
        self.hurry = asyncio.Event()
        services.descriptors.count(self.server_state.connections)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """uvicorn would raise the signal anew at the end, and end us before the writer is closed."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            for number in (signal.SIGINT, signal.SIGTERM):
                loop.remove_signal_handler(number)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """From this moment nobody new is let in; a second signal hurries."""
        self._services.draining = True
        if self.should_exit:
            self.force_exit = True
            self.hurry.set()
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._services.draining = True
        await say_goodbye(list(self._services.hub.connections()), self.hurry)
        ending = asyncio.create_task(super().shutdown(sockets), name="shutdown")
        await unless(self.hurry, ending, SHUTDOWN_SECONDS)


def settle_memory() -> None:
    """What exists by now stays: the collector need not look at it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(700, 10, 100)
