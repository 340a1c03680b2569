"""Coming back: what changed in the directory since a ``rev``, row by row, or that there is too much to be told."""

from __future__ import annotations

from sqlalchemy import Connection

from directory import events, queries, rows, status
from directory.changes import TOLD_AT_MOST
from directory.frames import DirectoryChanged, DirectoryReload
from server.module import Missing


def since(connection: Connection, rev: int, within_ms: int = 0) -> DirectoryChanged | DirectoryReload:
    """What one lacks who holds ``rev``, as everybody may see it."""
    head = queries.rev(connection)
    # A change of what is shown has touched no row: the rows alone would leave who missed it with the old fields.
    if rev > head or rev < queries.shown_rev(connection):
        return _anew(rev, head, within_ms)
    people, gone = queries.people_since(connection, rev, TOLD_AT_MOST + 1)
    departments = queries.departments_since(connection, rev, TOLD_AT_MOST + 1)
    if len(people) + len(gone) + len(departments) > TOLD_AT_MOST:
        return _anew(rev, head, within_ms)
    shown, _ = rows.people_for_everybody(connection, people)
    there, closed = rows.departments(connection, departments)
    return DirectoryChanged(since=rev, rev=head, people=shown, gone=gone, departments=there, departments_gone=closed)


def _anew(rev: int, head: int, within_ms: int) -> DirectoryReload:
    return DirectoryReload(since=rev, rev=head, parts=list(events.BOTH), within_ms=within_ms)


def heads(connection: Connection, keys: list[str]) -> dict[str, int]:
    """The newest ``rev`` of these topics."""
    return queries.revs(connection, keys)


def missing(connection: Connection, key: str, rev: int) -> Missing:
    """What the watchers of the directory lack after ``rev``: the same for all of them."""
    frame = since(connection, rev, events.WITHIN_MS)
    return Missing(frame.rev, (frame,))


def missing_statuses(connection: Connection, key: str, rev: int) -> Missing:
    """Badges are told by who tells them once a second: it is enough that the topic moves."""
    return Missing(status.rev(connection))
