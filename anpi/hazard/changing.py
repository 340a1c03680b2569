"""Changing the rules of the automatic start: all of them at once, by who may, and never over another's change."""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, delete, func, insert, select

from anpi import deciding, queries, settings
from anpi.hazard import levels, starting, why
from anpi.hazard.forms import HazardRule, HazardRules, HazardRulesBody
from anpi.hazard.tables import rules
from directory.areas.resolving import area_of
from server.auth.audit import record
from server.auth.model import Actor
from server.clock import from_millis, to_millis
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid, NotFound

LOCK = "hazard"
THRESHOLDS = {"intensity": levels.THRESHOLDS, "tsunami": levels.TSUNAMI, "weather": ("",)}


def read(connection: Connection) -> HazardRules:
    """The rules as they stand, and what they may name."""
    found = [
        HazardRule(rule.kind, rule.enabled, rule.threshold, list(rule.areas))  # type: ignore[arg-type]
        for rule in starting.read_rules(connection)
    ]
    return HazardRules(found, to_millis(_changed_at(connection)), why.choices())


def change(tx: Transaction, actor: Actor, body: HazardRulesBody) -> None:
    """Put these in the place of all that were."""
    queries.require_administrator(tx.connection, actor)
    if not deciding.may_change(tx.connection, actor, settings.read(tx.connection)):
        raise NotFound()
    # Under the lock of the decisions: none is made by half of the rules.
    tx.lock(LOCK)
    if body.seen is not UNSET and body.seen != to_millis(_changed_at(tx.connection)):
        raise Conflict()
    for rule in body.rules:
        _check(rule)
    tx.connection.execute(delete(rules))
    rows = [_row(tx, place, rule) for place, rule in enumerate(body.rules)]
    if rows:
        tx.connection.execute(insert(rules), rows)
    told = [f"{rule.kind} {rule.threshold} {'on' if rule.enabled else 'off'}".split() for rule in body.rules]
    record(tx, actor, "anpi.rules", "", rules=[" ".join(each) for each in told])


def _check(rule: HazardRule) -> None:
    if rule.threshold not in THRESHOLDS[rule.kind]:
        raise Invalid("rule_threshold", field="threshold")
    if any(area_of(code) is None for code in rule.areas):
        raise Invalid("rule_area", field="areas")


def _row(tx: Transaction, place: int, rule: HazardRule) -> dict[str, object]:
    return {
        "kind": rule.kind,
        "enabled": rule.enabled,
        "threshold": rule.threshold,
        "areas": msgspec.json.encode(sorted(set(rule.areas))).decode(),
        "place": place,
        "changed_at": tx.now,
    }


def _changed_at(connection: Connection) -> datetime:
    return connection.execute(select(func.max(rules.c.changed_at))).scalar() or from_millis(0)
