"""Order and rights at the receiver: by rev, whoever committed; a leaver hears nothing more."""

from __future__ import annotations

import asyncio
import random

import pytest

from server.data.transaction import Event, Revoked
from server.live.connection import OWED_FRAMES
from server.live.frames import CloseCode, Done
from server.live.hub import Hub
from server.live.wire import ready
from server.module import Missing
from tests.tools.hubs import never, posted, revs, someone


async def test_events_are_heard_by_watchers_only_and_once():
    hub = Hub()
    _, line = someone(hub, 1, "channel:1")
    _, other = someone(hub, 2, "channel:2")
    hub.publish([posted(1), posted(2)])
    hub.publish([posted(2), posted(1)])
    assert revs(line) == [1, 2] and other.frames == []


async def test_a_leaver_hears_neither_the_leaving_nor_what_follows_in_the_same_group():
    hub = Hub()
    _, leaver = someone(hub, 1, "channel:1")
    _, stayer = someone(hub, 2, "channel:1")
    hub.publish([posted(1), Event("channel:1", 2, Done(ref=0), leaves=(1,)), posted(3)])
    assert revs(leaver) == [1] and revs(stayer) == [1, 3]


async def test_a_joiner_hears_from_his_joining_on():
    hub = Hub()
    someone(hub, 2, "channel:1")
    _, joiner = someone(hub, 1)
    hub.publish([posted(1), Event("channel:1", 2, Done(ref=0), joins=(1,)), posted(3)])
    assert revs(joiner) == [3]


async def test_a_right_that_was_read_before_it_was_lost_opens_nothing():
    hub = Hub()
    connection, line = someone(hub, 1)
    hub.publish([Event("channel:1", 5, Done(ref=0), leaves=(1,))])
    hub.watch(connection, "channel:1", since=3)
    hub.publish([posted(6)])
    assert line.frames == []
    hub.watch(connection, "channel:1", since=7)
    hub.publish([posted(8)])
    assert revs(line) == [8]


@pytest.mark.parametrize("seed", range(20))
async def test_whatever_the_order_of_arrival_the_order_heard_is_rev(seed):
    """Two processes' groups may overtake each other; what never comes is read once for all."""
    hub, reads = Hub(), []
    _, line = someone(hub, 1, "channel:1")
    _, second = someone(hub, 2, "channel:1")

    async def mend(key, rev):
        reads.append(rev)
        return Missing(40, tuple(posted(n).frame for n in range(rev + 1, 41)))

    hub.mend_with(mend)
    hub.publish([posted(1)])
    events = [posted(n) for n in range(2, 41)]
    lost = random.Random(seed).sample(events, 5) if seed % 2 else []
    arriving = [event for event in events if event not in lost]
    random.Random(seed).shuffle(arriving)
    for event in arriving:
        hub.publish([event])
    async with asyncio.timeout(5):
        while revs(line)[-1] < 40:
            await asyncio.sleep(0.01)
    assert revs(line) == revs(second) == list(range(1, 41))
    assert bool(reads) == bool(lost) and len(reads) <= 3
    while hub._mender._tasks:
        await asyncio.sleep(0.01)


async def test_a_removal_that_comes_after_a_younger_event_takes_back_what_was_read_before_it():
    hub = Hub()
    leaver, line = someone(hub, 1, opened=False)
    someone(hub, 2)
    # He has read that he is a member (row 3) while the topic stood at 8; nobody here watches it yet.
    hub.publish([posted(10, joins=(2,))])
    hub.publish([posted(9, leaves=(1,))])
    assert leaver.moves == 1, "what he read is read again"
    hub.watch(leaver, "channel:1", 3, head=8)
    leaver.open(b"")
    hub.publish([posted(11)])
    assert revs(line) == []


async def test_a_gap_that_hides_a_removal_tells_the_removed_nothing():
    hub = Hub()
    _, removed = someone(hub, 1, "channel:1")
    _, stayer = someone(hub, 2, "channel:1")

    async def mend(key, rev):
        return Missing(3, (posted(3).frame,), left=(1,))

    hub.mend_with(mend)
    hub.publish([posted(1)])
    hub.publish([posted(3)])
    async with asyncio.timeout(5):
        while revs(stayer) != [1, 3]:
            await asyncio.sleep(0.01)
    assert revs(removed) == [1]
    while hub._mender._tasks:
        await asyncio.sleep(0.01)


async def test_while_being_told_how_things_stand_events_wait_and_follow():
    hub = Hub()
    connection, line = someone(hub, 1, "channel:1", opened=False)
    hub.publish([posted(1)])
    assert line.frames == []
    connection.open(ready(Done(ref=7)))
    assert [frame["is"] for frame in line.frames] == ["done", "message.posted"]


async def test_a_slow_line_is_given_nothing_and_then_told_the_heads():
    hub = Hub()
    connection, line = someone(hub, 1, "channel:1")
    hub.publish([posted(1)])
    connection.slowed()
    hub.publish([posted(2), posted(3)])
    connection.answer(ready(Done(ref=9)))
    assert revs(line) == [1]
    connection.drained()
    assert [frame["is"] for frame in line.frames[1:]] == ["done", "heads"]
    assert line.frames[-1]["revs"] == {"channel:1": 3}
    hub.publish([posted(4)])
    assert revs(line) == [1, 4]


