"""Mails of the safety check in tests: an incident, people to be reached, and what became of their deliveries."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from typing import Any

from sqlalchemy import Row, insert, select

from anpi.sending import deliveries
from anpi.sending.deliveries import Wanted
from anpi.sending.dispatching import Dispatcher
from anpi.sending.tables import deliveries as rows_of
from anpi.tables import incidents
from server.auth.tables import accounts
from server.data.transaction import Transaction
from server.services import Services
from server.work.relay import parse_relay
from server.work.smtp import Route, SmtpRoute
from tests.tools.relay import Sink

FROM = "anpi@hokuto.example"
PATIENCE_SECONDS = 20.0


async def incident(services: Services, **given: Any) -> int:
    """An open incident, sent by hand; its id."""

    def make(tx: Transaction) -> int:
        row = {
            "key": f"test {tx.now}",
            "kind": "ask",
            "drill": False,
            "origin": "manual",
            "cause": "other",
            "state": "open",
            "title": "災害発生",
            "message": "安否を回答してください。",
            "count_from": tx.now,
            "created_at": tx.now,
            "sent_at": tx.now,
        }
        made = tx.connection.execute(insert(incidents), row | given)
        return int(made.inserted_primary_key[0])

    found: int = await services.writer.act(make)
    return found


async def people(services: Services, number: int, first: int = 0) -> list[int]:
    """So many people, straight in the database."""

    def make(tx: Transaction) -> list[int]:
        named = [f"p{n:06d}" for n in range(first, first + number)]
        rows = [{"login_id": name, "login_key": name, "name": f"社員 {name}", "created_at": tx.now} for name in named]
        tx.connection.execute(insert(accounts), rows)
        a = accounts.c
        wanted = select(a.id).where(a.login_key >= named[0], a.login_key <= named[-1]).order_by(a.id)
        return list(tx.connection.execute(wanted).scalars())

    found: list[int] = await services.writer.act(make)
    return found


def mails(ids: Iterable[int], domain: str = "hokuto.example") -> list[Wanted]:
    """One mail to each of these people."""
    return [Wanted(id, "mail", "email1", f"p{id}@{domain}") for id in ids]


async def put(services: Services, about: int, wanted: list[Wanted], round: int = 0) -> None:
    await services.writer.act(deliveries.add, services.secrets, about, round, wanted)


async def kept(services: Services) -> list[Row[Any]]:
    """Every delivery, in its order."""
    return await services.readers.ask(lambda db: list(db.execute(select(rows_of).order_by(rows_of.c.id))))


def by_state(rows: Iterable[Row[Any]]) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in rows:
        found[row.state] = found.get(row.state, 0) + 1
    return found


def to(*sinks: Sink, taking_seconds: float = 1.0) -> Callable[[], list[Route]]:
    """Ways to these sinks, without patience."""

    def routes() -> list[Route]:
        return [SmtpRoute(parse_relay(sink.url), FROM, seconds=2.0, taking_seconds=taking_seconds) for sink in sinks]

    return routes


@contextlib.asynccontextmanager
async def sending(services: Services, routes: Callable[[], list[Route]] | None = None) -> AsyncIterator[Dispatcher]:
    """A dispatcher at work while the block runs, and its orderly end."""
    dispatcher = Dispatcher(services, routes)
    task = asyncio.create_task(dispatcher.run(), name="anpi dispatcher")
    before = services.draining
    try:
        yield dispatcher
    finally:
        services.draining = True
        services.wakeups.wake_all()
        await asyncio.wait_for(task, PATIENCE_SECONDS)
        services.draining = before


async def until(services: Services, met: Callable[[list[Row[Any]]], bool]) -> list[Row[Any]]:
    """The deliveries, as soon as they are so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            rows = await kept(services)
            if met(rows):
                return rows
            await asyncio.sleep(0.02)


def ended(rows: list[Row[Any]]) -> bool:
    return bool(rows) and all(row.ended_at is not None for row in rows)
