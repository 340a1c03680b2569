"""「自動発信の準備」: whether a safety check would start by itself, reach everybody, and be answered (A15)."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from sqlalchemy import Connection, Select, Subquery, distinct, exists, func, select, union_all

from anpi import links, settings
from anpi.hazard.feeds import health
from anpi.hazard.feeds.feeding import sources_on
from anpi.hazard.feeds.health import EARLY, Health
from anpi.hazard.forms import MailTest, Readiness, ReadyLine, SourceHealth
from anpi.queries import IN_SCOPE
from anpi.sending import trial
from anpi.sending.tables import contacts, deliveries
from anpi.sending.trial import Tested
from anpi.sending.words import ASK
from anpi.tables import incidents
from directory.tables import person_areas
from server.auth.model import Privilege, State
from server.auth.tables import accounts, privileges
from server.clock import to_millis
from server.services import Services
from server.work.tables import mails

ADMINISTRATORS = 2
CHECKS, MAILS = 5, 500
"""So many safety checks are looked at for a mail that was taken, and so many mails of each."""
FINE = ("", "sent", "no_address")
"""Outcomes of a test mail that say nothing against the way out."""
MOST = 0.9
"""Areas and confirmed addresses: with fewer than this part of them the line is red."""


def read(connection: Connection, services: Services, now: datetime) -> Readiness:
    """The panel, as of now."""
    outside = settings.read(connection).outside
    sources = _sources(connection, services, outside, now)
    scope = _count(connection, select(func.count()).select_from(accounts).where(IN_SCOPE))
    test = trial.newest(connection, now)
    lines = [
        ReadyLine("people", scope > 0, scope, scope),
        _mail(connection, services, test),
        _heard("quake", sources),
        _heard("early", [each for each in sources if each.early]),
        _mostly("areas", _placed(connection), scope),
        _contacts(connection),
        ReadyLine("link", bool(links.base(services.settings))),
        _administrators(connection),
    ]
    return Readiness(
        ready=all(line.ok for line in lines),
        outside=outside,
        door=services.outbound.is_open,
        lines=lines,
        sources=sources,
        test=shown(test) if test else None,
    )


def shown(test: Tested, to: str = "") -> MailTest:
    """A test mail as the panel shows it; ``to`` for whoever has just sent it."""
    ending = test.ending
    return MailTest(to_millis(test.at), ending.outcome, ending.way, ending.said, test.name, to)


def _sources(connection: Connection, services: Services, outside: bool, now: datetime) -> list[SourceHealth]:
    known = health.read(connection)
    on = set(sources_on(services, outside)) | ({"inbound"} if services.settings.hazard_secret else set())
    names = ["jma", "p2p", *(["dmdata"] if services.settings.dmdata_key else [])]
    names += ["inbound"] if services.settings.hazard_secret else []
    return [_source(name, known.get(name), name in on, services, now) for name in names]


def _source(name: str, known: Health | None, on: bool, services: Services, now: datetime) -> SourceHealth:
    known = known or Health(name)
    spent = known.kept.get("bytes", {})
    return SourceHealth(
        name=name,  # type: ignore[arg-type]
        state=health.state_of(name, known, on, now),
        hosts=_hosts(name, services),
        early=name in EARLY,
        tried_at=_millis(known.tried_at),
        heard_at=_millis(known.heard_at),
        report_at=_millis(known.report_at),
        error=known.error,
        bytes_today=int(spent.get("used", 0)) if spent.get("day") == now.date().isoformat() else 0,
    )


def _hosts(name: str, services: Services) -> list[str]:
    chosen = services.settings
    urls = {"jma": chosen.jma_url, "p2p": chosen.p2p_url, "dmdata": chosen.dmdata_url}
    host = urlsplit(urls[name]).hostname if name in urls else None
    return [host] if host else []


def _heard(name: str, sources: list[SourceHealth]) -> ReadyLine:
    good = [each for each in sources if each.state == "good"]
    at = max((each.heard_at for each in sources), default=0)
    return ReadyLine(name, bool(good), len(good), len(sources), at)  # type: ignore[arg-type]


def _mail(connection: Connection, services: Services, test: Tested | None) -> ReadyLine:
    """A way out, and a mail that somebody's server has really taken; after that no test mail went wrong."""
    sent = connection.execute(select(func.max(mails.c.at)).where(mails.c.state == "sent")).scalar()
    known = (sent, _delivered(connection), trial.taken_at(connection))
    newest = max(filter(None, known), default=None)
    failed = test is not None and test.ending.outcome not in FINE and (newest is None or test.at > newest)
    ok = bool(services.settings.smtp_url) and newest is not None and not failed
    return ReadyLine("mail", ok, at=_millis(newest))


def _delivered(connection: Connection) -> datetime | None:
    """When one of the last safety checks' first mails was taken: looking at every delivery there ever was takes
    seconds after some drills."""
    newest = select(incidents.c.id).where(incidents.c.sent_at.is_not(None)).order_by(incidents.c.id.desc())
    numbers = connection.execute(newest.limit(CHECKS)).scalars()
    first = [_first_of(number) for number in numbers]
    if not first:
        return None
    looked = union_all(*(select(each) for each in first)).subquery()
    sent = (looked.c.channel == "mail", looked.c.state == "sent")
    return connection.execute(select(func.max(looked.c.ended_at)).where(*sent)).scalar()


def _first_of(incident: int) -> Subquery:
    d = deliveries.c
    wanted = select(d.channel, d.state, d.ended_at).where(d.incident_id == incident, d.round == ASK)
    return wanted.order_by(d.account_id).limit(MAILS).subquery()


def _placed(connection: Connection) -> int:
    placed = exists().where(person_areas.c.account_id == accounts.c.id)
    return _count(connection, select(func.count()).select_from(accounts).where(IN_SCOPE, placed))


def _contacts(connection: Connection) -> ReadyLine:
    """Who has entered addresses of his own, and has confirmed one of them."""
    named = select(func.count(distinct(contacts.c.account_id)))
    given = named.join(accounts, accounts.c.id == contacts.c.account_id).where(IN_SCOPE, contacts.c.address != "")
    confirmed = given.where(contacts.c.confirmed_at.is_not(None))
    return _mostly("contacts", _count(connection, confirmed), _count(connection, given))


def _administrators(connection: Connection) -> ReadyLine:
    held = privileges.c.privilege == Privilege.ADMIN_ANPI.value
    wanted = (
        select(func.count())
        .select_from(accounts.join(privileges, privileges.c.account_id == accounts.c.id))
        .where(held, accounts.c.state == State.ENABLED.value)
    )
    count = _count(connection, wanted)
    return ReadyLine("administrators", count >= ADMINISTRATORS, count, ADMINISTRATORS)


def _mostly(name: str, count: int, total: int) -> ReadyLine:
    return ReadyLine(name, count >= total * MOST, count, total)  # type: ignore[arg-type]


def _count(connection: Connection, wanted: Select[int]) -> int:
    return connection.execute(wanted).scalar_one()


def _millis(moment: datetime | None) -> int:
    return to_millis(moment) if moment else 0
