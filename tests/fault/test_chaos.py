"""The laws while everything around fails by turns: processes are killed, stopped and told to go, Redis stands
still, PostgreSQL starts anew. A seed names the whole history; one that failed becomes a test of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import create_engine

from chat import actions
from server.data import engine
from server.opening import opened
from tests.tools import postgres as postgres_tool
from tests.tools import valkey
from tests.tools.company import hire
from tests.tools.databases import migrated
from tests.tools.judge import all_agree, judge
from tests.tools.process import ServerProcess, free_port
from tests.tools.running import settings_for
from tests.tools.talkers import Follower, Sender

ROOMS, SENDERS, FOLLOWERS = 4, 6, 3
PATIENCE = 60
DURABLE = ("max_connections=100",)

Trouble = Callable[[random.Random], Awaitable[None]]


class SetUp:
    """One set-up under trouble: its processes, its database, and what can happen to it."""

    def __init__(
        self, servers: list[ServerProcess], url: str, troubles: dict[str, Trouble], redis_pid: int = 0
    ) -> None:
        self.servers, self.url, self.redis_pid = servers, url, redis_pid
        self.troubles = {
            "kill": self._kill,
            "stop": self._stop,
            "freeze": self._freeze,
            **troubles,
        }

    @property
    def hosts(self) -> list[str]:
        return [server.host for server in self.servers]

    async def _kill(self, rng: random.Random) -> None:
        server = rng.choice(self.servers)
        await server.kill()
        await server.start()

    async def _stop(self, rng: random.Random) -> None:
        server = rng.choice(self.servers)
        await server.stop()
        await server.start()

    async def _freeze(self, rng: random.Random) -> None:
        """The process stands still and goes on: its clock jumps, its lines are full."""
        await frozen(rng.choice(self.servers).process.pid, rng.uniform(0.5, 3))


async def frozen(pid: int, seconds: float) -> None:
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


@contextlib.asynccontextmanager
async def embedded(folder: Path, template: Path):
    settings = settings_for(folder / "var", template)
    people = await found(settings)
    server = ServerProcess(folder / "var", free_port())
    async with served([server]):
        yield SetUp([server], settings.database, {}), people


@contextlib.asynccontextmanager
async def scaled(folder: Path):
    """Two processes, a PostgreSQL that really writes, a Redis: all to be broken."""
    with contextlib.ExitStack() as stack:
        machine = Machines()
        stack.callback(machine.stop)
        url = machine.start()
        redis, pid = stack.enter_context(valkey.running_in(short_folder(stack)))
        settings = settings_for(folder / "var", database_url=url, redis_url=redis)
        people = await found(settings)
        outside = {"RENRAKU_DATABASE_URL": url, "RENRAKU_REDIS_URL": redis}
        servers = [ServerProcess(folder / f"var{number}", free_port(), **outside) for number in range(2)]

        async def freeze_redis(rng: random.Random) -> None:
            await frozen(pid, rng.uniform(1, 8))

        async def restart_postgres(rng: random.Random) -> None:
            await asyncio.to_thread(machine.restart)

        async with served(servers):
            troubles = {"redis": freeze_redis, "postgres": restart_postgres}
            yield SetUp(servers, url, troubles, redis_pid=pid), people


def short_folder(stack: contextlib.ExitStack) -> Path:
    return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="renraku-")))


class Machines:
    """A PostgreSQL of one's own, with its fsync, to be stopped and started."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="renraku-pg-", ignore_cleanup_errors=True)
        self._stack = contextlib.ExitStack()

    def start(self) -> str:
        server = self._stack.enter_context(postgres_tool.running_in(Path(self._folder.name), DURABLE))
        return migrated(server)

    def restart(self) -> None:
        self._stack.close()
        self._stack.enter_context(postgres_tool.running_in(Path(self._folder.name), DURABLE))

    def stop(self) -> None:
        self._stack.close()
        self._folder.cleanup()


@contextlib.asynccontextmanager
async def served(servers: list[ServerProcess]):
    try:
        await asyncio.gather(*(server.start() for server in servers))
        yield
    finally:
        await asyncio.gather(*(server.kill() for server in servers))


