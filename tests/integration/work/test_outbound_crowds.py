"""The door out when names or hosts do not answer, and when many want to go."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Iterator

import pytest

from server.errors import Busy
from server.work import outbound as outbound_module
from server.work import resolving
from server.work.outbound import OutboundFailed
from tests.tools.elsewhere import LONG, Names, Visit, door, get, nothing, reason
from tests.tools.process import ROOT


class Hanging(Names):
    """Has no answer for names that begin with "slow", until it is let go."""

    def __init__(self, **known: list[str]) -> None:
        super().__init__(**known)
        self.let_go = threading.Event()

    def __call__(self, host: str, port: int) -> list[str]:
        addresses = super().__call__(host, port)
        if host.startswith("slow"):
            self.let_go.wait(LONG)
        return addresses


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    """Many slow names, and a good one."""
    slow = {f"slow{number}_test": ["127.0.0.1"] for number in range(20)}
    names = Hanging(other_test=["127.0.0.1"], **slow)
    yield names
    names.let_go.set()


async def test_a_resolver_that_hangs_is_told_as_a_time_that_is_over(hanging):
    async with door(hanging, "slow0.test") as listed:
        with pytest.raises(OutboundFailed) as failed:
            await get(listed, "http://slow0.test/", seconds=0.1)
        assert reason(failed) == "timeout"


async def test_names_that_hang_hold_up_nobody_else_s(other, hanging):
    async with door(hanging, "other.test", *hanging.known) as listed, asyncio.TaskGroup() as group:
        slow = [
            group.create_task(listed.resolve(name, 80, purpose="test")) for name in hanging.known if "slow" in name
        ]
        while len(hanging.asked) < 20:
            await asyncio.sleep(0.005)
        assert (await get(listed, other.url)).status == 200
        assert not any(task.done() for task in slow)
        hanging.let_go.set()


async def test_one_host_s_name_is_asked_for_twice_at_a_time(other, hanging):
    async with door(hanging, "other.test", "slow0.test") as listed, asyncio.TaskGroup() as group:
        slow = [group.create_task(listed.resolve("slow0.test", 80, purpose="test")) for _ in range(5)]
        while len(hanging.asked) < 2:
            await asyncio.sleep(0.005)
        assert (await get(listed, other.url)).status == 200
        assert hanging.asked == ["slow0.test", "slow0.test", "other.test"]

        slow.pop().cancel()
        hanging.let_go.set()
        assert {(await task).host for task in slow} == {"slow0.test"}


async def test_who_gave_up_has_left_a_question_that_still_counts(other, hanging):
    async with door(hanging, "other.test", "slow0.test") as listed:
        for number in (1, 2):
            gone = asyncio.create_task(listed.resolve("slow0.test", 80, purpose="test"))
            while len(hanging.asked) < number:
                await asyncio.sleep(0.005)
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)

        third = asyncio.create_task(listed.resolve("slow0.test", 80, purpose="test"))
        # The first is asked before the third has begun to wait, the second after it.
        for _ in range(2):
            await listed.resolve("other.test", 80, purpose="test")
        assert hanging.asked.count("slow0.test") == 2
        hanging.let_go.set()
        await third
        assert hanging.asked.count("slow0.test") == 3


async def test_when_too_many_names_hang_that_is_said_at_once(hanging, monkeypatch):
    monkeypatch.setattr(resolving, "LOOKUPS", 3)
    async with door(hanging, *hanging.known) as listed, asyncio.TaskGroup() as group:
        for number in range(3):
            group.create_task(listed.resolve(f"slow{number}.test", 80, purpose="test"))
        while len(hanging.asked) < 3:
            await asyncio.sleep(0.005)
        for _ in range(3):
            with pytest.raises(OutboundFailed) as failed:
                await listed.resolve("slow3.test", 80, purpose="test")
            assert reason(failed) == "names"
        hanging.let_go.set()


LEAVING = """
import asyncio, threading
from server.work.outbound import Outbound
from server.work.resolving import Resolver

asked = threading.Event()

def hang(host, port):
    asked.set()
    threading.Event().wait()

async def main():
    door = Outbound(True, (), Resolver((), hang))
    gone = asyncio.create_task(door.resolve("slow.test", 80, purpose="test"))
    while not asked.is_set():
        await asyncio.sleep(0.005)
    gone.cancel()
    await asyncio.gather(gone, return_exceptions=True)
    await door.close()
    print("gave up", flush=True)

asyncio.run(main())
"""


async def test_a_name_that_hangs_does_not_delay_the_end_of_the_process():
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LEAVING),
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(LONG / 2):
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0 and b"gave up" in out


async def test_a_host_that_is_slow_has_few_connections_and_holds_up_no_other(other):
    async def on(visit: Visit) -> None:
        await (nothing(visit) if visit.fields["host"].startswith("slow") else other.greet(visit))

    other.handler = on
    async with door(Names(other_test=["127.0.0.1"], slow_test=["127.0.0.1"]), "other.test", "slow.test") as listed:
        slow = [asyncio.create_task(get(listed, f"http://slow.test:{other.port}/")) for _ in range(30)]
        while len(other.visits) < 4:
            await asyncio.sleep(0.005)
        assert (await get(listed, other.url)).status == 200
        assert len(other.visits) == 5 and other.connections == 5

        for task in slow:
            task.cancel()
        await asyncio.gather(*slow, return_exceptions=True)
        other.handler = other.greet
        assert (await get(listed, f"http://slow.test:{other.port}/")).status == 200
        assert listed._pool._lanes.names == ()


async def test_one_host_gets_no_more_than_its_share_of_what_is_under_way(other, monkeypatch):
    monkeypatch.setattr(outbound_module, "MAX_UNDER_WAY_A_HOST", 1)
    other.handler = nothing
    async with door(Names(other_test=["127.0.0.1"], else_test=["127.0.0.1"]), "other.test", "else.test") as listed:
        first = asyncio.create_task(get(listed, other.url))
        while not other.visits:
            await asyncio.sleep(0.005)
        other.handler = other.greet
        with pytest.raises(Busy):
            await get(listed, other.url)
        assert (await get(listed, f"http://else.test:{other.port}/")).status == 200
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        assert (await get(listed, other.url)).status == 200
        assert not listed._under_way


async def test_more_than_so_many_at_a_time_are_told_to_come_back(other, outbound, monkeypatch):
    monkeypatch.setattr(outbound_module, "MAX_UNDER_WAY", 1)
    other.handler = nothing
    first = asyncio.create_task(get(outbound, other.url))
    while not other.visits:
        await asyncio.sleep(0.005)
    with pytest.raises(Busy):
        await get(outbound, other.url)

    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    other.handler = other.greet
    assert (await get(outbound, other.url)).status == 200
