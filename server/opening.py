"""Opening what a process needs, in the order in which it needs it, and closing it in the other."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy import URL

from server import ports
from server.auth import company
from server.auth.company import KnownCompany
from server.auth.passwords import PasswordPool
from server.clock import Clock, system_clock
from server.data import engine, installation, migrate
from server.data.readers import Readers
from server.data.reserve import Space
from server.data.space import MEBIBYTE, Limits
from server.data.store.choosing import open_store
from server.data.writer import Writer
from server.live import commands
from server.live.announcer import Announcer
from server.live.bus import Bus, MemoryBus
from server.live.frames import Command
from server.live.hub import Hub
from server.live.notices import Notices
from server.live.parsing import Parser
from server.live.redis_bus import RedisBus
from server.live.upkeep import Upkeep
from server.module import Handler, Module, load_modules
from server.secrets import open_secrets
from server.services import Services
from server.settings import Settings
from server.structs import learn_structs
from server.work.outbound import Outbound
from server.work.sandbox import GROUND, Sandbox, joined
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
    learn_structs()
    url = engine.parse(settings.database)
    settings.var.mkdir(parents=True, exist_ok=True)
    await asyncio.to_thread(_prepare_database, url, settings.embedded)
    readers = Readers(engine.reading_engine(url, READING_THREADS), READING_THREADS)
    bus = bus or await _bus(settings, readers)
    hub, wakeups, notices = Hub(), Wakeups(), Notices()
    announcer = Announcer(hub, bus, wakeups, notices)
    space = _space(settings)
    writer = Writer(engine.writing_engine(url), clock, announcer.announce, space.failed)
    passwords = PasswordPool(settings.argon2_memory)
    handlers = _handlers(modules)
    services = Services(
        settings=settings,
        clock=clock,
        writer=writer,
        readers=readers,
        hub=hub,
        bus=bus,
        announcer=announcer,
        notices=notices,
        space=space,
        store=open_store(settings, await readers.ask(installation.number)),
        passwords=passwords,
        secrets=open_secrets(settings.var / "secrets", settings.master_key),
        company=KnownCompany(settings.company_name),
        sandbox=make_sandbox(settings, modules),
        outbound=Outbound(settings.outbound, settings.outbound_hosts),
        modules=modules,
        handlers=handlers,
        parser=Parser(handlers),
        wakeups=wakeups,
    )
    services.ports = ports.joined(module.ports(services) for module in modules if module.ports)
    services.state.update({module.name: module.opens(services) for module in modules if module.opens})
    notices.on(company.CHANGED, services.company.forget)
    writer.start(asyncio.get_running_loop())
    upkeep = Upkeep(services)
    try:
        announcer.on_lost = upkeep.lost
        announcer.on_seen = services.presences.heard
        await bus.start(announcer.receive)
        await upkeep.start()
        await services.company.look(readers)
        services.presences.start()
        yield services
    finally:
        for module in modules:
            if module.closes is not None:
                await module.closes(services)
        await services.presences.stop()
        await upkeep.stop()
        await writer.stop()
        await bus.stop()
        await services.sandbox.close()
        await services.outbound.close()
        await services.store.close()
        readers.close()
        passwords.close()


def _space(settings: Settings) -> Space:
    limits = Limits(settings.reserve_mb * MEBIBYTE, settings.ballast_mb * MEBIBYTE if settings.embedded else 0)
    return Space(settings.var, limits, holds_database=settings.embedded)


def make_sandbox(settings: Settings, modules: tuple[Module, ...]) -> Sandbox:
    """The sandbox of this process; nothing is started yet."""
    functions = joined([GROUND, *(module.sandbox for module in modules)])
    return Sandbox(functions, settings.var / "sandbox", settings.sandbox_memory_mb * MEBIBYTE)


async def _bus(settings: Settings, readers: Readers) -> Bus:
    if not settings.redis_url:
        return MemoryBus(alone=settings.embedded)
    return RedisBus(settings.redis_url, await readers.ask(installation.number))


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
    return {**commands.HANDLERS, **{kind: handler for module in modules for kind, handler in module.commands.items()}}
