"""Requests that share a transaction, and what becomes of each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from server.data.batch import Batch
from server.data.transaction import Event, Note, Revoked, Transaction
from server.errors import AppError

Done = Callable[[Any], None]


@dataclass(slots=True)
class Waiting:
    """A request in the people's lane. ``done`` is called on the loop with the result or the exception.

    ``spends``: whether the ballast may be given up for it. What the server does by itself, again and again, would
    give it up long before anybody needs it.
    """

    kind: Batch | None
    work: Any
    origin: str | None
    done: Done
    spends: bool = True


@dataclass(slots=True)
class Outcome:
    """What a group has come to: answers, and, when it was committed, what is to be announced."""

    answers: list[tuple[Done, Any]]
    events: list[Event] = field(default_factory=list)
    revoked: list[Revoked] = field(default_factory=list)
    woken: set[str] = field(default_factory=set)
    notes: list[Note] = field(default_factory=list)


def run_group(tx: Transaction, group: list[Waiting]) -> list[tuple[Done, Any]]:
    """Do the whole group's work, kind by kind: in one order everywhere, so that two processes that share a database
    take their locks in the same order."""
    by_kind: dict[Batch | None, list[Waiting]] = {}
    for waiting in group:
        by_kind.setdefault(waiting.kind, []).append(waiting)
    answers: list[tuple[Done, Any]] = []
    for kind, members in sorted(by_kind.items(), key=_place):
        if kind is None:
            answers += [(waiting.done, _run_action(tx, waiting.work)) for waiting in members]
        else:
            results = kind.run(tx, [waiting.work for waiting in members])
            answers += [(waiting.done, result) for waiting, result in zip(members, results, strict=True)]
    _write_afterwards(tx, [answer for _, answer in answers])
    return answers


def _place(item: tuple[Batch | None, list[Waiting]]) -> tuple[bool, str]:
    """Batches by name, single actions last."""
    kind = item[0]
    return kind is None, kind.name if kind is not None else ""


def _run_action(tx: Transaction, action: Callable[[Transaction], Any]) -> Any:
    """The action's result or its refusal; a refusal has undone its writes and its announcements."""
    mark = tx.mark()
    savepoint = tx.connection.begin_nested()
    try:
        result = action(tx)
        savepoint.commit()
        return result
    except AppError as refusal:
        savepoint.rollback()
        tx.unsay(mark)
        return refusal


def _write_afterwards(tx: Transaction, answers: list[Any]) -> None:
    """What must outlive a refusal, such as its audit line."""
    for answer in answers:
        if isinstance(answer, AppError):
            for write in answer.afterwards:
                write(tx)
