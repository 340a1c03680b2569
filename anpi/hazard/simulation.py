"""What a stored event, or an invented one, would do today: by today's rules, to today's people. Nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, exists, func, or_, select

from anpi import finding, reach, settings
from anpi.hazard import levels, starting, why
from anpi.hazard.forms import InventedQuake, Simulation
from anpi.hazard.model import Decision, HazardReport, Hit, Known, RuleSeen
from anpi.hazard.rules import Limits, Rule
from anpi.hazard.tables import events, reports
from anpi.hazard.triggers import decide
from anpi.queries import IN_SCOPE
from directory.areas.resolving import area_of
from directory.areas.tables import areas
from directory.tables import person_areas
from server.auth.tables import accounts
from server.data.sets import key_rows, packed
from server.errors import Invalid, NotFound

REPORTS_LIMIT = 500


@dataclass
class Played:
    """What the reports of an event came to, one after the other."""

    act: str = "ignore"
    reason: str = ""
    hits: dict[str, Hit] = field(default_factory=dict)
    rules: tuple[RuleSeen, ...] = ()


def played(said: Sequence[HazardReport], rules: Sequence[Rule], limits: Limits) -> Played:
    """Each report at its own time, and the end of a wait at its time; no other event stands before this one."""
    result, known = Played(), Known()
    for report in sorted(said, key=lambda each: each.at):
        if known.armed_until is not None and known.state == "armed" and known.armed_until <= report.at:
            known = _after(result, decide(known, None, rules, (), known.armed_until, limits))
        known = _after(result, decide(known, replace(report, status="real"), rules, (), report.at, limits))
    if known.armed_until is not None and known.state == "armed":
        _after(result, decide(known, None, rules, (), known.armed_until, limits))
    return result


def _after(result: Played, decision: Decision) -> Known:
    if decision.act in ("start", "widen"):
        result.hits.update(decision.hits)
    if decision.act in ("start", "cancel") or result.act not in ("start", "cancel"):
        result.act, result.reason = decision.act, decision.reason
    if any(rule.hits for rule in decision.inputs.rules) or not result.rules:
        result.rules = decision.inputs.rules
    return decision.known


def of_event(connection: Connection, id: int) -> Simulation:
    """What a stored event would do now."""
    if connection.execute(select(events.c.id).where(events.c.id == id)).scalar() is None:
        raise NotFound()
    told = select(reports.c.body).where(reports.c.event_id == id, reports.c.body != "").order_by(reports.c.id)
    bodies = connection.execute(told.limit(REPORTS_LIMIT)).scalars()
    return _simulated(connection, [msgspec.json.decode(body, type=HazardReport) for body in bodies])


def of_invented(connection: Connection, quake: InventedQuake, now: datetime) -> Simulation:
    """What a quake that never was would do."""
    return _simulated(connection, [invented(quake.areas, now)])


def invented(told: Mapping[str, str], now: datetime) -> HazardReport:
    """A report of these levels. A prefecture means all its 細分区域, a city shakes the one it lies in too."""
    found: dict[str, str] = {}
    cities: dict[str, str] = {}
    for code, level in told.items():
        area = area_of(code)
        if area is None:
            raise Invalid("rule_area", field="areas")
        within = [area.area_code] if area.area_code else _areas_of(code)
        found.update({each: levels.higher(level, found.get(each, "")) for each in within})
        if area.kind == "city":
            cities[code] = level
    return HazardReport(
        type="VXSE53",
        status="real",
        info="issued",
        at=now,
        series="VXSE53",
        event_ids=("00000000000000",),
        origin=now - timedelta(minutes=2),
        max_level=levels.highest(told.values()),
        areas=found,
        cities=cities,
    )


def _areas_of(prefecture: str) -> list[str]:
    return [area.code for area in areas().values() if area.pref_code == prefecture]


def _simulated(connection: Connection, said: list[HazardReport]) -> Simulation:
    limits = starting.limits_of(settings.read(connection))
    result = played(said, starting.read_rules(connection), limits)
    people, unplaced, unaddressed = _asked(connection, sorted(result.hits)) if result.hits else (0, 0, 0)
    return Simulation(
        act=result.act,  # type: ignore[arg-type]
        reason=result.reason,
        areas=why.shown(result.hits),
        rules=why.findings(result.rules),
        people=people,
        unplaced=unplaced,
        without_address=unaddressed,
    )


def _asked(connection: Connection, codes: list[str]) -> tuple[int, int, int]:
    """How many people these areas mean, how many of them have no area, and how many no address."""
    a = person_areas.c
    keys = key_rows(connection.dialect.name, str)
    hit = select(a.account_id).select_from(keys.join(person_areas, a.area == keys.c.k0))
    unplaced = ~exists().where(a.account_id == accounts.c.id)
    counts = (func.count(), func.count().filter(unplaced), func.count().filter(~finding.has_address()))
    wanted = select(*counts).select_from(accounts).where(IN_SCOPE, or_(unplaced, accounts.c.id.in_(hit)))
    people, alone, mute = connection.execute(wanted, {"keys": packed(sorted(reach.hit(codes).codes))}).one()
    return people, alone, mute
