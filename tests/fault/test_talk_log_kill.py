"""The follower of the talk log is killed: at random, in the middle of a rotation, at every step of one. The log goes
on as one chain without a gap, and nothing that was said is missing or there twice."""

from __future__ import annotations

import asyncio
import random
from contextlib import suppress
from datetime import timedelta

import pytest

from chat import actions
from chat.log import archiving, closing, files, follower, queries, recovery, state, writing
from chat.log.files import OpenFile
from chat.log.follower import Follower
from chat.log.segments import STORED
from chat.model import Draft
from chat.posting import POSTING
from server.data.store.folder import Folder
from server.opening import opened
from server.work import leases
from tests.tools.company import hire
from tests.tools.process import ServerProcess, free_port
from tests.tools.running import settings_for
from tests.tools.talk_log import Moved, all_segments, at_rest, following, numbered, told
from tests.tools.talkers import Sender

SMALL = 0.003
"""MiB: a segment holds about ten messages."""
LARGER = 0.1


class Killed(BaseException):
    """From here on nothing runs any more, not even what clears up."""


@pytest.fixture
def clock():
    return Moved()


@pytest.fixture
async def house(tmp_path, sqlite_template, clock):
    settings = settings_for(tmp_path / "var", sqlite_template, log_segment_mb=SMALL)
    async with opened(settings, clock) as services:
        sato, suzuki = await hire(services, "sato"), await hire(services, "suzuki")
        room = await services.writer.act(actions.create, sato.id, "closed", "営業", [suzuki.id])
        services.state["test"] = (sato.id, room.id)
        yield services


async def say(services, count: int, word: str) -> None:
    account, room = services.state["test"]
    texts = [f"{word} {n}" for n in range(count)]
    drafts = [Draft(account=account, channel=room, client_id=text, text=text) for text in texts]
    await asyncio.gather(*(services.writer.ask(POSTING, draft) for draft in drafts))


async def is_whole(services, count: int) -> None:
    """Every message once, in one chain; all that is closed is stored, and its rows are gone."""
    lines = await told(services)
    assert [line["n"] for line in lines] == list(range(1, len(lines) + 1))
    assert [line["seq"] for line in lines if line["kind"] == "sent"] == list(range(1, count + 1))
    states = [segment.state for segment in await all_segments(services)]
    assert set(states[:-1]) <= {STORED}


