"""The way out: waves with pauses unless somebody hurries, no new work, work under way finished."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from pathlib import Path

import pytest

from server import draining, run
from server.module import Module
from server.work import jobs
from tests.tools.running import Running, settings_for


class Wave:
    """A connection that notes when it was closed."""

    def __init__(self, closed: list[int]) -> None:
        self._closed = closed

    def close(self, code: int, retry_ms: int) -> None:
        self._closed.append(retry_ms)


async def test_between_two_waves_is_a_pause_that_a_hurry_ends(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(draining, "WAVE_SECONDS", 3600.0)
    closed: list[int] = []
    hurry = asyncio.Event()
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        group.create_task(draining.say_goodbye([Wave(closed) for _ in range(draining.WAVE * 3)], hurry))
        while not closed:
            await asyncio.sleep(0)
        assert len(closed) == draining.WAVE, "the second wave waits"
        hurry.set()
    assert len(closed) == draining.WAVE * 3
    assert min(closed) >= 1000 and len(set(closed)) > draining.WAVE, "each comes back at a moment of its own"


async def test_however_many_there_are_all_have_gone_within_twenty_seconds(monkeypatch: pytest.MonkeyPatch):
    closed: list[int] = []
    pauses: list[float] = []

    async def wait_for(waiting, seconds: float) -> None:
        waiting.close()
        pauses.append(seconds)
        raise TimeoutError

    monkeypatch.setattr(draining.asyncio, "wait_for", wait_for)
    many = 50_000
    await draining.say_goodbye([Wave(closed) for _ in range(many)], asyncio.Event())
    assert len(closed) == many and 10 < sum(pauses) <= 20
    assert max(closed) <= (sum(pauses) + draining.RESTART_SECONDS) * 1000 + draining.SPREAD_MS[1]
    assert max(closed[-1000:]) - min(closed[-1000:]) > 25_000, "they do not come back in one moment"


async def test_the_first_signal_closes_the_door_at_once_and_the_second_hurries(server: Running):
    going = run._Server(run._config(server.services), server.services)
    going.handle_exit(signal.SIGTERM, None)
    assert server.services.draining and going.should_exit and not going.hurry.is_set()
    going.handle_exit(signal.SIGTERM, None)
    assert going.hurry.is_set() and going.force_exit


@pytest.fixture
def slow(server: Running):
    """Jobs that wait to be let go."""
    began, go, done = asyncio.Event(), asyncio.Event(), []

    async def work(services, body):
        began.set()
        await go.wait()
        done.append(body)

    server.services.modules = (*server.services.modules, Module(name="slow", jobs={"slow": work}))
    return began, go, done


async def test_the_job_under_way_is_finished_and_no_other_is_begun(server: Running, slow):
    began, go, done = slow
    for number in range(3):
        await server.services.writer.act(jobs.add, "slow", number)
    worker = asyncio.create_task(jobs.Worker(server.services).run())
    await began.wait()

    ending = asyncio.create_task(draining.finish(server.services, [worker], asyncio.Event()))
    while not server.services.draining:
        await asyncio.sleep(0)
    go.set()
    async with asyncio.timeout(5):
        await ending
    assert done == [0] and worker.done() and not worker.cancelled()


async def test_who_hurries_does_not_wait_for_a_job(server: Running, slow):
    began, _, done = slow
    await server.services.writer.act(jobs.add, "slow", "遅い")
    worker = asyncio.create_task(jobs.Worker(server.services).run())
    await began.wait()
    hurry = asyncio.Event()
    hurry.set()
    async with asyncio.timeout(5):
        await draining.finish(server.services, [worker], hurry)
    assert done == [] and worker.cancelled()


async def test_a_worker_that_sleeps_is_woken_to_go(server: Running, slow):
    worker = asyncio.create_task(jobs.Worker(server.services).run())
    while jobs.QUEUE not in server.services.wakeups._events:
        await asyncio.sleep(0.001)
    async with asyncio.timeout(jobs.IDLE_SECONDS - 1):
        await draining.finish(server.services, [worker], asyncio.Event())
    assert not worker.cancelled()


async def test_a_worker_process_says_that_it_lives_and_ends_when_told(tmp_path, sqlite_template):
    settings = settings_for(tmp_path / "var", sqlite_template, ballast_mb=0)
    stop, hurry = asyncio.Event(), asyncio.Event()
    working = asyncio.create_task(run.run_worker(settings, stop, hurry))
    async with asyncio.timeout(10):
        while not (roles := living(settings.var / "renraku.db")):
            await asyncio.sleep(0.01)
        stop.set()
        await working
    assert roles == ["worker"]


def living(path: Path) -> list[str]:
    with sqlite3.connect(path) as database:
        return [role for (role,) in database.execute("SELECT role FROM processes")]
