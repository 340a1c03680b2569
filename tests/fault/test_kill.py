"""Laws 1 and 2 under ``kill -9``: nothing that was acknowledged is lost, nothing that is resent is doubled."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from pathlib import Path

from chat import actions
from server.opening import opened
from tests.tools.company import hire
from tests.tools.process import ServerProcess, free_port
from tests.tools.running import settings_for
from tests.tools.talkers import Sender

ROOMS = 4
SENDERS = 8


async def test_kill_nine_loses_and_doubles_nothing(tmp_path, sqlite_template, tier):
    kills = tier(short=6, long=100)
    senders, rooms = await found(tmp_path / "var", sqlite_template)
    server = ServerProcess(tmp_path / "var", free_port())
    rng = random.Random(27)
    try:
        for _ in range(kills):
            await server.start()
            talking = [asyncio.create_task(sender.talk(server.host)) for sender in senders]
            await asyncio.sleep(rng.uniform(0.1, 0.7))
            await server.kill()
            await asyncio.gather(*talking)
            check(tmp_path / "var" / "renraku.db", senders, rooms)
    finally:
        await server.kill()
    acked = sum(len(sender.acked) for sender in senders)
    # For docs/reliability.md: ./test --long -rP tests/fault/test_kill.py
    print(f"{kills} kills, {acked} acknowledged, 0 lost, 0 doubled")
    assert acked > kills * SENDERS, "there was a load"


def check(path: Path, senders: list[Sender], rooms: list[int]) -> None:
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = database.execute("SELECT client_id, channel_id, seq, rev, text FROM messages").fetchall()
        heads = dict(database.execute("SELECT id, seq FROM channels"))
        logged = database.execute("SELECT count(*) FROM log_entries WHERE kind = 'sent'").fetchone()[0]
    places = {client_id: (channel, seq) for client_id, channel, seq, _, _ in stored}
    for sender in senders:
        for client_id, place in sender.acked.items():
            assert places.get(client_id) == place, "an acknowledged message is gone or elsewhere"
    assert len({text for *_, text in stored}) == len(stored), "something was said twice"
    assert logged == len(stored), "the log's entries are the messages"
    for room in rooms:
        numbers = sorted(seq for _, channel, seq, _, _ in stored if channel == room)
        assert numbers == list(range(1, heads[room] + 1)), "a gap in seq"


async def found(folder: Path, template: Path) -> tuple[list[Sender], list[int]]:
    """People, sessions and rooms, made before the first start."""
    async with opened(settings_for(folder, template)) as services:
        people = [await hire(services, f"p{number}") for number in range(SENDERS)]
        rooms = [await _room(services, people, number) for number in range(ROOMS)]
    return [Sender(person.account.name, person.token, rooms) for person in people], rooms


async def _room(services, people, number: int) -> int:
    first, *others = people
    room = await services.writer.act(actions.create, first.id, "closed", f"room {number}", [p.id for p in others])
    return room.id
