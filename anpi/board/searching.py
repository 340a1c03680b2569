"""集計: whom a check asks, found by what they have answered, page by page in the order of all lists."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select

from anpi import reach, tables
from anpi.answers.forms import AnswerRow
from anpi.answers.frames import Place
from anpi.board import counting
from anpi.board.forms import AnswerPerson, AnswersPage, AnswersQuestion
from anpi.sending.deliveries import asks
from anpi.sending.tables import deliveries
from directory import queries as directory_queries
from directory.areas.resolving import name_of
from directory.people_port import Directory
from directory.tables import departments, people
from server.auth.tables import accounts
from server.clock import to_millis
from server.data.sets import key_rows, packed
from server.errors import Invalid
from server.text import folded, like

AnyRow = Row[*tuple[Any, ...]]
WORDS_LIMIT = 10
NO_AREA = "-"
REACHED = ("sent",)
UNDER_WAY = ("waiting", "doubtful")
NOT_LOST = (*REACHED, *UNDER_WAY, "written", "dropped")
"""Who has one of these is not counted as 不達 (``deliveries.people_counts``)."""

_t, _a, _p = tables.targets.c, tables.answers.c, people.c
_SOURCE = (
    tables.targets.join(accounts, accounts.c.id == _t.account_id)
    .join(people, _p.account_id == _t.account_id)
    .outerjoin(tables.answers, _a.id == _t.answer_id)
    .outerjoin(departments, departments.c.id == _t.department_id)
)
_COLUMNS: list[ColumnElement[Any]] = [
    *_t,
    accounts.c.name,
    accounts.c.kana,
    accounts.c.login_id,
    accounts.c.anpi_login_id,
    departments.c.code.label("department_code"),
    departments.c.name.label("department_name"),
    *(column.label(f"given_{column.name}") for column in _a),
]


@dataclass
class _Search:
    """Conditions as SQL, and what is bound in them."""

    dialect: str
    where: list[ColumnElement[bool]] = field(default_factory=list)
    bound: dict[str, str] = field(default_factory=dict)

    def keys(self, name: str, kind: type, values: Iterable[object]) -> Select[Any]:
        self.bound[name] = packed(values)
        return select(key_rows(self.dialect, kind, name=name).c.k0)


def page(connection: Connection, incident: int, asked: AnswersQuestion) -> AnswersPage:
    """The next of them, and how many there are in all, by what they answered."""
    search = _narrowed(connection, incident, asked)
    rows = rows_after(connection, incident, asked, asked.after, asked.limit + 1)
    counts = counting.summed(_tallies(connection, search))
    shown = people_of(connection, incident, rows[: asked.limit])
    after = rows[asked.limit - 1].account_id if len(rows) > asked.limit else 0
    return AnswersPage(total=counts.asked, counts=counts, after=after, people=shown)


def total(connection: Connection, incident: int, asked: AnswersQuestion) -> int:
    """How many there are in all."""
    return counting.summed(_tallies(connection, _narrowed(connection, incident, asked))).asked


def rows_after(
    connection: Connection, incident: int, asked: AnswersQuestion, after: int, limit: int
) -> Sequence[AnyRow]:
    """So many of those who were found, behind this person in the order of all lists."""
    search = _narrowed(connection, incident, asked)
    wanted = select(*_COLUMNS).select_from(_SOURCE)
    wanted = wanted.where(*search.where, *_behind(connection, after))
    return connection.execute(wanted.order_by(_p.sort_key, _p.account_id).limit(limit), search.bound).all()


def people_of(connection: Connection, incident: int, rows: Sequence[AnyRow]) -> list[AnswerPerson]:
    """These rows as administrators see them."""
    ids = [row.account_id for row in rows]
    titles, given = Directory().names(connection, ids), answers_given(connection, incident, ids)
    return [
        AnswerPerson(
            id=row.account_id,
            name=row.name,
            login_id=row.login_id,
            kana=row.kana,
            title=titles[row.account_id].title if row.account_id in titles else "",
            department=row.department_name or "",
            area=(name_of(row.area) or row.area) if row.area else "",
            asked_at=to_millis(row.asked_at),
            answers=given.get(row.account_id, 0),
            answer=None if row.answer_id is None else joined_answer(row, incident),
        )
        for row in rows
    ]


def answers_given(connection: Connection, incident: int, ids: Sequence[int]) -> dict[int, int]:
    """回答回数: how many answers of each count in the check."""
    c, keys = tables.counted.c, key_rows(connection.dialect.name, int)
    joined = keys.join(tables.counted, and_(c.incident_id == incident, c.account_id == keys.c.k0))
    wanted = select(c.account_id, func.count().label("given")).select_from(joined).group_by(c.account_id)
    return {row.account_id: row.given for row in connection.execute(wanted, {"keys": packed(ids)})}


def joined_answer(row: AnyRow, incident: int) -> AnswerRow:
    """The answer that stands in a row of ``rows_after``."""
    kept = {name.removeprefix("given_"): value for name, value in row._mapping.items() if name.startswith("given_")}
    return answer_row(kept, incident)


def answer_row(kept: dict[str, Any], incident: int) -> AnswerRow:
    """An answer as administrators see it; the company's questions belong to the check through which it came."""
    located = kept["lat"] is not None
    return AnswerRow(
        id=kept["id"],
        at=to_millis(kept["at"]),
        channel=kept["channel"],
        incident=kept["incident_id"],
        self=kept["self"],
        help=bool(kept["help"]),
        where=kept["where"],
        family=kept["family"],
        house=kept["house"],
        work=kept["work"],
        comment=kept["comment"],
        own=msgspec.json.decode(kept["own"], type=dict[str, str]) if kept["incident_id"] == incident else {},
        location=Place(lat=kept["lat"], lon=kept["lon"], accuracy=kept["accuracy"] or 0.0) if located else None,
        doubtful=bool(kept["doubtful"]),
        by_account=kept["by_account_id"] or 0,
        by_name=kept["by_name"],
        reason=kept["reason"],
    )


