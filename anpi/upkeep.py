"""What happens at its time: the 終了案内, the word that an incident has been forgotten, and forgetting locations."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import Connection, and_, exists, or_, select, update

from anpi import events, links, queries, tables
from anpi.model import Incident
from anpi.sends import AUTOMATIC
from server.auth.audit import record
from server.auth.model import Privilege, State
from server.auth.tables import accounts, privileges
from server.data.batch import Steps
from server.data.sets import chunks, key_rows, packed
from server.data.transaction import Transaction
from server.ports import People, people
from server.services import Services
from server.texts import text
from server.work import mail

FORGOTTEN_AFTER = timedelta(hours=72)
LOCATIONS_KEPT = timedelta(days=30)

# ---------------------------------------------------------------- 終了案内


async def close_notices(services: Services) -> None:
    """The tick: mails to the addresses given, once, also when the incident is 完了 by then."""
    await services.writer.alone(send_closing, services)


def send_closing(tx: Transaction, services: Services) -> int:
    """The 終了案内 of every incident whose time has come; how many."""
    sent = 0
    for id in _closing_due(tx.connection, tx.now):
        found = queries.locked(tx.connection, id)
        if found.closing_at is None or found.closing_sent_at is not None:
            # Another has sent it while we waited.
            continue
        letter = _closing_letter(tx.connection, services, found)
        mail.queue(tx, letter, mail.sender_domain(services.settings))
        i = tables.incidents
        tx.connection.execute(update(i).where(i.c.id == id).values(closing_sent_at=tx.now))
        events.touched(tx, id)
        record(tx, AUTOMATIC, "anpi.closing", str(id), title=found.title)
        sent += 1
    return sent


def _closing_due(connection: Connection, now: datetime) -> list[int]:
    i = tables.incidents.c
    wanted = select(i.id).where(i.closing_at <= now, i.closing_sent_at.is_(None)).order_by(i.id)
    return list(connection.execute(wanted).scalars())


def _closing_letter(connection: Connection, services: Services, found: Incident) -> mail.Letter:
    standing = queries.standings(connection, [found.id]).get(found.id, queries.Standing())
    link = links.base(services.settings)
    body = text(
        services.settings.language,
        "anpi.closing_mail",
        title=found.title,
        people=standing.people,
        answered=standing.answered,
        unanswered=standing.people - standing.answered if found.asks else 0,
        support=standing.support,
        link=f"{link}/anpi/incidents/{found.id}/totals" if link else "",
    )
    subject = text(services.settings.language, "anpi.closing_subject", title=found.title)
    return mail.Letter("anpi_closing", found.closing_to, subject, body)


# ---------------------------------------------------------------- forgotten


async def remind_administrators(services: Services) -> None:
    """The tick: whoever forgets to complete is told after 72 hours, and every 72 hours."""
    await services.writer.alone(nag, services)


def nag(tx: Transaction, services: Services) -> int:
    """Mails about incidents that have been open for long; how many incidents."""
    i = tables.incidents
    long_ago = tx.now - FORGOTTEN_AFTER
    due = _forgotten(tx.connection, long_ago)
    addresses = _administrators(tx.connection, people(services.ports)) if due else []
    told = 0
    for id in due:
        found = queries.locked(tx.connection, id)
        if not found.is_open or (found.nagged_at is not None and found.nagged_at > long_ago):
            continue
        for address, language in addresses:
            mail.queue(tx, _reminder(services, found, address, language), mail.sender_domain(services.settings))
        tx.connection.execute(update(i).where(i.c.id == id).values(nagged_at=tx.now))
        record(tx, AUTOMATIC, "anpi.forgotten", str(id), told=len(addresses))
        told += 1
    return told


def _forgotten(connection: Connection, long_ago: datetime) -> list[int]:
    i = tables.incidents.c
    quiet = or_(i.nagged_at.is_(None), i.nagged_at <= long_ago)
    wanted = select(i.id).where(i.state == "open", i.sent_at <= long_ago, quiet).order_by(i.id)
    return list(connection.execute(wanted).scalars())


def _reminder(services: Services, found: Incident, address: str, language: str) -> mail.Letter:
    link = links.base(services.settings)
    subject = text(language, "anpi.open_subject", title=found.title)
    body = text(
        language, "anpi.open_mail", title=found.title, link=f"{link}/anpi/incidents/{found.id}" if link else ""
    )
    return mail.Letter("anpi_open", address, subject, body)


def _administrators(connection: Connection, port: People) -> list[tuple[str, str]]:
    held = and_(privileges.c.account_id == accounts.c.id, privileges.c.privilege == Privilege.ADMIN_ANPI.value)
    wanted = select(accounts.c.id, accounts.c.language).join(privileges, held)
    rows = connection.execute(wanted.where(accounts.c.state == State.ENABLED.value).order_by(accounts.c.id)).all()
    addresses = port.addresses(connection, [row.id for row in rows])
    return [(addresses[row.id][0], row.language) for row in rows if addresses.get(row.id)]


# ---------------------------------------------------------------- locations


async def forget_locations(services: Services) -> None:
    """The tick: where people were goes 30 days after all that it counted in is 完了."""
    found = await services.readers.ask(_old_locations, services.clock() - LOCATIONS_KEPT)
    await services.writer.bulk(_forget(found))


def _forget(ids: list[int]) -> Steps:
    for piece in chunks(ids):
        yield partial(_forget_some, list(piece))


def _forget_some(ids: list[int], tx: Transaction) -> None:
    a, keys = tables.answers, key_rows(tx.dialect, int)
    gone = update(a).where(a.c.id.in_(select(keys.c.k0))).values(lat=None, lon=None, accuracy=None)
    tx.connection.execute(gone, {"keys": packed(ids)})


def _old_locations(connection: Connection, before: datetime) -> list[int]:
    a, c, i = tables.answers.c, tables.counted.c, tables.incidents.c
    recent = or_(i.completed_at.is_(None), i.completed_at > before)
    counts = exists().where(c.answer_id == a.id, c.incident_id == i.id, recent)
    came = exists().where(i.id == a.incident_id, recent)
    wanted = select(a.id).where(a.lat.is_not(None), ~counts, ~came).order_by(a.id)
    return list(connection.execute(wanted).scalars())
