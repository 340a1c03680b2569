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
    assert await worker.work_one() and diary.done == []

    (row,) = await server.services.readers.ask(lambda db: db.execute(select(rows)).all())
    assert row.tries == 1 and row.due_at > system_clock() and row.leased_until is None and row.failed == ""


async def test_two_workers_never_take_the_same_job(server):
    for number in range(20):
        await server.services.writer.act(jobs.add, "diary.write", number)
    taken = await asyncio.gather(
        *(server.services.writer.act(jobs.claim, f"w{n % 4}", ["diary.write"]) for n in range(25))
    )
    ids = [job.id for job in taken if job is not None]
    assert len(ids) == len(set(ids)) == 20


def after(wait, action):
    """The action as it would run so much later."""
    return lambda tx, *args: action(replace(tx, now=tx.now + wait), *args)


LEASE_OVER = jobs.LEASE + timedelta(seconds=1)


async def test_a_dead_workers_job_is_taken_by_another_and_not_finished_by_the_dead(server):
    act = server.services.writer.act
    await act(jobs.add, "diary.write", "遺言")
    first = await act(jobs.claim, "dead", ["diary.write"])
    assert await act(jobs.claim, "other", ["diary.write"]) is None

    second = await act(after(LEASE_OVER, jobs.claim), "other", ["diary.write"])
    assert second.id == first.id and second.tries == 2
    await act(jobs.finish, "dead", first)
    assert await left(server) == 1
    await act(jobs.finish, "other", second)
    assert await left(server) == 0


async def test_who_lives_keeps_his_job_however_long_it_takes(server):
    act = server.services.writer.act
    await act(jobs.add, "diary.write", "長い")
    job = await act(jobs.claim, "slow", ["diary.write"])
    await act(after(LEASE_OVER, jobs.renew), "slow", job)
    assert await act(after(LEASE_OVER, jobs.claim), "other", ["diary.write"]) is None


async def test_a_job_that_kills_its_workers_is_given_up_and_kept(server):
    act, wait = server.services.writer.act, timedelta(0)
    await act(jobs.add, "diary.write", "毒")
    for _ in range(jobs.TRIES_LIMIT):
        assert await act(after(wait, jobs.claim), "w", ["diary.write"])
        wait += LEASE_OVER
    assert await act(after(wait, jobs.claim), "w", ["diary.write"]) is None
    assert await server.services.readers.ask(lambda db: db.execute(select(rows.c.failed)).scalar()) == "gave up"


async def test_the_worker_outlives_a_database_that_is_away(server, diary, worker):
    """Failing to fail: the job's own trouble, and then trouble in writing that down."""
    diary.fail = 1
    real, refusals = server.services.writer.act, [Unavailable(), Unavailable()]

    async def act(action, *args, **kwargs):
        if action is jobs.postpone and refusals:
            raise refusals.pop()
        return await real(action, *args, **kwargs)

    server.services.writer.act = act
    await act(jobs.add, "diary.write", "一")
    async with asyncio.timeout(5):
        while len(refusals) == 2:
            await asyncio.sleep(0.01)
    await act(jobs.add, "diary.write", "二")
    async with asyncio.timeout(10):
        await diary.wrote.wait()
    assert diary.done == ["二"] and not worker.done()


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


async def test_a_tick_from_a_future_that_was_a_mistake_does_not_stay_silent(server):
    act = server.services.writer.act
    await act(after(timedelta(days=2), take), HOURLY)
    assert await act(take, HOURLY) is False
    assert await act(after(timedelta(hours=1.1), take), HOURLY) is True


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
