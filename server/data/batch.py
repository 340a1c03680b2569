"""The two kinds of work that the writer takes."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from server.data.transaction import Transaction
from server.errors import AppError

Result = TypeVar("Result")

Action = Callable[..., Result]
"""``(tx, …) -> result``: one thing a person does. It runs in a savepoint, so a refusal undoes only itself, and
it may be run again: it does nothing that cannot be repeated."""

Steps = Generator[Callable[[Transaction], Any], Any, Any]
"""A bulk job: it yields callables of at most ~20 ms; each is a transaction of its own, its result is sent back."""


@dataclass(frozen=True, eq=False)
class Batch:
    """All waiting requests of one kind, decided and written at once.

    ``run(tx, requests)`` gives one result, or one ``AppError`` as a value, for each request, in their order.
    """

    name: str
    run: Callable[[Transaction, Sequence[Any]], list[Any | AppError]]
