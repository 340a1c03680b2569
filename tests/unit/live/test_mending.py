"""What the hub does when something is missing: it reads what no bus has brought, and is silent until it knows."""

from __future__ import annotations

import asyncio

from server.data.transaction import Event, Revoked
from server.live.frames import Done
from server.live.hub import Hub
from server.live.wire import ready
from server.module import Missing
from tests.tools.hubs import posted, revs, someone


async def test_what_the_database_has_and_no_bus_has_brought_is_read_once_for_all():
    hub, reads = Hub(), []

    async def mend(key, rev):
        reads.append((key, rev))
        return Missing(9, tuple(posted(n).frame for n in range(rev + 1, 10)))

    hub.mend_with(mend)
    lines = [someone(hub, account, "channel:1")[1] for account in (1, 2)]
    hub.publish([posted(5)])
    hub.behind({"channel:1": 9, "channel:2": 4})
    async with asyncio.timeout(5):
        while any(revs(line) != [5, 6, 7, 8, 9] for line in lines):
            await asyncio.sleep(0.01)
    hub.behind({"channel:1": 9})
    assert reads == [("channel:1", 5)]


async def test_while_rights_cannot_be_read_nothing_is_delivered_and_afterwards_all_in_order():
    hub = Hub()
    _, leaver = someone(hub, 1, "channel:1")
    _, stayer = someone(hub, 2, "channel:1")
    hub.publish([posted(1)])
    hub.mute()
    hub.publish([posted(2)])
    hub.publish([Event("channel:1", 3, Done(ref=0), leaves=(1,)), posted(4)])
    assert revs(leaver) == revs(stayer) == [1]
    hub.revoke(Revoked(account=1))
    hub.unmute()
    assert revs(leaver) == [1] and revs(stayer) == [1, 2, 4]


async def test_a_gap_that_is_read_while_nothing_may_be_delivered_waits_too(monkeypatch):
    monkeypatch.setattr("server.live.mending.MEND_AGAIN_SECONDS", 0.01)
    hub, read = Hub(), asyncio.Event()

    async def mend(key, rev):
        hub.mute()
        read.set()
        return Missing(3, tuple(posted(n).frame for n in range(rev + 1, 4)))

    hub.mend_with(mend)
    _, line = someone(hub, 1, "channel:1")
    hub.publish([posted(1), posted(3)])
    await read.wait()
    await asyncio.sleep(0.03)
    assert revs(line) == [1]
    hub.mend_with(no_more(hub))
    hub.unmute()
    async with asyncio.timeout(5):
        while revs(line) != [1, 2, 3]:
            await asyncio.sleep(0.01)


def no_more(hub):
    async def mend(key, rev):
        return Missing(3, tuple(posted(n).frame for n in range(rev + 1, 4)))

    return mend


async def test_what_notices_did_not_bring_is_restored_from_the_rows():
    hub = Hub()
    connection, line = someone(hub, 1, "channel:1", "channel:2", "other:1")
    _, second = someone(hub, 1)
    hub.restore(1, "channel:", {"channel:2": 4, "channel:3": 7}, lambda key: Done(ref=int(key[-1])))
    hub.publish([posted(9), posted(9, "channel:2"), posted(8, "channel:3"), posted(9, "other:1")])
    assert {topic.key for topic in connection.topics} == {"channel:2", "channel:3", "other:1"}
    assert [frame for frame in line.frames if frame["is"] == "done"] == [{"is": "done", "ref": 1}]
    assert {"is": "heads", "revs": {"channel:3": 7}} in line.frames
    assert len(revs(second)) == 2, "all devices are alike"


