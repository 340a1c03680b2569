"""Mails in tests: one to send, a way to a sink, and what became of them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Row, select

from server.work import mail
from server.work.dispatching import Dispatcher
from server.work.mail import Letter
from server.work.relay import parse_relay
from server.work.smtp import SmtpRoute
from server.work.tables import mails
from tests.tools.relay import Sink, relay
from tests.tools.running import Running

LETTER = Letter("test", "sano@hokuto.example", "見積もりの件", "山田 様\n\n.点で始まる行\nよろしくお願いします。\n")
FROM = "連絡 係 <renraku@hokuto.example>"
LEASE_OVER = mail.LEASE + timedelta(seconds=1)
PAUSE_OVER = mail.FIRST_PAUSE + timedelta(seconds=5)


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    async with relay() as here:
        yield here


@pytest.fixture
async def way(sink: Sink) -> AsyncIterator[SmtpRoute]:
    """A route to the sink; it has no patience."""
    route = SmtpRoute(parse_relay(sink.url), FROM, seconds=5, taking_seconds=0.5)
    yield route
    await route.rest()


@pytest.fixture
def dispatcher(server: Running, way: SmtpRoute) -> Dispatcher:
    return Dispatcher(server.services, way)


async def put(server: Running, letter: Letter = LETTER) -> None:
    await server.services.writer.act(mail.queue, letter, "hokuto.example")


async def rows(server: Running) -> list[Row[Any]]:
    wanted = select(mails).order_by(mails.c.id)
    return await server.services.readers.ask(lambda db: list(db.execute(wanted).all()))


def after(wait: timedelta, action: Callable[..., Any]) -> Callable[..., Any]:
    """The action as it would run so much later."""
    return lambda tx, *args, **given: action(replace(tx, now=tx.now + wait), *args, **given)


@contextlib.contextmanager
def later(monkeypatch: pytest.MonkeyPatch, wait: timedelta) -> Iterator[None]:
    """Every mail is taken as if so much time had gone by."""
    with monkeypatch.context() as patch:
        patch.setattr(mail, "claim", after(wait, mail.claim))
        yield
