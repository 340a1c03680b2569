"""Telling the administrators of the safety check by mail what the earth did and nobody was asked about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
from msgspec import Struct
from sqlalchemy import Connection, select

from anpi import links
from anpi.hazard.model import Known
from anpi.hazard.tables import events
from anpi.sending.variables import LEVELS
from server import ports
from server.auth.model import Privilege, State
from server.auth.tables import accounts, privileges
from server.clock import zone
from server.data.transaction import Transaction
from server.services import Services
from server.texts import text
from server.work import jobs, mail
from server.work.mail import Letter

JOB = "anpi.hazard_told"
_REASONS = frozenset({"aftershock", "too_old", "cancelled_waiting", "unobserved"})
DAYS = {"ja": "月火水木金土日", "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")}


class Told(Struct):
    """What is told about: an event, the incident it has (if any), and why."""

    event: int
    incident: int | None
    reason: str


def tell(tx: Transaction, event: int, incident: int | None, reason: str) -> None:
    """Have the administrators told. What is no news to them was left out by the decision."""
    jobs.add(tx, JOB, Told(event, incident, reason))


async def tell_administrators(services: Services, body: Any) -> None:
    """The job: a letter to each of them who has an address."""
    told = msgspec.convert(body, Told)
    found = await services.readers.ask(_known, told.event)
    people = await services.readers.ask(administrators, ports.people(services.ports))
    if found is not None and people:
        await services.writer.act(_write, services, told, found, people, spends=False)


def administrators(connection: Connection, people: ports.People) -> list[tuple[str, str]]:
    """Address and language of each administrator of the safety check who has one."""
    held = privileges.c.privilege == Privilege.ADMIN_ANPI.value
    found = (
        select(accounts.c.id, accounts.c.language)
        .join(privileges, privileges.c.account_id == accounts.c.id)
        .where(held, accounts.c.state == State.ENABLED.value)
        .order_by(accounts.c.id)
    )
    languages = {row.id: row.language for row in connection.execute(found)}
    addresses = people.addresses(connection, languages)
    return [(addresses[id][0], language) for id, language in languages.items() if addresses.get(id)]


def _known(connection: Connection, event: int) -> tuple[Known, Any] | None:
    row = connection.execute(select(events.c.known, events.c.at).where(events.c.id == event)).first()
    return (msgspec.json.decode(row.known, type=Known), row.at) if row else None


def _write(
    tx: Transaction, services: Services, told: Told, found: tuple[Known, Any], people: list[tuple[str, str]]
) -> None:
    domain = mail.sender_domain(services.settings)
    for address, language in people:
        chosen = language if language in ("ja", "en") else services.settings.language
        letter = Letter("anpi.hazard", address, text(chosen, "hazard.subject"), _text(services, chosen, told, found))
        mail.queue(tx, letter, domain)


def moment_of(at: datetime, name: str, language: str) -> str:
    """As every date is shown: 2027/04/01(木) 9:05."""
    local = at.astimezone(zone(name))
    day = DAYS[language][local.weekday()]
    return f"{local:%Y/%m/%d}({day}) {local.hour}:{local.minute:02}"


def _text(services: Services, language: str, told: Told, found: tuple[Known, Any]) -> str:
    known, at = found
    reason = told.reason if told.reason in _REASONS else ("cancelled" if told.incident else "other")
    moment = moment_of(known.origin or at, services.settings.time_zone, language)
    place = "" if known.assumed else known.hypocentre
    level = LEVELS.get(known.max_level, (known.max_level, known.max_level))[language == "en"]
    lines = [
        text(language, f"hazard.told.{reason}"),
        "",
        text(language, "hazard.what", at=moment, place=place or "―", level=level or "―"),
        text(language, "hazard.credit"),
    ]
    url = links.base(services.settings)
    return "\n".join([*lines, "", f"{url}/anpi/events/{told.event}"] if url else lines)
