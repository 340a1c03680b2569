"""Two processes whose Redis stands still, or is gone: laws 2, 3 and 5 by the database alone."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from server.auth import actions as people
from server.auth.model import operator
from server.live import redis_bus, upkeep
from tests.tools import valkey
from tests.tools.company import hire
from tests.tools.databases import postgres_database
from tests.tools.running import settings_for, together


@pytest.fixture(params=["frozen", "gone"])
async def broken(request, postgres, postgres_template, tmp_path, monkeypatch):
    """Two servers; ``break_it`` takes their Redis away, ``mend`` brings it back (a frozen one only)."""
    monkeypatch.setattr(redis_bus, "PROBE_SECONDS", 0.1)
    monkeypatch.setattr(redis_bus, "ECHO_SECONDS", 0.5)
    monkeypatch.setattr(upkeep, "LOOK_SECONDS", 0.1)
    monkeypatch.setattr(upkeep, "RESTORE_SECONDS", 0.3)
    kind = request.param
    with (
        tempfile.TemporaryDirectory(prefix="renraku-") as folder,
        postgres_database(postgres, postgres_template) as url,
    ):
        with valkey.running_in(Path(folder)) as (address, pid):
            settings = settings_for(tmp_path / "var", database_url=url, redis_url=address)
            async with together(settings) as server:
                how = signal.SIGSTOP if kind == "frozen" else signal.SIGKILL
                try:
                    yield SimpleNamespace(server=server, kind=kind, pid=pid, break_it=lambda: os.kill(pid, how))
                finally:
                    if kind == "frozen":
                        os.kill(pid, signal.SIGCONT)


@pytest.fixture
async def talk(broken):
    """佐藤 at one process, 鈴木 and 伊藤 at the other, in one room; then Redis breaks."""
    one, other = broken.server.processes
    sato, suzuki, ito = [await hire(broken.server.services, name) for name in ("sato", "suzuki", "ito")]
    first = await one.connect(sato.token)
    second, third = await other.connect(suzuki.token), await other.connect(ito.token)
    made = await first.ask("room.create", kind="closed", name="会議", people=[suzuki.id, ito.id])
    for client in (second, third):
        await client.expect("room.added")
    broken.break_it()
    async with asyncio.timeout(5):
        while other.services.bus.reaches_all or one.services.bus.reaches_all:
            await asyncio.sleep(0.02)
    return SimpleNamespace(
        id=made["room"]["id"], sato=first, suzuki=second, ito=third, who=SimpleNamespace(suzuki=suzuki, ito=ito)
    )


async def test_what_is_said_reaches_the_other_process(talk):
    for number in range(1, 4):
        await talk.sato.post(talk.id, f"{number}")
    heard = []
    while len(heard) < 3:
        event = await asyncio.wait_for(talk.suzuki.events.get(), 5)
        heard += [m["seq"] for m in event["messages"]] if event["is"] == "changes" else []
        heard += [event["message"]["seq"]] if event["is"] == "message.posted" else []
    assert heard == [1, 2, 3]


async def test_a_right_that_is_taken_away_is_gone_within_a_second(broken, talk):
    act = broken.server.services.writer.act
    began = time.monotonic()
    await act(people.disable_account, operator(), talk.who.suzuki.id)
    await talk.suzuki.expect_close(4401)
    assert time.monotonic() - began < 1.0, "law 5"


async def test_who_is_put_out_hears_nothing_more_and_is_told(talk):
    await talk.sato.ask("room.remove", channel=talk.id, person=talk.who.ito.id)
    await talk.sato.post(talk.id, "内緒")
    async with asyncio.timeout(5):
        while "room.removed" not in {frame["is"] for frame in talk.ito.heard}:
            await asyncio.sleep(0.02)
    assert "内緒" in str(await talk.suzuki.ask("since", channel=talk.id, rev=1))
    await talk.ito.ask("ping")
    assert not any("内緒" in str(frame) for frame in talk.ito.heard)


async def test_who_is_brought_into_a_room_learns_of_it(broken, talk):
    made = await talk.sato.ask("room.create", kind="closed", name="新しい", people=[talk.who.suzuki.id])
    key = f"channel:{made['room']['id']}"
    async with asyncio.timeout(5):
        while not any(key in frame.get("revs", {}) for frame in talk.suzuki.heard):
            await asyncio.sleep(0.02)
    listed = (await talk.suzuki.ask("rooms"))["rooms"]
    assert made["room"]["id"] in {room["id"] for room in listed}
    await talk.sato.post(made["room"]["id"], "ようこそ")
    async with asyncio.timeout(5):
        while "ようこそ" not in str(talk.suzuki.heard):
            await asyncio.sleep(0.02)
