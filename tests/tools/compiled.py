"""A statement is compiled once for a worker, and not again for each engine of each test's server.

SQLAlchemy keeps what it has compiled by engine and dialect. A test has engines of its own and asks each question once
or twice: a third of a test's work was to compile what the test before had compiled already.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import Dialect
from sqlalchemy.util import LRUCache

from server.data import engine

STATEMENTS = 5000

_compiled: LRUCache[Any, Any] = LRUCache(STATEMENTS)
_dialects: dict[str, Dialect] = {}
"""The first of each kind that has spoken with its database: only then does it know the version."""


def sharing_engine(*given: Any, **options: Any) -> Engine:
    """The engine that ``create_engine`` makes, which knows what the engines before it have compiled."""
    made = create_engine(*given, **options)
    kind = made.dialect.name
    if known := _dialects.get(kind):
        made.dialect = made.pool._dialect = known
    else:
        event.listen(made, "connect", lambda *_: _dialects.setdefault(kind, made.dialect))
    made._compiled_cache = _compiled
    return made


def pytest_configure() -> None:
    engine.create_engine = sharing_engine