async def test_what_is_fleeting_reaches_those_who_look_and_no_crowd():
    hub = Hub()
    watching = [someone(hub, account, "channel:1") for account in range(1, 4)]
    hub.view(watching[0][0], "channel:1")
    hub.view(watching[1][0], "channel:1")
    hub.view(watching[1][0], "")
    typing = Event("channel:1", None, Done(ref=0), fleeting=True)
    hub.publish([typing])
    assert [len(line.frames) for _, line in watching] == [1, 0, 0]
    crowd = [someone(hub, account, "channel:1") for account in range(100, 150)]
    for connection, _ in crowd:
        hub.view(connection, "channel:1")
    hub.publish([typing])
    assert [len(line.frames) for _, line in crowd] == [0] * 50, "51 look"


async def test_a_slow_line_is_not_given_what_is_fleeting_and_does_not_owe_it():
    hub = Hub()
    connection, line = someone(hub, 1, "channel:1")
    hub.view(connection, "channel:1")
    connection.slowed()
    hub.publish([Event("channel:1", None, Done(ref=0), fleeting=True)])
    assert line.frames == [] and connection.owed_frames == 0
    connection.drained()
    assert line.frames == [], "nothing is missing"


async def test_who_comes_in_or_goes_by_an_event_older_than_the_topic_here_is_looked_up_and_a_leaver_is_out_at_once():
    """Somebody's ``hello`` has read the room before its announcement came: for him alone it is old."""
    hub, doubted = Hub(), []
    hub.doubts = doubted.append
    _, leaver = someone(hub, 3)
    early, _ = someone(hub, 1)
    hub.watch(early, "channel:1", 1, head=5)
    late, _ = someone(hub, 3)
    hub.watch(late, "channel:1", 1, head=5)
    someone(hub, 2)
    hub.publish([Event("channel:1", 4, Done(ref=0), joins=(2,)), Event("channel:1", 5, Done(ref=0), leaves=(3,))])
    assert doubted == [{2}, {3}]
    assert not hub.hears(late, "channel:1") and hub.hears(early, "channel:1")
    hub.publish([posted(6)])
    assert leaver.frames == []


async def test_a_repeated_old_event_moves_nobody():
    hub, doubted = Hub(), []
    hub.doubts = doubted.append
    connection, _ = someone(hub, 1)
    hub.watch(connection, "channel:1", 1, head=2)
    hub.publish([posted(3), posted(4)])
    hub.publish([Event("channel:1", 3, Done(ref=0), leaves=(1,))])
    assert hub.hears(connection, "channel:1") and doubted == []


async def test_what_is_told_while_hello_is_answered_follows_the_answer():
    hub = Hub()
    connection, line = someone(hub, 1, "channel:1", opened=False)
    hub.restore(1, "channel:", {"channel:2": 3}, lambda key: Done(ref=int(key[-1])))
    connection.open(ready(Done(ref=0)))
    assert [frame.get("ref") for frame in line.frames] == [0, 1, None]
    assert line.frames[2] == {"is": "heads", "revs": {"channel:2": 3}}


async def test_in_a_gap_nothing_without_a_rev_is_told_either():
    """Whoever is out of the room by what is missing must not hear who reads or types there."""
    hub = Hub()
    hub.mend_with(never_ends)
    connection, line = someone(hub, 1, "channel:1")
    hub.view(connection, "channel:1")
    hub.publish([posted(1), posted(3)])
    hub.publish([Event("channel:1", None, Done(ref=0)), Event("channel:1", None, Done(ref=1), fleeting=True)])
    assert [frame["is"] for frame in line.frames] == ["message.posted"]
    await hub.stop()


async def never_ends(key, rev):
    await asyncio.Event().wait()


async def test_who_left_while_nothing_was_delivered_hears_nothing_of_what_waited():
    hub = Hub()
    _, leaver = someone(hub, 1, "channel:1")
    _, stayer = someone(hub, 2, "channel:1")
    hub.publish([posted(1)])
    hub.mute()
    hub.publish([Event("channel:1", 2, Done(ref=0), leaves=(1,)), posted(3)])
    hub.unmute()
    assert revs(leaver) == [1] and revs(stayer) == [1, 3]
