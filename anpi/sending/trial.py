"""テストメール: an administrator sends a mail to himself, by the very road that the mails of a safety check take.

It is made of the same template, goes from the same sender to the same relays, and comes back to the same door; it
asks nothing and holds no link. What became of it is kept, and is the panel's word for whether mails go out (A15).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, and_, delete, insert, select, update

from anpi import queries
from anpi.sending.addresses import without_addresses
from anpi.sending.composing import Composer, Trial
from anpi.sending.leasing import ERROR_LIMIT
from anpi.sending.lines import with_quotes
from anpi.sending.returned import Came
from anpi.sending.tables import mail_tests
from directory.tables import people
from server.auth.audit import record
from server.auth.model import Actor
from server.auth.tables import accounts
from server.data.transaction import Transaction
from server.errors import Busy, NotFound
from server.services import Services
from server.settings import Settings
from server.text import storable
from server.work.mail import sender
from server.work.relay import parse_relay
from server.work.smtp import Parcel, Route, SmtpRoute
from server.work.smtp_verdicts import Later, Refused, RouteTrouble, Unanswered

EVERY = timedelta(minutes=1)
"""One a person."""
HANDING_SECONDS, TAKING_SECONDS = 12.0, 12.0
"""With one relay: until it may be handed over, and for the answer to the whole mail."""
WHOLE_SECONDS = 45.0
PARTING_SECONDS = 2.0
LOST_AFTER = timedelta(minutes=2)
"""One that has no outcome by then gets none: whoever sent it was ended."""

Outcome = Literal["", "sent", "refused", "later", "doubtful", "trouble", "bounced", "no_relay", "no_address", "lost"]
"""Under way; taken by a relay; refused for good or for now; handed over without a word; no relay could be used; came
back; there is no relay, or no address; nobody knows."""

_T = mail_tests.c


@dataclass(frozen=True, slots=True)
class Ending:
    """What became of it, by which relay (1 or 2; 0: none), in whose words."""

    outcome: Outcome
    way: int = 0
    said: str = ""


@dataclass(frozen=True, slots=True)
class Tested:
    """The newest test mail of somebody."""

    id: int
    account: int
    name: str
    at: datetime
    ending: Ending


async def send(services: Services, actor: Actor) -> tuple[Tested, str]:
    """Send one to whoever asks, and say what became of it and where it went; done within a minute."""
    to: Trial = await services.writer.act(begin, actor)
    ending = await _carried(services, to)
    await services.writer.act(end, to.number, ending)
    found: Tested | None = await services.readers.ask(of_number, to.number, services.clock())
    if found is None:
        raise NotFound()
    return found, to.address


def begin(tx: Transaction, actor: Actor) -> Trial:
    """Write down that he sends one: to whom, and under which number. Refused to all others, and too soon again."""
    queries.require_administrator(tx.connection, actor)
    account = actor.account_id
    if account is None:
        raise NotFound()
    tx.lock(f"anpi mail test {account}")
    before = tx.connection.execute(select(_T.at).where(_T.account_id == account)).scalar()
    if before is not None and timedelta(0) <= tx.now - before < EVERY:
        raise Busy("too_fast", retry_ms=(before + EVERY - tx.now) // timedelta(milliseconds=1) + 1)
    tx.connection.execute(delete(mail_tests).where(_T.account_id == account))
    made = tx.connection.execute(insert(mail_tests).returning(_T.id), {"account_id": account, "at": tx.now})
    number = int(made.scalar_one())
    record(tx, actor, "anpi.mail_test", str(number))
    return _addressed(tx.connection, account, number)


def end(tx: Transaction, number: int, ending: Ending) -> None:
    """This has become of it; unless it has come back already."""
    said = storable(without_addresses(ending.said))[:ERROR_LIMIT]
    open_still = update(mail_tests).where(_T.id == number, _T.outcome == "")
    tx.connection.execute(open_still.values(outcome=ending.outcome, way=ending.way, said=said))


def came_back(tx: Transaction, number: int, came: Came) -> None:
    """The next server took it, and then it could not be delivered."""
    outcome = "bounced" if came.kind == "hard" else "later"
    back = update(mail_tests).where(_T.id == number, _T.outcome.in_(("", "sent", "later", "doubtful")))
    tx.connection.execute(back.values(outcome=outcome, said=came.status or came.kind))


def newest(connection: Connection, now: datetime) -> Tested | None:
    """The newest of all."""
    found = _read(connection, now)
    return max(found, key=lambda each: (each.at, each.id), default=None)


def taken_at(connection: Connection) -> datetime | None:
    """When a relay last took one."""
    wanted = select(_T.at).where(_T.outcome == "sent").order_by(_T.at.desc()).limit(1)
    return connection.execute(wanted).scalar()


def of_number(connection: Connection, number: int, now: datetime) -> Tested | None:
    """This one, if no newer one of the same person has taken its place."""
    return next((each for each in _read(connection, now) if each.id == number), None)


def _read(connection: Connection, now: datetime) -> list[Tested]:
    """All: one for each who has ever sent one."""
    joined = mail_tests.join(accounts, accounts.c.id == _T.account_id)
    rows = connection.execute(select(mail_tests, accounts.c.name).select_from(joined))
    return [
        Tested(
            row.id,
            row.account_id,
            row.name,
            row.at,
            Ending(row.outcome or ("lost" if now - row.at > LOST_AFTER else ""), row.way, row.said),
        )
        for row in rows
    ]


def _addressed(connection: Connection, account: int, number: int) -> Trial:
    listed = and_(people.c.account_id == accounts.c.id, people.c.gone.is_(False))
    wanted = select(accounts.c.name, accounts.c.language, people.c.email1)
    row = connection.execute(
        wanted.select_from(accounts.outerjoin(people, listed)).where(accounts.c.id == account)
    ).one()
    return Trial(number, row.name, row.email1 or "", row.language)


# ---------------------------------------------------------------- over the line


def ways(settings: Settings) -> list[Route]:
    """The relays that the settings name, with less patience than a safety check has: somebody waits."""
    urls = [url for url in (settings.smtp_url, settings.smtp_url_2) if url]
    return [SmtpRoute(parse_relay(url), sender(settings), HANDING_SECONDS, TAKING_SECONDS) for url in urls]


async def _carried(services: Services, to: Trial) -> Ending:
    routes = ways(services.settings)
    if not routes:
        return Ending("no_relay")
    if not to.address:
        return Ending("no_address")
    composer = Composer(services)
    await composer.look()
    return await carried(routes, composer.trial(to), WHOLE_SECONDS)


async def carried(routes: Sequence[Route], parcel: Parcel, seconds: float) -> Ending:
    """By the first relay; by the next when that one cannot be used at all, and what the first has said goes along."""
    ending = Ending("trouble", 1, "no answer")
    try:
        async with asyncio.timeout(seconds):
            for way, route in enumerate(routes, 1):
                ending = _after(ending, await _by(way, route, parcel))
                if ending.outcome != "trouble":
                    break
    except TimeoutError:
        perhaps = any(getattr(route, "at_stake", False) for route in routes)
        return Ending("doubtful" if perhaps else "trouble", ending.way, "no answer")
    finally:
        await asyncio.gather(*(_part(route) for route in routes))
    return ending


def _after(before: Ending, now: Ending) -> Ending:
    """Two relays that cannot be used have both said why."""
    both = now.outcome == "trouble" and now.way > 1
    return Ending(now.outcome, now.way, f"{before.said} / {now.said}") if both else now


async def _by(way: int, route: Route, parcel: Parcel) -> Ending:
    try:
        await with_quotes(route, parcel)
    except Refused as refusal:
        return Ending("refused", way, str(refusal))
    except Later as reason:
        return Ending("later", way, str(reason))
    except Unanswered as silence:
        return Ending("doubtful", way, str(silence))
    except RouteTrouble as trouble:
        return Ending("trouble", way, str(trouble))
    return Ending("sent", way)


async def _part(route: Route) -> None:
    """Politely, but nobody waits for it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(PARTING_SECONDS):
            await route.rest()
