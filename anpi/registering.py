"""災害登録 (S20): what an administrator writes becomes an incident; until the first ［発信］ it may be changed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import insert, update

from anpi import events, queries, settings, tables
from anpi.forms import IncidentChange, NewIncident
from anpi.model import (
    Draft,
    Incident,
    Kind,
    Questions,
    checked_closing,
    checked_message,
    checked_questions,
    checked_title,
)
from anpi.sending import mails
from server.auth.audit import record
from server.auth.model import Actor
from server.clock import from_millis
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid
from server.text import plain_text

FIXED = ("title", "message", "questions", "count_from", "kind", "drill")
"""What the first ［発信］ fixes. 終了案内 and 位置情報 may be changed until 完了."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What was entered, before it is checked."""

    title: str
    message: str
    kind: Kind
    drill: bool
    count_from: datetime | None
    closing_at: datetime | None
    closing_to: str
    location: bool
    questions: Questions


def checked(wish: Wish, now: datetime, closing_before: datetime | None = None) -> Draft:
    """The wish as it may be kept, or a refusal that names the first wrong field, from top to bottom."""
    title, message = checked_title(wish.title), checked_message(wish.message)
    if wish.count_from is None:
        raise Invalid("required", field="count_from")
    closing_at, closing_to = checked_closing(wish.closing_at, wish.closing_to, now, closing_before)
    questions = checked_questions(wish.questions)
    # By building one: on the day itself nobody is there to mend it.
    mails.check(title, message)
    return Draft(
        wish.kind,
        wish.drill,
        title,
        message,
        questions,
        wish.location,
        wish.count_from,
        closing_at,
        closing_to,
    )


def wished(body: NewIncident) -> Wish:
    """What a new incident shall be."""
    return Wish(
        body.title,
        body.message,
        body.kind,
        body.drill,
        _moment(body.count_from),
        _moment(body.closing_at),
        body.closing_to,
        body.location,
        Questions() if body.questions is msgspec.UNSET else body.questions,
    )


def register(tx: Transaction, actor: Actor, key: str, wish: Wish, *, linked: bool) -> int:
    """A new incident, 受付中 and sent to nobody yet; pressed twice it is one. ``linked``: links to answer have an
    address."""
    queries.require_administrator(tx.connection, actor)
    tx.lock("anpi.register")
    known = queries.incident_of_key(tx.connection, _key(actor, key))
    if known is not None:
        return known.id
    if not linked:
        raise Conflict("no_public_url")
    draft = checked(wish, tx.now)
    id = _insert(tx, actor, _key(actor, key), draft)
    record(tx, actor, "anpi.register", str(id), title=draft.title, drill=draft.drill, kind=draft.kind)
    return id


def change(tx: Transaction, actor: Actor, id: int, changes: IncidentChange) -> None:
    """Change what may still be changed; the rest is refused as fixed."""
    queries.require_administrator(tx.connection, actor)
    found = queries.locked(tx.connection, id)
    if not found.is_open:
        raise Conflict("incident_closed")
    given = {name: getattr(changes, name) for name in changes.__struct_fields__}
    given = {name: value for name, value in given.items() if value is not msgspec.UNSET}
    if found.sent_at is not None:
        given = {name: value for name, value in given.items() if not _same(found, name, value)}
        for name in FIXED:
            if name in given:
                raise Conflict("incident_fixed", field=name)
    wish = replace(_as_wish(found), **{name: _value(name, value) for name, value in given.items()})
    draft = checked(wish, tx.now, found.closing_at)
    values = {**_columns(draft), "reminders": _reminders(tx, found, draft)}
    if draft.closing_at != found.closing_at:
        values["closing_sent_at"] = None
    i = tables.incidents
    tx.connection.execute(update(i).where(i.c.id == id).values(values))
    events.touched(tx, id)
    record(tx, actor, "anpi.change", str(id), fields=sorted(given))


def _insert(tx: Transaction, actor: Actor, key: str, draft: Draft) -> int:
    minutes = [] if draft.drill or draft.kind != "ask" else settings.read(tx.connection).remind
    row = {
        **_columns(draft),
        "key": key,
        "origin": "manual",
        "cause": "other",
        "state": "open",
        "reminders": msgspec.json.encode(minutes).decode(),
        "created_by": actor.account_id,
        "created_at": tx.now,
        "rev": 1,
    }
    return int(tx.connection.execute(insert(tables.incidents).returning(tables.incidents.c.id), row).scalar_one())


def _columns(draft: Draft) -> dict[str, Any]:
    return {
        "kind": draft.kind,
        "drill": draft.drill,
        "title": draft.title,
        "message": draft.message,
        "questions": msgspec.json.encode(draft.questions).decode(),
        "location": draft.location,
        "count_from": draft.count_from,
        "closing_at": draft.closing_at,
        "closing_to": draft.closing_to,
    }


def _reminders(tx: Transaction, found: Incident, draft: Draft) -> str:
    """Drills and お知らせのみ ask nobody again (A11)."""
    if found.drill == draft.drill and found.kind == draft.kind:
        return msgspec.json.encode(list(found.reminders)).decode()
    asks_again = draft.kind == "ask" and not draft.drill
    return msgspec.json.encode(settings.read(tx.connection).remind if asks_again else []).decode()


def _as_wish(found: Incident) -> Wish:
    return Wish(
        found.title,
        found.message,
        found.kind,
        found.drill,
        found.count_from,
        found.closing_at,
        found.closing_to,
        found.location,
        found.questions,
    )


def _same(found: Incident, name: str, value: Any) -> bool:
    # As it would be kept: a form gives line ends of two characters back.
    as_kept = plain_text(value) if name in ("title", "message") else _value(name, value)
    return bool(as_kept == getattr(found, name))


def _value(name: str, value: Any) -> Any:
    return _moment(value) if name in ("count_from", "closing_at") else value


def _moment(millis: int | None) -> datetime | None:
    return None if millis is None else from_millis(millis)


def _key(actor: Actor, key: str) -> str:
    """Keys are made by clients: one's own cannot be somebody else's."""
    return f"manual:{actor.account_id or 0}:{key}"