async def found(settings) -> SimpleNamespace:
    """People, sessions and rooms, made before the first start."""
    async with opened(settings) as services:
        people = [await hire(services, f"p{number}") for number in range(SENDERS + FOLLOWERS)]
        first, *others = people
        ids = [person.id for person in others]
        act = services.writer.act
        rooms = [(await act(actions.create, first.id, "closed", f"room {n}", ids)).id for n in range(ROOMS)]
    senders = [Sender(person.account.name, person.token, rooms) for person in people[:SENDERS]]
    followers = [Follower(person.account.name, person.token, rooms) for person in people[SENDERS:]]
    return SimpleNamespace(rooms=rooms, senders=senders, followers=followers)


@contextlib.asynccontextmanager
async def talking(set_up: SetUp, people: SimpleNamespace):
    """Everybody talks and listens while the block runs; at its end all senders are silent, all followers follow."""
    senders = [asyncio.create_task(each.talk_through(set_up.hosts)) for each in people.senders]
    followers = [asyncio.create_task(each.follow_through(set_up.hosts)) for each in people.followers]
    try:
        yield
        await end(senders)
        await agree(set_up, people)
    finally:
        await end([*senders, *followers])


async def end(tasks: list[asyncio.Task]) -> None:
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result


async def agree(set_up: SetUp, people: SimpleNamespace) -> None:
    """The database keeps the laws, and every follower ends with exactly its list."""
    database = create_engine(engine.parse(set_up.url))
    ends, differs = time.monotonic() + PATIENCE, "never looked"
    try:
        while differs and time.monotonic() < ends:
            await asyncio.sleep(0.5)
            with database.connect() as connection:
                differs = all_agree(people.followers, judge(connection, people.senders, people.rooms))
    finally:
        database.dispose()
    assert not differs, differs


SEEDS = [1, *(pytest.param(seed, marks=pytest.mark.long) for seed in range(2, 21))]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("set_up", ["embedded", "scaled"])
async def test_whatever_fails_nothing_is_lost_or_doubled(tmp_path, request, tier, set_up, seed):
    made = scaled(tmp_path) if set_up == "scaled" else embedded(tmp_path, request.getfixturevalue("sqlite_template"))
    rng = random.Random(seed)
    async with made as (under, people):
        history = []
        async with talking(under, people):
            ends = time.monotonic() + tier(short=8, long=60)
            while time.monotonic() < ends:
                await asyncio.sleep(rng.uniform(0.5, 2))
                history.append(rng.choice(sorted(under.troubles)))
                await under.troubles[history[-1]](rng)
        acked = sum(len(sender.acked) for sender in people.senders)
        # For docs/reliability.md: ./test --long -rP tests/fault/test_chaos.py
        print(f"{set_up}, seed {seed}: {' '.join(history)}: {acked} acknowledged, 0 lost, 0 doubled")
        assert acked > 100, "there was a load"


async def test_redis_stands_still_and_nobody_loses_anything(tmp_path, tier):
    """Talk goes on from process to process, and ``/readyz`` says what is wrong in time, and takes it back."""
    async with scaled(tmp_path) as (under, people):
        async with talking(under, people):
            await asyncio.sleep(1)
            freezing = asyncio.create_task(frozen(under.redis_pid, tier(short=10, long=20)))
            async with asyncio.timeout(15):
                while not all(["bus" in await server.failing() for server in under.servers]):
                    await asyncio.sleep(0.2)
            before = [each.mirror.have for each in people.followers]
            await asyncio.sleep(2)
            assert all(each.mirror.have != had for each, had in zip(people.followers, before, strict=True))
            await freezing
            await well(under)


async def test_postgres_starts_anew_and_nobody_loses_anything(tmp_path, tier):
    async with scaled(tmp_path) as (under, people):
        async with talking(under, people):
            for _ in range(tier(short=1, long=5)):
                await asyncio.sleep(1)
                await under.troubles["postgres"](random.Random(1))
            await well(under)
            await asyncio.sleep(1)
        assert all(sender.acked for sender in people.senders)


async def well(under: SetUp) -> None:
    """Until every process says that it can work."""
    async with asyncio.timeout(25):
        while any([await server.failing() for server in under.servers]):
            await asyncio.sleep(0.2)
