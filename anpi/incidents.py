"""An incident that begins by itself, grows, or is taken back: the door for what the earth does (``hazard/``)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import msgspec
from sqlalchemy import insert, update

from anpi import events, queries, sends, settings, tables
from anpi.model import AUTOMATIC_TITLE, DRILL_MARK, Cause, Incident
from anpi.sends import AUTOMATIC, Chosen
from server.auth.audit import record
from server.data.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Start:
    """What begins by itself.

    ``key`` exists once: a second start with it gives the incident that is there. ``areas`` are the JMA codes that are
    hit (細分区域 and 市区町村; 都道府県 for tsunami and weather); asked is whoever works or lives in one of them, as
    ``reach.py`` says, and with ``unplaced`` who has no area. ``facts`` is the JSON of ``sending.variables.Facts``.
    """

    key: str
    cause: Cause
    areas: tuple[str, ...]
    facts: str = field(default="{}")
    unplaced: bool = True
    drill: bool = False


def start_automatic(tx: Transaction, start: Start) -> int:
    """Begin it, with text, questions and reminders as set; a real one suspends drills. Its number, also when it is
    there already. Targets and mails follow in steps (``preparing.py``)."""
    tx.lock("hazard")
    known = queries.incident_of_key(tx.connection, start.key)
    if known is not None:
        return known.id
    queries.lock_open(tx.connection)
    i = tables.incidents
    id = int(tx.connection.execute(insert(i).returning(i.c.id), _row(tx, start)).scalar_one())
    found = queries.locked(tx.connection, id)
    chosen = Chosen("areas", areas=sorted(start.areas), unplaced=start.unplaced)
    sends.begin(tx, found, f"start:{id}", "ask", chosen, None)
    record(tx, AUTOMATIC, "anpi.start", str(id), cause=start.cause, key=start.key, areas=len(start.areas))
    return id


def widen(
    tx: Transaction, incident: int, areas: Iterable[str], facts: str | None = None, cause: Cause | None = None
) -> int | None:
    """Ask those in further areas too (nobody twice): the number of the send; None when it is open no more, or was
    taken back. ``facts`` and ``cause`` replace what was known."""
    found = queries.locked_first(tx.connection, incident)
    if not found.is_running:
        return None
    _learn(tx, found, facts, cause)
    chosen = Chosen("areas", areas=sorted(set(areas)))
    send = sends.begin(tx, found, f"widen:{incident}:{found.rev}", "ask", chosen, None)
    record(tx, AUTOMATIC, "anpi.widen", str(incident), areas=len(chosen.areas))
    return send.id


def cancel(tx: Transaction, incident: int) -> bool:
    """取消: one notice to those reached, nobody is asked again, badges stay until 完了. False: it was over."""
    found = queries.locked_first(tx.connection, incident)
    if not found.is_open or found.cancelled_at is not None:
        return False
    i = tables.incidents
    tx.connection.execute(update(i).where(i.c.id == incident).values(cancelled_at=tx.now))
    sends.begin(tx, found, f"cancel:{incident}", "cancelled", Chosen("reached"), None)
    record(tx, AUTOMATIC, "anpi.cancel", str(incident))
    return True


def learn(tx: Transaction, incident: int, facts: str, cause: Cause) -> None:
    """More is known of what it is about, or nothing new; nobody further is asked."""
    found = queries.locked(tx.connection, incident)
    if found.is_running and (facts, cause) != (found.facts, found.cause):
        _learn(tx, found, facts, cause)
        events.touched(tx, incident)


def hush(tx: Transaction, incident: int) -> None:
    """Nobody is asked again by itself."""
    i = tables.incidents
    queries.locked(tx.connection, incident)
    tx.connection.execute(update(i).where(i.c.id == incident).values(reminders="[]"))
    events.touched(tx, incident)


def _learn(tx: Transaction, found: Incident, facts: str | None, cause: Cause | None) -> None:
    known = {} if facts is None else {"facts": facts}
    if cause is not None and cause != found.cause:
        kept = settings.read(tx.connection)
        known["cause"] = cause
        # The text set for what it is now known to be, unless somebody has written another.
        if found.cause and found.message == settings.message_for(kept, found.cause):
            known["message"] = settings.message_for(kept, cause)
        if not found.reminders and not found.drill:
            known["reminders"] = _minutes(kept.remind)
    if known:
        i = tables.incidents
        tx.connection.execute(update(i).where(i.c.id == found.id).values(known))


def _minutes(minutes: Iterable[int]) -> str:
    return msgspec.json.encode(list(minutes)).decode()


def _row(tx: Transaction, start: Start) -> dict[str, Any]:
    kept = settings.read(tx.connection)
    return {
        "key": start.key,
        "kind": "ask",
        "drill": start.drill,
        "origin": "automatic",
        "cause": start.cause,
        "state": "open",
        "title": DRILL_MARK + AUTOMATIC_TITLE if start.drill else AUTOMATIC_TITLE,
        "message": settings.message_for(kept, start.cause),
        "questions": msgspec.json.encode(kept.questions).decode(),
        "location": kept.location,
        "count_from": tx.now,
        "facts": start.facts,
        "reminders": _minutes([] if start.drill else kept.remind),
        "created_at": tx.now,
        "rev": 1,
    }