async def test_a_line_that_never_drains_is_closed_with_a_code_that_invites_it_back():
    hub = Hub()
    connection, line = someone(hub, 1, "channel:1")
    connection.slowed()
    for n in range(1, OWED_FRAMES + 3):
        hub.publish([posted(n)])
    await asyncio.sleep(0)
    assert line.code == CloseCode.SLOW and connection.closed
    assert line.frames[-1]["is"] == "bye"


async def test_a_revoked_session_is_closed_and_hears_nothing_more():
    hub = Hub()
    _, line = someone(hub, 1, "channel:1")
    _, other = someone(hub, 2, "channel:1")
    hub.revoke(Revoked(1, "s1"))
    hub.publish([posted(1)])
    assert line.code == CloseCode.SIGNED_OUT and revs(line) == []
    assert revs(other) == [1] and other.code is None
    assert hub.count() == 1


async def test_nothing_is_left_of_those_who_have_gone():
    hub = Hub()
    connection, _ = someone(hub, 1, "channel:1", "channel:2")
    hub.quit(connection)
    assert hub.watched() == {} and hub.count() == 0


async def test_a_repeated_joining_does_not_undo_a_leaving():
    hub = Hub()
    _, line = someone(hub, 1, "channel:1")
    someone(hub, 2, "channel:1")
    joined = Event("channel:1", 1, Done(ref=0), joins=(1,))
    hub.publish([joined, Event("channel:1", 2, Done(ref=0), leaves=(1,))])
    hub.publish([joined, posted(3)])
    assert revs(line) == []


async def test_a_repeated_leaving_does_not_undo_a_rejoining():
    hub = Hub()
    _, line = someone(hub, 1, "channel:1")
    someone(hub, 2, "channel:1")
    left = Event("channel:1", 1, Done(ref=0), leaves=(1,))
    hub.publish([left, Event("channel:1", 2, Done(ref=0), joins=(1,))])
    hub.publish([left, posted(3)])
    assert revs(line) == [3]


async def test_a_joining_that_waited_in_a_gap_does_not_undo_what_was_read():
    hub = Hub()
    _, outsider = someone(hub, 1)
    _, stayer = someone(hub, 2, "channel:1")

    async def mend(key, rev):
        return Missing(8, (posted(8).frame,), left=(1,))

    hub.mend_with(mend)
    hub.publish([posted(5)])
    hub.publish([Event("channel:1", 7, Done(ref=0), joins=(1,))])
    async with asyncio.timeout(5):
        while revs(stayer) != [5, 8]:
            await asyncio.sleep(0.01)
    hub.publish([posted(9)])
    assert 9 in revs(stayer) and 9 not in revs(outsider)
    while hub._mender._tasks:
        await asyncio.sleep(0.01)


async def test_a_gap_that_cannot_be_read_is_tried_again(monkeypatch):
    monkeypatch.setattr("server.live.mending.MEND_AGAIN_SECONDS", 0.01)
    hub, tries = Hub(), []
    _, line = someone(hub, 1, "channel:1")

    async def mend(key, rev):
        tries.append(rev)
        assert len(hub._mender._tasks) == 1, "however often it fails, one task tries"
        if len(tries) < 12:
            raise ConnectionError("the database is away")
        if len(tries) < 24:
            return Missing(rev)
        return Missing(2, (posted(2).frame,))

    hub.mend_with(mend)
    hub.publish([posted(1), posted(3)])
    async with asyncio.timeout(5):
        while revs(line) != [1, 2, 3]:
            await asyncio.sleep(0.01)
    while hub._mender._tasks:
        await asyncio.sleep(0.01)


async def test_more_than_a_connection_may_owe_while_it_is_told_is_fetched_by_itself():
    hub = Hub()
    connection, line = someone(hub, 1, "channel:1", opened=False)
    hub.watch(connection, "user:1", kept=True)
    for n in range(1, OWED_FRAMES + 100):
        hub.publish([posted(n)])
    hub.publish([Event("user:1", None, Done(ref=77))])
    await asyncio.sleep(0)
    connection.open(ready(Done(ref=7)))
    assert line.code is None
    assert line.frames[-1] == {"is": "heads", "revs": {"channel:1": OWED_FRAMES + 99}}
    assert line.frames[-2] == {"is": "done", "ref": 77}, "what no rev brings back was kept"


async def test_a_line_that_was_full_before_hello_is_slow_from_the_start():
    hub = Hub()
    connection, line = someone(hub, 1, "channel:1", opened=False)
    connection.slowed()
    connection.open(ready(Done(ref=7)))
    hub.publish([posted(1)])
    assert revs(line) == []
    connection.drained()
    assert line.frames[-1]["is"] == "heads"


async def test_the_first_event_is_told_from_the_next_by_the_head_that_was_read():
    """Two processes' first events overtake each other: without a head the earlier would be taken for old."""
    hub = Hub()
    connection, line = someone(hub, 1)
    hub.watch(connection, "channel:1", 3, head=5)
    hub.mend_with(never)
    hub.publish([posted(7)])
    hub.publish([posted(6)])
    async with asyncio.timeout(5):
        while revs(line) != [6, 7]:
            await asyncio.sleep(0.01)
