"""Questions to the database, asked in threads so that the loop never waits for one.

A read transaction lives for one question and sees one moment. It is never held across an ``await``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from server.errors import Busy

Args = ParamSpec("Args")
Answer = TypeVar("Answer")

WAITING_LIMIT = 2_000


class Readers:
    """A few reading connections behind a bounded queue."""

    def __init__(self, engine: Engine, threads: int = 4) -> None:
        self._engine = engine
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self.waiting = 0

    async def ask(
        self,
        question: Callable[Concatenate[Connection, Args], Answer],
        *args: Args.args,
        **kwargs: Args.kwargs,
    ) -> Answer:
        """Answer ``question(connection, …)`` in one read transaction. Raises ``Busy`` when too many wait."""
        if self.waiting >= WAITING_LIMIT:
            raise Busy(retry_ms=2000)
        self.waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, lambda: self.ask_now(question, *args, **kwargs))
        finally:
            self.waiting -= 1

    def ask_now(
        self, question: Callable[Concatenate[Connection, Args], Any], *args: Args.args, **kwargs: Args.kwargs
    ) -> Any:
        """The same in the caller's own thread: for the CLI and for tests."""
        with self._engine.connect() as connection, connection.begin():
            return question(connection, *args, **kwargs)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._engine.dispose()
