"""Where somebody is reached (A12), for many people at once.

The first time at `Email 1` and at all addresses that he has confirmed himself; asked again, also at `Email 2` and at
those not confirmed yet. Who has none of the first kind is written to at the others at once. Talk and push go beside
the mail each time; an SMS, which costs, only when somebody is asked again.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, select

from anpi.sending.deliveries import ASK, CANCELLED, Channel, Wanted
from anpi.sending.subscribing import subscribed
from anpi.sending.tables import contacts
from directory.tables import people
from server import ports
from server.auth.tables import accounts
from server.data.sets import key_rows, packed
from server.services import Services
from server.text import is_mail_address


@dataclass(frozen=True, slots=True)
class _Place:
    """An address of somebody: ``first`` when it is used from the beginning."""

    slot: str
    address: str
    first: bool


def wanted(connection: Connection, services: Services, kind: str, round: int, ids: Iterable[int]) -> list[Wanted]:
    """The deliveries of a round for these people, in the order of the ids. ``kind`` is the incident's."""
    ids = list(ids)
    known = connection.execute(_people(connection.dialect.name), {"keys": packed(ids)}).all()
    places = _places(connection, known)
    woken = subscribed(connection, ids)
    has_talk = ports.notify(services.ports) is not None
    has_sms = bool(services.settings.anpi_sms_url) and ASK < round < CANCELLED
    found = []
    for row in known:
        if row.state == "deleted":
            continue
        language = row.language
        found += [
            Wanted(row.id, Channel.MAIL, each.slot, each.address, language)
            for each in _used(places.get(row.id, []), round)
        ]
        if has_talk and row.talk and row.state == "enabled":
            found.append(Wanted(row.id, Channel.TALK, "talk", language=language))
        if row.id in woken:
            found.append(Wanted(row.id, Channel.PUSH, "push", language=language))
        if has_sms and (number := _mobile(row)):
            found.append(Wanted(row.id, Channel.SMS, "sms", number, language))
    return found


def unaddressed(connection: Connection, services: Services, ids: Iterable[int]) -> set[int]:
    """Those of them to whom no mail can be written at all."""
    ids = list(ids)
    known = connection.execute(_people(connection.dialect.name), {"keys": packed(ids)}).all()
    return set(ids) - {id for id, places in _places(connection, known).items() if places}


def _used(places: list[_Place], round: int) -> list[_Place]:
    first = [each for each in places if each.first]
    return first if first and round == ASK else places


def _places(connection: Connection, known: Sequence[Row[Any]]) -> dict[int, list[_Place]]:
    """Every mail address of these people; one that somebody has twice counts once."""
    bound = {"keys": packed([row.id for row in known])}
    found: dict[int, list[_Place]] = defaultdict(list)
    for row in known:
        for slot, address in (("email1", row.email1), ("email2", row.email2)):
            _put(found, row.id, _Place(slot, address or "", slot == "email1"))
    for row in connection.execute(_contacts(connection.dialect.name), bound):
        place = _Place(f"own{row.place}", row.address, row.confirmed_at is not None)
        _put(found, row.account_id, place)
    return found


def _put(found: dict[int, list[_Place]], account: int, place: _Place) -> None:
    if not is_mail_address(place.address):
        return
    same = next((each for each in found[account] if each.address.lower() == place.address.lower()), None)
    if same is None:
        found[account].append(place)
    elif place.first and not same.first:
        found[account][found[account].index(same)] = place


def _mobile(row: Row[Any]) -> str:
    for number in (row.company_mobile_number, row.mobile_number, row.personal_mobile_number):
        plain = unicodedata.normalize("NFKC", number or "")
        digits = "".join(char for char in plain if char in "+0123456789")
        if digits.startswith(("070", "080", "090", "+")):
            return digits
    return ""


@cache
def _people(dialect: str) -> Select[Any]:
    keys, a, p = key_rows(dialect, int), accounts.c, people.c
    listed = and_(p.account_id == a.id, p.gone.is_(False))
    joined = keys.join(accounts, a.id == keys.c.k0).outerjoin(people, listed)
    numbers = (p.company_mobile_number, p.mobile_number, p.personal_mobile_number)
    return select(a.id, a.language, a.talk, a.state, p.email1, p.email2, *numbers).select_from(joined).order_by(a.id)


@cache
def _contacts(dialect: str) -> Select[Any]:
    keys, c = key_rows(dialect, int), contacts.c
    mine = and_(c.account_id == keys.c.k0, c.address != "", c.gone_at.is_(None))
    joined = keys.join(contacts, mine)
    columns = (c.account_id, c.place, c.address, c.confirmed_at)
    return select(*columns).select_from(joined).order_by(c.account_id, c.place)
