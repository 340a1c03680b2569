"""A writer alone, on a small table, for tests of what it promises."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from server.clock import system_clock
from server.data import engine
from server.data.group import Outcome
from server.data.writer import Writer


@asynccontextmanager
async def small_writer(path: Path) -> AsyncIterator[tuple[Writer, list[Outcome]]]:
    """A started writer over a table ``said (text)``, and what it announced."""
    url = engine.parse(f"sqlite:///{path}")
    database = engine.writing_engine(url)
    with database.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE IF NOT EXISTS said (text TEXT NOT NULL)")
    announced: list[Outcome] = []
    writer = Writer(database, system_clock, announced.append)
    writer.start(asyncio.get_running_loop())
    try:
        yield writer, announced
    finally:
        await writer.stop()


def said(path: Path) -> list[str]:
    """What stands in the table, read by a connection of its own."""
    database = engine.reading_engine(engine.parse(f"sqlite:///{path}"), 1)
    try:
        with database.connect() as connection:
            return [row[0] for row in connection.exec_driver_sql("SELECT text FROM said ORDER BY rowid")]
    finally:
        database.dispose()
