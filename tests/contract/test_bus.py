"""What one process tells reaches all others, as it was, by memory and by Redis alike."""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import uuid
from pathlib import Path

import pytest
from redis.asyncio import Redis

from chat.frames import Message, Posted
from server.data.transaction import Event, Note, Revoked
from server.live import redis_bus
from server.live.bus import Exchange, MemoryBus, Parcel, Seen
from server.live.redis_bus import SHARDS, RedisBus
from server.live.wire import ready
from tests.tools import valkey

PATIENCE = 5.0


class Listener:
    """A process that only listens."""

    def __init__(self) -> None:
        self.parcels: list[Parcel] = []
        self.events: list[Event] = []

    def __call__(self, parcel: Parcel) -> None:
        self.parcels.append(parcel)
        self.events += parcel.events

    async def until(self, enough) -> None:
        async with asyncio.timeout(PATIENCE):
            while not enough(self):
                await asyncio.sleep(0.005)


@pytest.fixture(params=["memory", "redis"])
def make(request):
    """Makes the bus of one more process of the same company."""
    if request.param == "memory":
        exchange = Exchange()
        return lambda: MemoryBus(exchange)
    address = f"{request.getfixturevalue('redis')}?prefix={uuid.uuid4().hex}"
    return lambda: RedisBus(address, "scope")


@pytest.fixture
async def three(make):
    buses, listeners = [make() for _ in range(3)], [Listener() for _ in range(3)]
    for bus, listener in zip(buses, listeners, strict=True):
        await bus.start(listener)
    yield buses, listeners
    for bus in buses:
        await bus.stop()


def posted(rev: int, channel: int = 1, **more) -> Event:
    message = Message(seq=rev, rev=rev, sender=1, name="佐藤", at=0, text="届く\x7f", client_id="")
    return Event(f"channel:{channel}", rev, Posted(channel=channel, rev=rev, message=message), **more)


async def test_everybody_but_the_sender_hears_the_same_bytes(three):
    (first, second, _), (own, *others) = three
    event = posted(1, joins=(3, 4), leaves=(5,), silent=True, fleeting=True)
    first.publish(Parcel(sender=first.name, events=[event]))
    for other in others:
        await other.until(lambda self: self.events)
        (heard,) = other.events
        assert ready(heard.frame) == ready(event.frame)
        assert (heard.topic, heard.rev, heard.joins, heard.leaves) == ("channel:1", 1, (3, 4), (5,))
        assert heard.silent and heard.fleeting
        assert other.parcels[0].sender == first.name
    # Its own echo would have come before this.
    second.publish(Parcel(sender=second.name, events=[posted(2)]))
    await own.until(lambda self: self.events)
    assert [parcel.sender for parcel in own.parcels] == [second.name]


async def test_all_that_is_no_event_comes_too(three):
    (first, *_), (_, other, _) = three
    first.publish(
        Parcel(
            sender=first.name,
            revoked=[Revoked(7, "hash", True, 3), Revoked(8, None, False, 4)],
            woken=["jobs"],
            notes=[Note("presence", 7)],
            seen=Seen(here=[1], idle=[2], gone=[3], whole=True, asks=True),
        )
    )
    await other.until(lambda self: self.parcels)
    (parcel,) = other.parcels
    assert list(parcel.revoked) == [Revoked(7, "hash", True, 3), Revoked(8, None, False, 4)]
    assert list(parcel.woken) == ["jobs"] and list(parcel.notes) == [Note("presence", 7)]
    assert parcel.seen == Seen(here=[1], idle=[2], gone=[3], whole=True, asks=True) and not parcel.lost


async def test_a_topics_events_keep_their_order_whatever_their_number(three):
    (first, second, _), (_, _, third) = three
    for start in range(1, 1001, 50):
        for bus, channel in ((first, 1), (second, 2)):
            bus.publish(Parcel(sender=bus.name, events=[posted(rev, channel) for rev in range(start, start + 50)]))
        await asyncio.sleep(0)
    await third.until(lambda self: len(self.events) == 2000)
    for channel in (1, 2):
        heard = [event.rev for event in third.events if event.topic == f"channel:{channel}"]
        assert heard == list(range(1, 1001))


async def test_who_has_left_hears_nothing_and_disturbs_nobody(three):
    (first, second, _), (_, two, three_) = three
    await second.stop()
    first.publish(Parcel(sender=first.name, events=[posted(1)]))
    await three_.until(lambda self: self.events)
    assert two.events == []


async def test_companies_on_one_redis_do_not_hear_each_other(redis):
    same = f"{redis}?prefix={uuid.uuid4().hex}"
    buses = [RedisBus(same, scope) for scope in ("one", "one", "other")]
    listeners = [Listener() for _ in buses]
    for bus, listener in zip(buses, listeners, strict=True):
        await bus.start(listener)
    buses[0].publish(Parcel(sender=buses[0].name, events=[posted(n, n) for n in range(1, 4 * SHARDS)]))
    await listeners[1].until(lambda self: len(self.events) == 4 * SHARDS - 1)
    assert listeners[2].parcels == []
    for bus in buses:
        await bus.stop()


async def test_rubbish_on_its_channels_is_passed_over(redis):
    bus, listener = RedisBus(f"{redis}?prefix=rubbish", "scope"), Listener()
    await bus.start(listener)
    other = RedisBus(f"{redis}?prefix=rubbish", "scope")
    await other.start(Listener())
    stranger = Redis.from_url(redis)
    for data in (b"", b"x", b"\xff" * 16, b"0123456789abcdef", b"0123456789abcdef\xc1", bytes(100)):
        await stranger.publish("renraku:rubbish:scope:0", data)
    await stranger.aclose()
    other.publish(Parcel(sender=other.name, events=[posted(1)]))
    await listener.until(lambda self: self.events)
    assert len(listener.parcels) == 1 and bus.healthy
    await bus.stop()
    await other.stop()


async def test_a_redis_that_stood_still_is_found_again_and_says_that_something_may_be_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(redis_bus, "PROBE_SECONDS", 0.05)
    monkeypatch.setattr(redis_bus, "ECHO_SECONDS", 0.3)
    with tempfile.TemporaryDirectory(prefix="renraku-") as folder, valkey.running_in(Path(folder)) as (address, pid):
        buses, listeners = [RedisBus(address, "scope") for _ in range(2)], [Listener() for _ in range(2)]
        for bus, listener in zip(buses, listeners, strict=True):
            await bus.start(listener)
        os.kill(pid, signal.SIGSTOP)
        async with asyncio.timeout(PATIENCE):
            # Until both have given their lines up: one that answers just before has lost nothing.
            while any(bus._line is not None for bus in buses):
                await asyncio.sleep(0.01)
        buses[0].publish(Parcel(sender=buses[0].name, events=[posted(1)]))
        os.kill(pid, signal.SIGCONT)
        await listeners[1].until(lambda self: (True, buses[0].name) in [(p.lost, p.sender) for p in self.parcels])
        async with asyncio.timeout(PATIENCE):
            while not (buses[0].healthy and buses[1].healthy):
                await asyncio.sleep(0.01)
        buses[0].publish(Parcel(sender=buses[0].name, events=[posted(2)]))
        await listeners[1].until(lambda self: posted(2).rev in [event.rev for event in self.events])
        for bus in buses:
            await bus.stop()


def test_an_address_that_is_none_is_refused():
    with pytest.raises(ValueError):
        RedisBus("http://example.com", "scope")
