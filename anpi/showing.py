"""Incidents, their people and deliveries, as administrators see them; each answer is read at one moment."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Connection

from anpi import finding, queries, reach
from anpi.forms import (
    AnpiPeopleQuestion,
    AnpiPersonRow,
    Counted,
    DeliveryRow,
    DeliveryRows,
    IncidentFacts,
    IncidentRow,
    Incidents,
    IncidentShown,
    IncidentsQuestion,
    PeopleRows,
    Progress,
    SendRow,
    Whom,
)
from anpi.model import Incident
from anpi.queries import Send, Standing
from anpi.sending import deliveries
from anpi.sending.variables import Facts, read_facts
from anpi.sends import HIDDEN
from directory.areas.resolving import name_of
from server.auth.model import Actor, State
from server.clock import to_millis

PAGE = 50
PEOPLE_PAGE = 100


def incidents(connection: Connection, actor: Actor, asked: IncidentsQuestion) -> Incidents:
    """A page of the list 安否確認."""
    queries.require_administrator(connection, actor)
    found = queries.incidents_page(connection, asked.state, asked.before, PAGE + 1)
    standings = queries.standings(connection, [each.id for each in found])
    rows = [IncidentRow(**_row(each, standings.get(each.id, Standing()))) for each in found[:PAGE]]
    return Incidents(rows, len(found) > PAGE)


def incident(connection: Connection, actor: Actor, id: int, linked: bool) -> IncidentShown:
    """One of them, with everything."""
    queries.require_administrator(connection, actor)
    found = queries.existing(connection, id)
    sends = [each for each in queries.sends_of(connection, id) if each.act not in HIDDEN]
    names = queries.names(connection, [found.created_by, found.completed_by, *(each.actor_id for each in sends)])
    standing = queries.standings(connection, [id]).get(id, Standing())
    reached = deliveries.people_counts(connection, id)
    row = _row(found, standing)
    # Who has no way at all has no delivery; while people are being written down, that is not yet known.
    preparing = any(each.state == "preparing" for each in sends)
    nothing = 0 if preparing else max(0, standing.people - reached.people)
    row["progress"] = msgspec.structs.replace(
        row["progress"],
        sent=reached.sent,
        failed=reached.failed + nothing,
        written=reached.written,
        waiting=reached.waiting,
    )
    return IncidentShown(
        **row,
        message=found.message,
        questions=found.questions,
        location=found.location,
        changeable=found.is_open and found.sent_at is None,
        linked=linked,
        closing_at=_millis(found.closing_at),
        closing_to=found.closing_to,
        closing_sent_at=_millis(found.closing_sent_at),
        facts=_facts(read_facts(found.facts)),
        reminders=list(found.reminders),
        created_by=names.get(found.created_by or 0, ""),
        completed_by=names.get(found.completed_by or 0, ""),
        sends=[send_row(each, names) for each in sends],
    )


def send_row(send: Send, names: dict[int, str]) -> SendRow:
    """One ［発信］."""
    kind: Any = send.kind
    act: Any = send.act
    state: Any = send.state
    return SendRow(send.id, act, kind, to_millis(send.at), state, send.people, names.get(send.actor_id or 0, ""))


def count(connection: Connection, actor: Actor, id: int, whom: Whom) -> Counted:
    """「{n}人に発信します。」"""
    queries.require_administrator(connection, actor)
    queries.existing(connection, id)
    found = finding.counted(connection, id, whom)
    return Counted(found.people, found.unaddressed, found.already)


def people(connection: Connection, actor: Actor, id: int, asked: AnpiPeopleQuestion) -> PeopleRows:
    """A page of S21's list."""
    queries.require_administrator(connection, actor)
    queries.existing(connection, id)
    total, rows = finding.page(connection, id, asked, PEOPLE_PAGE)
    shown = rows[:PEOPLE_PAGE]
    ids = [row.id for row in shown]
    states = deliveries.states(connection, id, ids)
    places = reach.places(connection, ids)
    main = finding.departments_of(connection, id, ids)
    return PeopleRows(total, [_person(row, states, places, main) for row in shown], more=len(rows) > PEOPLE_PAGE)


def delivery_rows(connection: Connection, actor: Actor, id: int, account: int) -> DeliveryRows:
    """What was sent to somebody, by address; never the address itself (A12)."""
    queries.require_administrator(connection, actor)
    queries.existing(connection, id)
    found = deliveries.of_person(connection, id, account)
    return DeliveryRows(
        [
            DeliveryRow(each.round, each.channel, each.slot, str(each.state), _millis(each.ended_at), each.error)
            for each in found
        ]
    )


# ---------------------------------------------------------------- rows


def _row(found: Incident, standing: Standing) -> dict[str, Any]:
    return {
        "id": found.id,
        "kind": found.kind,
        "drill": found.drill,
        "origin": found.origin,
        "cause": found.cause,
        "state": found.state,
        "title": found.title,
        "created_at": to_millis(found.created_at),
        "count_from": to_millis(found.count_from),
        "rev": found.rev,
        "sent_at": _millis(found.sent_at),
        "suspended_at": _millis(found.suspended_at),
        "cancelled_at": _millis(found.cancelled_at),
        "completed_at": _millis(found.completed_at),
        "progress": Progress(standing.people, standing.answered, standing.support),
    }


def _person(
    row: Any, states: dict[int, Any], places: dict[int, list[reach.Place]], main: dict[int, str]
) -> AnpiPersonRow:
    own = places.get(row.id)
    code = row.area if row.asked_at is not None else (own[0].code if own else "")
    state: Any = "" if row.asked_at is None else states.get(row.id, "failed")
    return AnpiPersonRow(
        id=row.id,
        name=row.name,
        kana=row.kana,
        department=main.get(row.id, ""),
        area=(name_of(code) or code) if code else "",
        sent=state,
        asked_at=_millis(row.asked_at),
        answered_at=_millis(row.answered_at),
        self=row.self or "",
        help=bool(row.help),
        work=row.work or "",
        doubtful=bool(row.doubtful),
        left=row.state == State.DELETED.value,
    )


def _facts(facts: Facts) -> IncidentFacts:
    return IncidentFacts(facts.level, facts.areas, facts.place, _millis(facts.at), facts.missing)


def _millis(at: Any) -> int:
    return 0 if at is None else to_millis(at)
