"""Changing what the administrators of the safety check have decided: who may, what is right, and the audit's line."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET
from sqlalchemy import Connection, and_, select

from anpi import queries, sends, settings
from anpi.forms import ManagerRow, SettingsBody, SettingsShown
from anpi.model import AUTOMATIC_TITLE, checked_message, checked_questions
from anpi.sending import mails
from anpi.settings import AnpiSettings
from server.auth import company
from server.auth.audit import record
from server.auth.model import Actor, Privilege, State, short_line
from server.auth.tables import accounts, privileges
from server.data.transaction import Transaction
from server.errors import Invalid, NotFound

EMERGENCY_LIMIT = 50
SENDER_LIMIT = 100
MESSAGES = ("message", "message_early", "message_warning")


def shown(connection: Connection, actor: Actor, address: str) -> SettingsShown:
    """All of it, for an administrator; ``address`` is what links begin with."""
    queries.require_administrator(connection, actor)
    kept = settings.read(connection)
    known = company.find(connection)
    code = known.group_code if known else ""
    fields = {name: getattr(kept, name) for name in AnpiSettings.__struct_fields__ if name != "managers"}
    return SettingsShown(
        **fields,
        title=AUTOMATIC_TITLE,
        administrators=[ManagerRow(id, name, id in kept.managers) for id, name in administrators(connection)],
        changeable=may_change(connection, actor, kept),
        group_code=code,
        site=f"{address}/anpi/?C={code}" if address and code else "",
        linked=bool(address),
    )


def change(tx: Transaction, actor: Actor, body: SettingsBody) -> None:
    """Decide anew; to who may not, nothing is there."""
    queries.require_administrator(tx.connection, actor)
    tx.lock("company")
    kept = settings.read(tx.connection)
    if not may_change(tx.connection, actor, kept):
        raise NotFound()
    given = {name: getattr(body, name) for name in body.__struct_fields__ if getattr(body, name) is not UNSET}
    changed = msgspec.structs.replace(kept, **{name: _checked(tx, name, value) for name, value in given.items()})
    settings.write(tx, changed)
    if changed.badge_detail != kept.badge_detail:
        _show_anew(tx, actor)
    texts = (*MESSAGES, "questions")
    told = {name: [getattr(kept, name), getattr(changed, name)] for name in sorted(given) if name not in texts}
    record(tx, actor, "anpi.settings", fields=sorted(given), changed=told)


def _show_anew(tx: Transaction, actor: Actor) -> None:
    """Badges that are there already follow, in steps."""
    for found in queries.lock_open(tx.connection):
        if found.asks and found.sent_at is not None and found.suspended_at is None:
            chosen = sends.Chosen("badges")
            sends.begin(tx, found, f"badges:{found.id}:{found.rev}", "badges", chosen, actor.account_id)


def may_change(connection: Connection, actor: Actor, kept: AnpiSettings) -> bool:
    """Those who are named; while nobody of them is an administrator, every administrator."""
    named = set(kept.managers) & {id for id, _ in administrators(connection)}
    return actor.operator or not named or actor.account_id in named


def administrators(connection: Connection) -> list[tuple[int, str]]:
    """Who administers the safety check, by number."""
    held = and_(privileges.c.account_id == accounts.c.id, privileges.c.privilege == Privilege.ADMIN_ANPI.value)
    wanted = select(accounts.c.id, accounts.c.name).join(privileges, held)
    rows = connection.execute(wanted.where(accounts.c.state == State.ENABLED.value).order_by(accounts.c.id))
    return [(row.id, row.name) for row in rows]


def _checked(tx: Transaction, name: str, value: Any) -> Any:
    if name in MESSAGES:
        message = checked_message(value, name)
        mails.check(AUTOMATIC_TITLE, message)
        return message
    if name == "questions":
        return checked_questions(value)
    if name == "emergency_number":
        return short_line(value, name, EMERGENCY_LIMIT)
    if name == "sender_name":
        return short_line(value, name, SENDER_LIMIT)
    if name == "remind":
        return sorted(set(value))
    if name == "managers":
        return _administrating(tx.connection, value)
    return value


def _administrating(connection: Connection, wanted: list[int]) -> list[int]:
    if not set(wanted) <= {id for id, _ in administrators(connection)}:
        raise Invalid("format", field="managers")
    return sorted(set(wanted))
