"""届かない人: whom no mail would reach, known before the day on which it counts (A12).

Somebody is reached by mail when Email 1 takes mails, or a confirmed address of his own does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from anpi.contacts import queries
from anpi.contacts.forms import Unreachable, UnreachableRow
from anpi.queries import IN_SCOPE
from anpi.sending import addresses as written
from anpi.sending import health
from anpi.sending.tables import addresses, contacts
from directory.tables import departments, people, posts
from server.auth.tables import accounts
from server.data.sets import key_rows, packed
from server.ports import People
from server.ports import people as people_port
from server.secrets import Secrets
from server.services import Services
from server.work.tables import push_subscriptions

ADDRESSES_A_STEP = 2000
PAGE = 100
SENT_BACK = "anpi sent back"
KEPT = timedelta(minutes=10)


async def listed(services: Services, department: int | None = None, after: int = 0) -> Unreachable:
    """A page of them by name, after this person, in a department and below, or in all."""
    sent_back = await _sent_back_kept(services, first=not after)
    found: Unreachable = await services.readers.ask(
        _page, people_port(services.ports), sorted(sent_back), department, after
    )
    return found


async def _sent_back_kept(services: Services, *, first: bool) -> set[int]:
    """Found for the first page, and kept for those that follow it: all addresses are looked at."""
    kept: tuple[datetime, set[int]] | None = services.state.get(SENT_BACK)
    if first or kept is None or services.clock() - kept[0] > KEPT:
        kept = services.clock(), await _sent_back(services)
        services.state[SENT_BACK] = kept
    return kept[1]


async def _sent_back(services: Services) -> set[int]:
    """Whose Email 1 is bad; a key says nothing of its address, so all are looked at, a few at a time."""
    bad = await services.readers.ask(_bad_keys)
    found, last = set[int](), 0
    while bad:
        some, last = await services.readers.ask(_with_bad_email, services.secrets, bad, last)
        found.update(some)
        if not last:
            break
    return found


def _with_bad_email(connection: Connection, secrets: Secrets, bad: set[str], after: int) -> tuple[list[int], int]:
    """Those of the next people, and the last one who was looked at; 0: there are no more."""
    some = _emails(connection, after)
    return [id for id, address in some if written.key(secrets, address) in bad], some[-1][0] if some else 0


def _bad_keys(connection: Connection) -> set[str]:
    return set(connection.execute(select(addresses.c.address_key).where(addresses.c.bad_at.is_not(None))).scalars())


def _emails(connection: Connection, after: int) -> list[tuple[int, str]]:
    wanted = select(people.c.account_id, people.c.email1).where(people.c.account_id > after, people.c.email1 != "")
    rows = connection.execute(wanted.order_by(people.c.account_id).limit(ADDRESSES_A_STEP))
    return [(row.account_id, row.email1) for row in rows]


def _page(
    connection: Connection, port: People, sent_back: list[int], department: int | None, after: int
) -> Unreachable:
    missed = _unreached(connection, sent_back)
    given: dict[str, Any] = {"keys": packed(sent_back)}
    if department is not None:
        members = key_rows(connection.dialect.name, int, name="members")
        missed = and_(missed, accounts.c.id.in_(members.select()))
        given["members"] = packed(sorted(port.members(connection, [department])))
    both = accounts.join(people, people.c.account_id == accounts.c.id)
    count = connection.execute(select(func.count()).select_from(both).where(missed), given).scalar_one()
    scope = connection.execute(select(func.count()).select_from(accounts).where(IN_SCOPE)).scalar_one()
    wanted = select(accounts.c.id, accounts.c.name, accounts.c.kana, people.c.email1).select_from(both).where(missed)
    if after:
        place = select(people.c.sort_key).where(people.c.account_id == after).scalar_subquery()
        later = or_(people.c.sort_key > place, and_(people.c.sort_key == place, accounts.c.id > after))
        wanted = wanted.where(later)
    rows = connection.execute(wanted.order_by(people.c.sort_key, accounts.c.id).limit(PAGE + 1), given).all()
    shown = _rows(connection, rows[:PAGE], set(sent_back))
    return Unreachable(shown, count, scope, len(rows) > PAGE)


def _unreached(connection: Connection, sent_back: list[int]) -> ColumnElement[bool]:
    keys = key_rows(connection.dialect.name, int)
    c, a = contacts.c, addresses.c
    is_bad = exists().where(a.address_key == c.address_key, a.bad_at.is_not(None))
    good = exists().where(
        c.account_id == accounts.c.id, c.address != "", c.gone_at.is_(None), c.confirmed_at.is_not(None), ~is_bad
    )
    return and_(IN_SCOPE, or_(people.c.email1 == "", accounts.c.id.in_(keys.select())), ~good)


def _rows(connection: Connection, rows: Iterable[Any], sent_back: set[int]) -> list[UnreachableRow]:
    rows = list(rows)
    ids = [row.id for row in rows]
    own = queries.of_accounts(connection, ids)
    bad = health.bad(connection, [each.address_key for each in own])
    counted = Counter(each.account_id for each in own)
    confirmed = Counter(each.account_id for each in own if each.confirmed_at is not None)
    refused = Counter(each.account_id for each in own if each.address_key in bad)
    names, woken = _departments(connection, ids), _woken(connection, ids)
    return [
        UnreachableRow(
            id=row.id,
            name=row.name,
            kana=row.kana,
            department=names.get(row.id, ""),
            company="none" if not row.email1 else "bad" if row.id in sent_back else "ok",
            registered=counted[row.id],
            confirmed=confirmed[row.id],
            bad=refused[row.id],
            push=row.id in woken,
        )
        for row in rows
    ]


def _departments(connection: Connection, ids: list[int]) -> dict[int, str]:
    """The department of each one's 本務."""
    keys = key_rows(connection.dialect.name, int)
    joined = keys.join(posts, posts.c.account_id == keys.c.k0).join(
        departments, departments.c.id == posts.c.department_id
    )
    wanted = select(posts.c.account_id, departments.c.name).select_from(joined).order_by(posts.c.place.desc())
    # The lowest place comes last, and stays.
    return {row.account_id: row.name for row in connection.execute(wanted, {"keys": packed(ids)})}


def _woken(connection: Connection, ids: list[int]) -> set[int]:
    keys = key_rows(connection.dialect.name, int)
    joined = keys.join(push_subscriptions, push_subscriptions.c.account_id == keys.c.k0)
    rows = connection.execute(select(push_subscriptions.c.account_id).select_from(joined), {"keys": packed(ids)})
    return set(rows.scalars())
