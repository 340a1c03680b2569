"""Opening what a process needs, in the order in which it needs it, and closing it in the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL

from server import ports
from server.auth.passwords import PasswordPool
from server.clock import Clock, system_clock
from server.data import engine, migrate
from server.data.group import Outcome
from server.data.readers import Readers
from server.data.writer import Writer
from server.live.bus import Bus, MemoryBus
from server.live.frames import Command
from server.live.hub import Hub
from server.live.parsing import Parser
from server.live.upkeep import Upkeep
from server.module import Handler, Module, load_modules
from server.secrets import open_secrets
from server.services import Services
from server.settings import Settings
from server.work.wakeup import Wakeups

READING_THREADS = 4


class OldDatabase(Exception):
    """The database has another shape than this code was written for."""


@asynccontextmanager
async def opened(settings: Settings, clock: Clock = system_clock, bus: Bus | None = None) -> AsyncIterator[Services]:
    """Everything open: database (migrated, when it is embedded), writer, hub, modules.

    Raises ``UnsupportedDatabase``, ``UnknownModule`` or ``OldDatabase`` before anything has begun.
    """
    modules = load_modules(settings.modules)
    url = engine.parse(settings.database)
    settings.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(_prepare_database, url, settings.embedded)
    bus = bus or MemoryBus()
    hub, wakeups = Hub(), Wakeups()
    announcer = _Announcer(hub, bus, wakeups)
    writer = Writer(engine.writing_engine(url), clock, announcer.announce)
    readers = Readers(engine.reading_engine(url, READING_THREADS), READING_THREADS)
    passwords = PasswordPool(settings.argon2_memory)
    handlers = _handlers(modules)
    services = Services(
        settings=settings,
        clock=clock,
        writer=writer,
        readers=readers,
        hub=hub,
        passwords=passwords,
        secrets=open_secrets(settings.var / "secrets"),
        modules=modules,
        handlers=handlers,
        parser=Parser(handlers),
        wakeups=wakeups,
    )
    services.ports = ports.joined(module.ports(services) for module in modules if module.ports)
    services.state.update({module.name: module.opens(services) for module in modules if module.opens})
    writer.start(asyncio.get_running_loop())
    upkeep = Upkeep(services)
    try:
        bus.receive(hub.publish)
        await upkeep.start()
        yield services
    finally:
        await upkeep.stop()
        bus.leave(hub.publish)
        await writer.stop()
        readers.close()
        passwords.close()


class _Announcer:
    """What happens on the loop after a commit: sockets whose right has gone close first, then events go out."""

    def __init__(self, hub: Hub, bus: Bus, wakeups: Wakeups) -> None:
        self._hub = hub
        self._bus = bus
        self._wakeups = wakeups

    def announce(self, outcome: Outcome) -> None:
        for revoked in outcome.revoked:
            self._hub.revoke(revoked)
        if outcome.events:
            self._hub.publish(outcome.events)
            self._bus.publish(outcome.events, self._hub.publish)
        for queue in outcome.woken:
            self._wakeups.wake(queue)


def _prepare_database(url: URL, embedded: bool) -> None:
    """Embedded: bring it to the newest shape. Shared: another process does that, we only look."""
    database = engine.throwaway_engine(url)
    try:
        if embedded:
            return migrate.upgrade(database)
        with database.connect() as connection:
            shape = migrate.current(connection)
        if shape != migrate.newest():
            raise OldDatabase(f"The database has the shape {shape}; run `renraku migrate` first.")
    finally:
        database.dispose()
    return None


def _handlers(modules: tuple[Module, ...]) -> dict[type[Command], Handler]:
    return {kind: handler for module in modules for kind, handler in module.commands.items()}
