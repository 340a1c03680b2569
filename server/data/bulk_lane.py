"""The lane of bulk jobs: whose step comes next."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

FIRST_IN_A_ROW = 4
"""So many steps of jobs that go first, and then one of the others, which must not stand still for minutes."""


class Job(Protocol):
    first: bool


AnyJob = TypeVar("AnyJob", bound=Job)


class BulkLane(Generic[AnyJob]):
    """Jobs in turn; those that go first before all others, but for every fifth step."""

    def __init__(self) -> None:
        self._first: deque[AnyJob] = deque()
        self._others: deque[AnyJob] = deque()
        self._in_a_row = 0

    def __bool__(self) -> bool:
        return bool(self._first or self._others)

    def __iter__(self) -> Iterator[AnyJob]:
        return iter((*self._first, *self._others))

    def append(self, job: AnyJob) -> None:
        """It waits for its next step."""
        (self._first if job.first else self._others).append(job)

    def pop(self) -> AnyJob:
        """Whose step is next; there is one."""
        if self._first and (not self._others or self._in_a_row < FIRST_IN_A_ROW):
            self._in_a_row += 1
            return self._first.popleft()
        self._in_a_row = 0
        return self._others.popleft()
