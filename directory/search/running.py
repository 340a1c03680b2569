"""One run over those who wait: its steps hold the index between them, and the newest run alone goes on."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator
from functools import partial
from typing import Any, TypeVar

from directory.search import waiting
from server.data.transaction import Transaction

LOCK = "directory.search"

Result = TypeVar("Result")
Doing = Generator[Callable[[Transaction], Any], Any, Result]
"""Steps of the bulk lane that come to a result."""

_LOST = object()


class Lost(Exception):
    """A newer run has taken over: it does what is left, and frees what this one held."""


class Run:
    """A run knows itself by a number that stands in ``search_blocks``."""

    def __init__(self) -> None:
        self._number = secrets.randbits(62)

    def begin(self, tx: Transaction) -> bool:
        """Take over; whether there is anything to do."""
        tx.lock(LOCK)
        if not waiting.is_anybody_waiting(tx.connection) and not waiting.held(tx.connection):
            return False
        waiting.take_over(tx.connection, self._number)
        return True

    def do(self, action: Callable[..., Result], *args: Any) -> Doing[Result]:
        """One step: ``action(tx, *args)`` under the lock, while nobody has taken over."""
        answer = yield partial(self._step, action, args)
        if answer is _LOST:
            raise Lost
        result: Result = answer
        return result

    def _step(self, action: Callable[..., Result], args: tuple[Any, ...], tx: Transaction) -> Result | object:
        tx.lock(LOCK)
        if waiting.runner(tx.connection) != self._number:
            return _LOST
        return action(tx, *args)
