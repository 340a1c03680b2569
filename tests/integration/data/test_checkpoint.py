"""SQLite's log comes back into the database in small pieces, and nobody's answer waits for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from server.data import checkpoint
from server.data.checkpoint import LOOK_EVERY, ROWS_AT_MOST, Checkpointer
from server.data.transaction import Transaction
from server.data.writer import Writer
from tests.tools.writing import small_writer


class Looks:
    """Looks at the log's size: how many there have been."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.modes: list[str] = []
        run = Checkpointer._run

        def noted(checkpointer: Checkpointer, connection: object, mode: str) -> None:
            self.modes.append(mode)
            run(checkpointer, connection, mode)

        monkeypatch.setattr(Checkpointer, "_run", noted)
        # Every look finds something to bring back.
        monkeypatch.setattr(checkpoint, "PASSIVE_BYTES", 0)


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> Looks:
    return Looks(monkeypatch)


@pytest.fixture
async def writer(tmp_path: Path, looks: Looks) -> AsyncIterator[Writer]:
    async with small_writer(tmp_path / "w.db") as (writer, _):
        yield writer


def say(tx: Transaction, times: int) -> None:
    tx.connection.exec_driver_sql("INSERT INTO said VALUES (?)", [("はい",)] * times)


async def settled(writer: Writer) -> None:
    """All that stands before this has been tidied up after: it waits behind it."""
    await writer.act(lambda tx: None)


async def test_it_is_looked_at_after_so_many_commits(writer: Writer, looks: Looks):
    for _ in range(LOOK_EVERY - 1):
        await writer.act(say, 1)
    assert looks.modes == []
    await writer.act(say, 1)
    await settled(writer)
    assert looks.modes == ["PASSIVE"]
    for _ in range(LOOK_EVERY - 2):
        await writer.act(say, 1)
    assert len(looks.modes) == 1, "it counts from the last look"


async def test_one_commit_of_many_rows_is_looked_at_at_once(writer: Writer, looks: Looks):
    await writer.act(say, ROWS_AT_MOST - 1)
    await settled(writer)
    assert looks.modes == []
    for number in (1, 2):
        await writer.act(say, ROWS_AT_MOST)
        await settled(writer)
        assert len(looks.modes) == number


async def test_a_new_connection_is_looked_at_as_the_old_one_was(writer: Writer, looks: Looks):
    await writer.act(say, ROWS_AT_MOST)
    await settled(writer)
    writer._committer.discard()
    await writer.act(say, 1)
    await settled(writer)
    assert len(looks.modes) == 2, "it counts from nought, which is no reason to wait"


async def test_answers_do_not_wait_for_it(writer: Writer, monkeypatch: pytest.MonkeyPatch):
    release, under_way = threading.Event(), threading.Event()

    def slow(checkpointer: Checkpointer, connection: object) -> None:
        under_way.set()
        assert release.wait(10)

    monkeypatch.setattr(Checkpointer, "between", slow)
    try:
        async with asyncio.timeout(5):
            await writer.act(say, 1)
            await asyncio.to_thread(under_way.wait, 5)
    finally:
        release.set()
