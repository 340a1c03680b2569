"""The head of the log, its last number and hash, sent to places that we do not rule.

A chain shows order, not honesty: who has the key may write all of it anew. A head that lies elsewhere shows whether
that was done, and whether the tail was cut off. It goes out once a day and with every segment that is closed, by mail
to auditors, to syslog, and into a bucket (with object lock, if the operator sets it so).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple

import msgspec
import structlog
from sqlalchemy import Connection, insert, select, update

from chat.log import queries, state, syslog
from chat.log.line import GENESIS
from chat.log.tables import log_heads
from server.clock import from_millis, to_millis
from server.data.store.address import parse_address
from server.data.store.bucket import Bucket
from server.data.transaction import Transaction
from server.errors import AppError
from server.services import Services
from server.settings import Settings
from server.texts import text
from server.work import mail

MAIL, SYSLOG, BUCKET = "mail", "syslog", "bucket"
TRIED_FOR = timedelta(days=7)
SENT_AT_ONCE = 20
SECONDS = 60.0

log = structlog.get_logger()


class Head(NamedTuple):
    """Where the log stands."""

    n: int
    hash: str


class Waiting(msgspec.Struct, frozen=True):
    """A head that is to be sent to one place."""

    id: int
    n: int
    hash: str
    at: int
    place: str


def current(connection: Connection) -> Head:
    """The last number and its hash."""
    last = queries.last_segment(connection)
    return Head(last.last_n, last.last_hash) if last else Head(0, GENESIS)


def places(settings: Settings) -> tuple[str, ...]:
    """Where heads go, as the operator has set it."""
    wanted = {MAIL: settings.log_auditors, SYSLOG: settings.log_syslog, BUCKET: settings.log_bucket}
    return tuple(place for place, given in wanted.items() if given)


def note_head(tx: Transaction, n: int, hash: str, places: tuple[str, ...]) -> None:
    """Have this head sent after the commit."""
    at = to_millis(tx.now)
    rows = [{"n": n, "hash": hash, "at": at, "place": place} for place in places]
    if rows and n:
        tx.connection.execute(insert(log_heads), rows)


def note_current(tx: Transaction, places: tuple[str, ...]) -> None:
    """The head as it is now, wherever the segment stands."""
    note_head(tx, *current(tx.connection), places)


def waiting(connection: Connection, now: int) -> list[Waiting]:
    """What was not sent yet, some of each place, the oldest first; after a week nobody tries any more."""
    h = log_heads.c
    since = now - int(TRIED_FOR.total_seconds() * 1000)
    wanted = select(h.id, h.n, h.hash, h.at, h.place).where(h.sent_at.is_(None), h.at > since).order_by(h.id)
    found = (connection.execute(wanted.where(h.place == place).limit(SENT_AT_ONCE)) for place in _SENDERS)
    return sorted((Waiting(*row) for rows in found for row in rows), key=lambda each: each.id)


async def send_daily(services: Services) -> None:
    """The tick: today's head is to be sent."""
    if wanted := places(services.settings):
        await services.writer.act(note_current, wanted, spends=False)


async def send_waiting(services: Services) -> None:
    """Send what waits. One place that does not answer holds up no other."""
    found: list[Waiting] = await services.readers.ask(waiting, to_millis(services.clock()))
    failed: set[str] = set()
    for head in found:
        if head.place in failed:
            continue
        try:
            async with asyncio.timeout(SECONDS):
                await _SENDERS[head.place](services, head)
        except (AppError, OSError, TimeoutError, ValueError) as problem:
            failed.add(head.place)
            log.warning("talklog.head_not_sent", place=head.place, n=head.n, error=type(problem).__name__)
            await services.writer.act(_note_problem, head.id, _said(problem), spends=False)


async def _mail(services: Services, head: Waiting) -> None:
    """One transaction: queued for every auditor, and so sent as far as we are concerned."""
    await services.writer.act(partial(_queue, services.settings, _told(services, head)), head, spends=False)


def _queue(settings: Settings, told: dict[str, Any], tx: Transaction, head: Waiting) -> None:
    subject = text(settings.language, "talklog.head_subject", n=head.n)
    body = text(settings.language, "talklog.head_mail", **told)
    for address in settings.log_auditors:
        mail.queue(tx, mail.Letter("talklog.head", address, subject, body), mail.sender_domain(settings))
    _mark_sent(tx, head.id)


async def _syslog(services: Services, head: Waiting) -> None:
    told = _told(services, head)
    message = syslog.message(from_millis(head.at), told["host"], head.n, head.hash, told["key"])
    await syslog.send(services, services.settings.log_syslog, message)
    await services.writer.act(_mark_sent, head.id, spends=False)


async def _bucket(services: Services, head: Waiting) -> None:
    store = Bucket(parse_address(services.settings.log_bucket))
    moment = from_millis(head.at).strftime("%Y%m%dt%H%M%Sz")
    body = msgspec.json.encode(_told(services, head), order="sorted")
    await store.put(f"heads/{moment[:6]}/{moment}_{head.n}.json", body)
    await services.writer.act(_mark_sent, head.id, spends=False)


_SENDERS: dict[str, Callable[[Services, Waiting], Awaitable[None]]] = {
    MAIL: _mail,
    SYSLOG: _syslog,
    BUCKET: _bucket,
}


def _told(services: Services, head: Waiting) -> dict[str, Any]:
    settings = services.settings
    return {
        "n": head.n,
        "hash": head.hash,
        "at": from_millis(head.at).isoformat(timespec="seconds"),
        "key": state.of(services).keys.current,
        "company": services.company.name,
        "host": mail.sender_domain(settings),
    }


def _said(problem: BaseException) -> str:
    """In a word: what others say in words may hold what does not belong here."""
    reason = problem.details.get("reason") if isinstance(problem, AppError) else None
    return f"{getattr(problem, 'code', type(problem).__name__)} {reason or ''}".strip()[:200]


def _mark_sent(tx: Transaction, id: int) -> None:
    sent = {"sent_at": to_millis(tx.now), "problem": ""}
    tx.connection.execute(update(log_heads).where(log_heads.c.id == id).values(sent))


def _note_problem(tx: Transaction, id: int, problem: str) -> None:
    tx.connection.execute(update(log_heads).where(log_heads.c.id == id).values(problem=problem))
