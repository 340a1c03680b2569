"""Whom an administrator means: 全件, 抽出者全件 by the conditions of S21, or 個別; and the rows of that list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from msgspec import UNSET
from sqlalchemy import ColumnElement, Connection, Select, and_, case, exists, func, or_, select

from anpi import reach, tables
from anpi.forms import AnpiPeopleQuestion, Conditions, Whom
from anpi.queries import IN_SCOPE
from anpi.sending.deliveries import asks
from anpi.sending.tables import contacts, deliveries
from directory import queries as directory_queries
from directory.tables import departments, people, person_areas, posts
from server.auth.tables import accounts
from server.data.sets import key_rows, packed
from server.errors import Invalid
from server.text import folded, like

REACHED = ("sent",)
"""What went into a folder has reached nobody."""
UNDER_WAY = ("waiting", "doubtful")
WORDS_LIMIT = 10

_FIELDS = ("department", "text", "area", "sent", "answered", "self", "help", "work")


@dataclass
class _Search:
    """Conditions as SQL, and what is bound in them."""

    incident: int
    dialect: str
    where: list[ColumnElement[bool]] = field(default_factory=list)
    bound: dict[str, str] = field(default_factory=dict)

    def keys(self, name: str, kind: type, values: Iterable[object]) -> Select[Any]:
        self.bound[name] = packed(values)
        return select(key_rows(self.dialect, kind, name=name).c.k0)


@dataclass(frozen=True, slots=True)
class Found:
    """How many of the chosen are to be asked, how many of those no mail can be written to, how many have been asked
    already; ``last``: the highest number of those to be asked."""

    people: int
    unaddressed: int
    already: int
    last: int


def is_all(whom: Whom) -> bool:
    """Whether it is 全件; refused when it is not one of the three."""
    if sum([whom.all, whom.found is not UNSET, whom.picked is not UNSET]) != 1:
        raise Invalid()
    return whom.all


def chosen(connection: Connection, incident: int, whom: Whom) -> list[int]:
    """Those of the chosen who are to be asked, by number."""
    search = _whom(connection, incident, whom)
    wanted = select(accounts.c.id).select_from(_source(incident))
    fresh = tables.targets.c.account_id.is_(None)
    return list(
        connection.execute(wanted.where(*search.where, fresh).order_by(accounts.c.id), search.bound).scalars()
    )


def counted(connection: Connection, incident: int, whom: Whom) -> Found:
    """The same in numbers alone."""
    search = _whom(connection, incident, whom)
    fresh = tables.targets.c.account_id.is_(None)
    wanted = select(
        func.count().filter(fresh),
        func.count().filter(and_(fresh, ~has_address())),
        func.count().filter(~fresh),
        func.max(case((fresh, accounts.c.id), else_=0)),
    )
    row = connection.execute(wanted.select_from(_source(incident)).where(*search.where), search.bound).one()
    return Found(*(each or 0 for each in row))


def _whom(connection: Connection, incident: int, whom: Whom) -> _Search:
    search = _Search(incident, connection.dialect.name, [IN_SCOPE])
    if is_all(whom):
        return search
    if whom.found is not UNSET:
        _narrow(connection, search, whom.found)
    if whom.picked is not UNSET:
        search.where.append(accounts.c.id.in_(search.keys("picked", int, sorted(set(whom.picked)))))
    return search


def has_address() -> ColumnElement[bool]:
    """Some mail can be written to him: addresses are checked before they are kept."""
    p, c = people.c, contacts.c
    listed = and_(p.account_id == accounts.c.id, p.gone.is_(False), or_(p.email1 != "", p.email2 != ""))
    own = and_(c.account_id == accounts.c.id, c.address != "", c.gone_at.is_(None))
    return or_(exists().where(listed), exists().where(own))


def page(connection: Connection, incident: int, asked: AnpiPeopleQuestion, limit: int) -> tuple[int, list[Any]]:
    """How many answer the conditions, and the next of them in the order of all lists, one more than ``limit`` if
    there are more. People who have left stay in what asked them."""
    t, p = tables.targets.c, people.c
    search = _Search(incident, connection.dialect.name, [or_(IN_SCOPE, t.account_id.is_not(None))])
    _narrow(connection, search, conditions_of(asked))
    source = _source(incident).join(people, p.account_id == accounts.c.id)
    total = connection.execute(
        select(func.count()).select_from(source).where(*search.where), search.bound
    ).scalar_one()
    wanted = select(
        accounts.c.id,
        accounts.c.name,
        accounts.c.kana,
        accounts.c.state,
        t.asked_at,
        t.department_id,
        t.area,
        t.answered_at,
        t.self,
        t.help,
        t.work,
        t.doubtful,
    )
    wanted = wanted.select_from(source).where(*search.where, *_after(connection, asked.after))
    rows = connection.execute(wanted.order_by(p.sort_key, p.account_id).limit(limit + 1), search.bound)
    return int(total), list(rows)


def conditions_of(asked: AnpiPeopleQuestion) -> Conditions:
    """The conditions of a question, without its place in the list."""
    return Conditions(**{name: getattr(asked, name) for name in _FIELDS})


def departments_of(connection: Connection, incident: int, ids: Iterable[int]) -> dict[int, str]:
    """The 本務 of these people by name: as of asking, of others as it is."""
    t = tables.targets.c
    keys = key_rows(connection.dialect.name, int)
    first = select(posts.c.department_id).where(posts.c.account_id == keys.c.k0).order_by(posts.c.place).limit(1)
    asked = and_(t.incident_id == incident, t.account_id == keys.c.k0)
    main = case((t.account_id.is_not(None), t.department_id), else_=first.scalar_subquery())
    source = keys.outerjoin(tables.targets, asked).join(departments, departments.c.id == main)
    rows = connection.execute(select(keys.c.k0, departments.c.name).select_from(source), {"keys": packed(ids)})
    return {row[0]: row[1] for row in rows}


def _source(incident: int) -> Any:
    t = tables.targets.c
    return accounts.outerjoin(tables.targets, and_(t.incident_id == incident, t.account_id == accounts.c.id))


def _after(connection: Connection, account: int) -> list[ColumnElement[bool]]:
    if not account:
        return []
    p = people.c
    key = connection.execute(select(p.sort_key).where(p.account_id == account)).scalar()
    if key is None:
        raise Invalid()
    return [or_(p.sort_key > key, and_(p.sort_key == key, p.account_id > account))]


# ---------------------------------------------------------------- one condition each


def _narrow(connection: Connection, search: _Search, asked: Conditions) -> None:
    _by_text(search, asked.text)
    if asked.department is not UNSET:
        _by_department(search, directory_queries.below(connection, asked.department))
    if asked.area:
        _by_area(search, asked.area)
    if asked.sent:
        search.where.append(_by_sending(search.incident)[asked.sent])
    _by_answer(search, asked)


def _by_text(search: _Search, text: str) -> None:
    # 山田太郎 finds 山田 太郎.
    together = func.replace(accounts.c.search_key, " ", "")
    for word in text.split()[:WORDS_LIMIT]:
        search.where.append(together.like(like(folded(word)), escape="\\"))


def _by_department(search: _Search, below: Iterable[int]) -> None:
    """By the 本務 as of asking; of whom has not been asked, by any of his posts."""
    t, inside = tables.targets.c, search.keys("below", int, below)
    held = exists().where(posts.c.account_id == accounts.c.id, posts.c.department_id.in_(inside))
    search.where.append(or_(t.department_id.in_(inside), and_(t.account_id.is_(None), held)))


def _by_area(search: _Search, code: str) -> None:
    """By which he was asked; of whom has not been asked, where he works or lives."""
    t, a = tables.targets.c, person_areas.c
    codes = search.keys("codes", str, sorted(reach.within(code)))
    lives = exists().where(a.account_id == accounts.c.id, a.area.in_(codes))
    search.where.append(or_(t.area.in_(codes), and_(t.account_id.is_(None), lives)))


def _by_sending(incident: int) -> dict[str, ColumnElement[bool]]:
    t = tables.targets.c
    asked = t.account_id.is_not(None)
    sent, waits = _has(incident, REACHED), _has(incident, UNDER_WAY)
    return {
        "not_sent": t.account_id.is_(None),
        "sent": and_(asked, sent),
        "waiting": and_(asked, ~sent, waits),
        "failed": and_(asked, ~sent, ~waits),
    }


def _has(incident: int, states: tuple[str, ...]) -> ColumnElement[bool]:
    d = deliveries.c
    return exists().where(d.incident_id == incident, d.account_id == accounts.c.id, asks(), d.state.in_(states))


def _by_answer(search: _Search, asked: Conditions) -> None:
    t = tables.targets.c
    if asked.answered == "yes":
        search.where.append(t.answer_id.is_not(None))
    if asked.answered == "no":
        search.where += [t.account_id.is_not(None), t.answer_id.is_(None)]
    if asked.self:
        search.where.append(t.self == asked.self)
    if asked.help:
        search.where.append(t.help)
    if asked.work:
        search.where.append(t.work == asked.work)