# ---------------------------------------------------------------- conditions


def _tallies(connection: Connection, search: _Search) -> list[counting.Tally]:
    kinds = (_t.self, _t.help, _t.work, _t.doubtful)
    wanted = select(*kinds, func.count().label("people")).select_from(_SOURCE).where(*search.where).group_by(*kinds)
    return [
        counting.Tally(0, "", row.self, bool(row.help), row.work, bool(row.doubtful), row.people)
        for row in connection.execute(wanted, search.bound)
    ]


def _narrowed(connection: Connection, incident: int, asked: AnswersQuestion) -> _Search:
    search = _Search(connection.dialect.name, [_t.incident_id == incident])
    for word in asked.text.split()[:WORDS_LIMIT]:
        search.where.append(accounts.c.search_key.like(like(folded(word)), escape="\\"))
    if asked.department is not None:
        below = directory_queries.below(connection, asked.department)
        search.where.append(_t.department_id.in_(search.keys("below", int, below)))
    if asked.area == NO_AREA:
        search.where.append(_t.area == "")
    elif asked.area:
        search.where.append(_t.area.in_(search.keys("codes", str, sorted(reach.within(asked.area)))))
    search.where += _by_answer(asked)
    if asked.sent:
        search.where.append(by_sending(incident)[asked.sent])
    return search


def _by_answer(asked: AnswersQuestion) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if asked.self == "none":
        where.append(_t.answer_id.is_(None))
    elif asked.self == "any":
        where.append(_t.answer_id.is_not(None))
    elif asked.self:
        where.append(_t.self == asked.self)
    if asked.help:
        where.append(_t.help)
    if asked.doubtful:
        where.append(_t.doubtful)
    if asked.work:
        where.append(_t.work == asked.work)
    if asked.family:
        where.append(_a.family == asked.family)
    if asked.house:
        where.append(_a.house == asked.house)
    return where


def by_sending(incident: int) -> dict[str, ColumnElement[bool]]:
    """Conditions for what became of what was sent to somebody."""
    reached, waits = _has(incident, REACHED), _has(incident, UNDER_WAY)
    d = deliveries.c
    any_at_all = exists().where(d.incident_id == incident, d.account_id == _t.account_id, asks())
    return {
        "reached": reached,
        "waiting": and_(~reached, waits),
        "failed": and_(any_at_all, ~_has(incident, NOT_LOST)),
        "none": ~any_at_all,
    }


def _has(incident: int, states: tuple[str, ...]) -> ColumnElement[bool]:
    d = deliveries.c
    return exists().where(d.incident_id == incident, d.account_id == _t.account_id, asks(), d.state.in_(states))


def _behind(connection: Connection, account: int) -> list[ColumnElement[bool]]:
    if not account:
        return []
    key = connection.execute(select(_p.sort_key).where(_p.account_id == account)).scalar()
    if key is None:
        raise Invalid(field="after")
    return [or_(_p.sort_key > key, and_(_p.sort_key == key, _p.account_id > account))]
