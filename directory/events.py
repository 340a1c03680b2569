"""What the directory announces, and under which topics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from directory.frames import DepartmentRow, DirectoryChanged, DirectoryReload, Groups, PersonRow, Statuses
from directory.model import STATUS_TOPIC, TOPIC
from server.data.transaction import Event

Part = Literal["people", "departments"]
BOTH: tuple[Part, ...] = ("people", "departments")
WITHIN_MS = 3000
"""Over how long the questions after a great change are spread, at most."""


def spread(rows: int) -> int:
    """A millisecond for each row: what changes for some hundreds is seen within a second all the same."""
    return min(WITHIN_MS, rows)


def changed(
    rev: int,
    people: Sequence[PersonRow] = (),
    gone: Sequence[int] = (),
    departments: Sequence[DepartmentRow] = (),
    departments_gone: Sequence[int] = (),
) -> Event:
    """These rows, as everybody may see them; nothing else changed with this ``rev``."""
    frame = DirectoryChanged(
        since=rev - 1,
        rev=rev,
        people=list(people),
        gone=list(gone),
        departments=list(departments),
        departments_gone=list(departments_gone),
    )
    return Event(TOPIC, rev, frame)


def reload(rev: int, parts: Sequence[Part] = BOTH, within_ms: int = WITHIN_MS) -> Event:
    """More than is told row by row."""
    return Event(TOPIC, rev, DirectoryReload(since=rev - 1, rev=rev, parts=list(parts), within_ms=within_ms))


def reload_own(account: int, rev: int, parts: Sequence[Part] = BOTH) -> Event:
    """The same for the devices of whoever changed it: he waits for nothing."""
    frame = DirectoryReload(since=rev - 1, rev=rev, parts=list(parts), within_ms=0)
    return Event(f"user:{account}", None, frame)


def groups_changed(account: int, frame: Groups) -> Event:
    """To the person's own devices alone."""
    return Event(f"user:{account}", None, frame)


def statuses_changed(rev: int) -> Event:
    """Moves the topic; what changed is read and told together, at most once a second."""
    return Event(STATUS_TOPIC, rev, Statuses(rev=rev, rows=[]), silent=True)
