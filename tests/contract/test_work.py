"""Jobs are done at least once, by one at a time; ticks once, however many ask."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from server.clock import system_clock
from server.errors import Unavailable
from server.module import Module, Tick
from server.work import jobs
from server.work.tables import jobs as rows
from server.work.tables import ticks
from server.work.ticks import Ticker, due, take


class Diary:
    """A module whose one kind of job writes down what it was given, and fails when told to."""

    def __init__(self):
        self.done = []
        self.fail = 0
        self.wrote = asyncio.Event()

    async def write(self, services, body):
        if self.fail:
            self.fail -= 1
            raise Unavailable()
        self.done.append(body)
        self.wrote.set()

    def module(self):
        return Module(name="diary", jobs={"diary.write": self.write})


@pytest.fixture
def diary(server):
    diary = Diary()
    server.services.modules = (*server.services.modules, diary.module())
    return diary


@pytest.fixture
async def worker(server, diary):
    task = asyncio.create_task(jobs.Worker(server.services).run())
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def left(server):
    return await server.services.readers.ask(lambda db: db.execute(select(func.count()).select_from(rows)).scalar())


async def test_a_job_is_done_after_the_commit_of_its_cause_and_then_gone(server, diary, worker):
    await server.services.writer.act(jobs.add, "diary.write", {"day": 1})
    async with asyncio.timeout(5):
        await diary.wrote.wait()
        while await left(server):
            await asyncio.sleep(0.01)
    assert diary.done == [{"day": 1}]


async def test_a_failed_job_comes_again_later(server, diary):
    diary.fail = 1
    await server.services.writer.act(jobs.add, "diary.write", "また")
    worker = jobs.Worker(server.services)
    assert await worker._round() == 1 and diary.done == []

    (row,) = await server.services.readers.ask(lambda db: db.execute(select(rows)).all())
    assert row.tries == 1 and row.due_at > system_clock() and row.leased_until is None and row.failed == ""


async def test_two_workers_never_take_the_same_job(server):
    for number in range(20):
        await server.services.writer.act(jobs.add, "diary.write", number)
    taken = await asyncio.gather(
        *(server.services.writer.act(jobs.claim, f"w{n}", ["diary.write"], 7) for n in range(4))
    )
    ids = [job.id for group in taken for job in group]
    assert len(ids) == len(set(ids)) == 20


async def test_a_dead_workers_job_is_taken_by_another_and_not_finished_by_the_dead(server):
    await server.services.writer.act(jobs.add, "diary.write", "遺言")
    (first,) = await server.services.writer.act(jobs.claim, "dead", ["diary.write"])
    assert await server.services.writer.act(jobs.claim, "other", ["diary.write"]) == []

    def later(tx, *args):
        return jobs.claim(replace(tx, now=tx.now + jobs.LEASE + timedelta(seconds=1)), *args)

    (second,) = await server.services.writer.act(later, "other", ["diary.write"])
    assert second.id == first.id and second.tries == 2
    await server.services.writer.act(jobs.finish, "dead", first)
    assert await left(server) == 1
    await server.services.writer.act(jobs.finish, "other", second)
    assert await left(server) == 0


HOURLY = Tick("hourly", timedelta(hours=1), run=None, late=timedelta(hours=3))


@pytest.mark.parametrize(
    ("hours", "happens", "missed"),
    [
        (0.9, False, 0),
        (1.1, True, 0),
        (2.5, True, 1),
        (100.5, True, 99),
    ],
)
async def test_a_missed_tick_happens_once(server, hours, happens, missed):
    await server.services.writer.act(take, HOURLY)

    def later(tx):
        return take(replace(tx, now=tx.now + timedelta(hours=hours)), HOURLY)

    assert await server.services.writer.act(later) is happens
    assert await server.services.writer.act(later) is False, "once"
    counted = select(ticks.c.missed).where(ticks.c.name == "hourly")
    assert await server.services.readers.ask(lambda db: db.execute(counted).scalar()) == missed


async def test_one_that_is_too_late_is_recorded_as_missed(server):
    daily = Tick("daily", timedelta(days=1), run=None, late=timedelta(hours=2))
    await server.services.writer.act(take, daily)

    def later(tx):
        return take(replace(tx, now=tx.now + timedelta(days=1, hours=5)), daily)

    assert await server.services.writer.act(later) is False
    counted = select(ticks.c.missed).where(ticks.c.name == "daily")
    assert await server.services.readers.ask(lambda db: db.execute(counted).scalar()) == 1


def test_how_many_times_a_tick_was_due():
    now = system_clock()
    assert due(now, now, timedelta(hours=1)) == 0
    assert due(now - timedelta(hours=5, minutes=1), now, timedelta(hours=1)) == 5
    assert due(now + timedelta(days=1), now, timedelta(hours=1)) == 0, "the clock went back"


async def test_a_tick_that_fails_does_not_stop_the_others(server):
    heard = asyncio.Event()

    async def fails(services):
        raise ZeroDivisionError

    async def works(services):
        heard.set()

    own = (Tick("a", timedelta(milliseconds=1), fails), Tick("b", timedelta(milliseconds=1), works))
    ticker = asyncio.create_task(Ticker(server.services, own).run())
    async with asyncio.timeout(10):
        await heard.wait()
    ticker.cancel()
    await asyncio.gather(ticker, return_exceptions=True)