STEPS = {
    "numbered": (writing, "give_numbers"),
    "appended": (OpenFile, "append"),
    "file begun": (recovery, "recovered"),
    "manifest signed": (closing, "signed"),
    "rooms written": (writing, "_put_rooms"),
    "closed": (writing, "_close"),
    "put": (Folder, "put"),
    "verified": (archiving, "verdict_on"),
    "stored": (writing, "mark_stored"),
    "rows gone": (writing, "_remove"),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
async def test_killed_at_any_step_of_a_rotation_the_log_goes_on(house, monkeypatch, step, after):
    await say(house, 30, "一")
    died = asyncio.Event()
    with monkeypatch.context() as patched:
        _kill_at(patched, *STEPS[step], died, after=after)
        follower_task = asyncio.create_task(_until_killed(Follower(house)))
        async with asyncio.timeout(15):
            await died.wait()
        follower_task.cancel()
        await asyncio.gather(follower_task, return_exceptions=True)
    await say(house, 30, "二")
    async with following(house):
        await at_rest(house)
    await is_whole(house, 60)


async def _until_killed(dying: Follower) -> None:
    with suppress(Killed):
        await dying.run()


def _kill_at(patched, place, name: str, died: asyncio.Event, *, after: bool) -> None:
    """What is done for the second time is the end: the first time all was new."""
    real, loop, calls = getattr(place, name), asyncio.get_running_loop(), []

    def die() -> None:
        loop.call_soon_threadsafe(died.set)
        # As the kernel does it: this task is never heard of again.
        raise RuntimeError("killed")

    if asyncio.iscoroutinefunction(real):

        async def dying(*args, **given):
            calls.append(1)
            if len(calls) >= 2 and not after:
                die()
            result = await real(*args, **given)
            if len(calls) >= 2:
                die()
            return result
    else:

        def dying(*args, **given):
            calls.append(1)
            if len(calls) >= 2 and not after:
                die()
            result = real(*args, **given)
            if len(calls) >= 2 and place is not writing:
                die()
            if len(calls) >= 2:
                # Its transaction is committed; what would follow never comes.
                patched.setattr(queries, "last_segment", _gone)
                patched.setattr(queries, "next_step", _gone)
                loop.call_soon_threadsafe(died.set)
            return result

    patched.setattr(place, name, dying)


def _gone(*_args) -> None:
    raise RuntimeError("killed")


@pytest.mark.parametrize("torn", [1, 40, 200])
async def test_a_torn_last_line_is_cut_and_written_again(house, torn):
    async with following(house):
        await say(house, 5, "一")
        await numbered(house)
    segment = await house.readers.ask(queries.open_segment)
    path = files.path_of(house, segment)
    whole = path.read_bytes()
    path.write_bytes(whole[:-torn])
    async with following(house):
        await say(house, 1, "二")
        await at_rest(house)
    assert path.read_bytes().startswith(whole)
    await is_whole(house, 6)


async def test_half_a_line_that_the_database_never_knew_is_cut(house):
    async with following(house):
        await say(house, 5, "一")
        await numbered(house)
    path = files.path_of(house, await house.readers.ask(queries.open_segment))
    with path.open("ab") as file:
        file.write(b'{"n":8,"at":17')
    async with following(house):
        await say(house, 1, "二")
        await numbered(house)
    await is_whole(house, 6)
    assert b'"at":17\n' not in path.read_bytes() and path.read_bytes().endswith(b'"}\n')


async def test_a_file_that_says_something_else_is_set_aside_and_not_believed(house):
    async with following(house):
        await say(house, 5, "一")
        await numbered(house)
    path = files.path_of(house, await house.readers.ask(queries.open_segment))
    true = path.read_bytes()
    path.write_bytes(true.replace("一 3".encode(), "嘘 3".encode()))
    async with following(house):
        await say(house, 1, "二")
        await numbered(house)
    assert path.read_bytes().startswith(true)
    assert len(list(path.parent.glob("*.aside-*"))) == 1


async def test_midnight_passes_while_everybody_writes(house, clock):
    """Each line stands in the segment of its day, or of a later one; the days go forward."""
    zone = state.of(house).rotation.zone
    midnight = (clock().astimezone(zone) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    clock.to(midnight - timedelta(milliseconds=400))
    async with following(house):
        for turn in range(12):
            await say(house, 10, f"夜{turn}")
            await asyncio.sleep(0.08)
        await at_rest(house)
    segments = await all_segments(house)
    days = [segment.day for segment in segments]
    assert days == sorted(days) and len(set(days)) == 2
    rule = state.of(house).rotation
    for segment in segments:
        assert rule.day(segment.last_at) <= segment.day, "nothing stands in a day before its own"
    await is_whole(house, 120)


@pytest.mark.parametrize("frozen", [False, True], ids=["new lease", "old holder wakes"])
async def test_whoever_was_asleep_changes_nothing_when_he_wakes(house, frozen):
    await say(house, 5, "一")
    sleeper = Follower(house)
    lease = await house.writer.alone(leases.take, follower.LEASE, "sleeper")
    await sleeper.turn(lease)
    await house.writer.act(lambda tx: leases.give_up(tx, lease))
    async with following(house):
        await say(house, 5, "二")
        await numbered(house)
    if frozen:
        await say(house, 5, "三")
        with pytest.raises(leases.LeaseLost):
            await sleeper.turn(lease)
    sleeper._let_go()
    async with following(house):
        await at_rest(house)
    await is_whole(house, 15 if frozen else 10)


async def test_whoever_has_lost_the_lease_numbers_nothing_even_if_nobody_else_has(house):
    sleeper = Follower(house)
    lease = await house.writer.alone(leases.take, follower.LEASE, "sleeper")
    await sleeper.turn(lease)
    await house.writer.act(lambda tx: leases.give_up(tx, lease))
    assert await house.writer.alone(leases.take, follower.LEASE, "other")
    await say(house, 5, "一")
    with pytest.raises(leases.LeaseLost):
        await sleeper.turn(lease)
    sleeper._let_go()
    assert await house.readers.ask(queries.lag) == 5


async def test_kill_nine_leaves_one_chain_with_every_message_once(tmp_path, sqlite_template, tier):
    kills = tier(short=3, long=60)
    folder = tmp_path / "var"
    settings = settings_for(folder, sqlite_template, log_segment_mb=LARGER)
    async with opened(settings) as services:
        people = [await hire(services, f"p{number}") for number in range(4)]
        first, *others = people
        room = await services.writer.act(actions.create, first.id, "closed", "部屋", [one.id for one in others])
    senders = [Sender(person.account.name, person.token, [room.id]) for person in people]
    server = ServerProcess(folder, free_port(), RENRAKU_LOG_SEGMENT_MB=str(LARGER))
    rng = random.Random(29)
    try:
        for _ in range(kills):
            await server.start()
            talking = [asyncio.create_task(sender.talk(server.host)) for sender in senders]
            await asyncio.sleep(rng.uniform(0.2, 0.8))
            await server.kill()
            await asyncio.gather(*talking)
    finally:
        await server.kill()
    async with opened(settings) as services:
        async with following(services):
            await at_rest(services)
        acked = sum(len(sender.acked) for sender in senders)
        said = [line for line in await told(services) if line["kind"] == "sent"]
        assert acked > kills * 4, "there was a load"
        assert len(said) >= acked and [line["seq"] for line in said] == list(range(1, len(said) + 1))
        await is_whole(services, len(said))
        # For docs/reliability.md: ./test --long -rP tests/fault/test_talk_log_kill.py
        print(f"{kills} kills, {len(said)} messages, {len(await all_segments(services))} segments, one chain")
