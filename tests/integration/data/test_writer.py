"""What the writer promises: groups, refusals that undo only themselves, poison that fails alone, two lanes."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from datetime import timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError

from server.data.batch import Batch
from server.data.group import Waiting
from server.data.transaction import Event
from server.errors import AppError, Invalid, Unavailable
from server.live.frames import Done
from tests.tools.writing import said, small_writer


def say(tx, text):
    tx.connection.exec_driver_sql("INSERT INTO said VALUES (?)", (text,))
    tx.emit(Event("room", 1, Done(ref=1)))
    return text


def refuse(tx, text):
    say(tx, text)
    raise Invalid("empty").then(lambda tx: tx.connection.exec_driver_sql("INSERT INTO said VALUES ('audit')"))


async def held_up(writer):
    """Something that keeps the writer busy until it is released, so that what comes next is one group."""
    release = threading.Event()
    waiting = asyncio.ensure_future(writer.act(lambda tx: release.wait(5)))
    await asyncio.sleep(0.05)
    return release, waiting


@pytest.fixture
async def writer(tmp_path):
    async with small_writer(tmp_path / "w.db") as (writer, announced):
        writer.announced = announced
        writer.path = tmp_path / "w.db"
        yield writer


async def test_what_was_answered_is_durable(writer):
    assert await writer.act(say, "はい") == "はい"
    assert said(writer.path) == ["はい"]


async def test_a_refusal_undoes_only_itself_and_keeps_what_must_outlive_it(writer):
    release, _ = await held_up(writer)
    answers = asyncio.gather(
        writer.act(say, "一"), writer.act(refuse, "二"), writer.act(say, "三"), return_exceptions=True
    )
    await asyncio.sleep(0)
    release.set()
    one, two, three = await answers

    assert (one, three) == ("一", "三") and isinstance(two, Invalid)
    assert said(writer.path) == ["一", "三", "audit"]
    assert sum(len(outcome.events) for outcome in writer.announced) == 2


def everything(tx, requests):
    for text in requests:
        if text == "poison":
            raise ZeroDivisionError
    for text in requests:
        say(tx, text)
    return list(requests)


SAYING = Batch("say", everything)


async def test_a_poisoned_request_fails_alone(writer):
    commits = count_commits(writer)
    release, _ = await held_up(writer)
    texts = [f"{n}" for n in range(100)]
    texts[37] = "poison"
    answers = asyncio.gather(*(writer.ask(SAYING, text) for text in texts), return_exceptions=True)
    await asyncio.sleep(0)
    release.set()

    results = await answers

    assert isinstance(results[37], ZeroDivisionError)
    assert [result for n, result in enumerate(results) if n != 37] == [text for text in texts if text != "poison"]
    assert sorted(said(writer.path)) == sorted(text for text in texts if text != "poison")
    assert len(commits) < 20, "halving, not one commit for each of the hundred"


def count_commits(writer):
    commits = []
    event.listen(writer._engine, "commit", lambda connection: commits.append(1))
    return commits


async def test_a_group_is_one_commit(writer):
    release, first = await held_up(writer)
    commits = count_commits(writer)
    answers = asyncio.gather(*(writer.ask(SAYING, f"{n}") for n in range(200)))
    await asyncio.sleep(0)
    release.set()
    await answers
    await first
    assert len(commits) == 2, "the one that held up, and the group"


async def test_nobody_overtakes_himself(writer):
    """Batches run before or after actions of the same group, so a connection's two kinds never share one."""
    release, _ = await held_up(writer)
    answers = asyncio.gather(
        writer.ask(SAYING, "a1", origin="a"),
        writer.act(say, "a2", origin="a"),
        writer.ask(SAYING, "a3", origin="a"),
        writer.act(say, "b1", origin="b"),
        writer.ask(SAYING, "b2", origin="b"),
    )
    await asyncio.sleep(0)
    release.set()
    await answers
    order = said(writer.path)
    assert [text for text in order if text[0] == "a"] == ["a1", "a2", "a3"]
    assert [text for text in order if text[0] == "b"] == ["b1", "b2"]


async def test_bulk_steps_let_people_go_first_and_take_turns(writer):
    order = []

    def job(name, steps):
        for number in range(steps):
            yield lambda tx, number=number: order.append(f"{name}{number}")

    release, _ = await held_up(writer)
    bulk = asyncio.gather(writer.bulk(job("x", 3)), writer.bulk(job("y", 3)))
    people = asyncio.gather(*(writer.act(lambda tx: order.append("people")) for _ in range(5)))
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(bulk, people)

    assert order[:5] == ["people"] * 5
    assert sorted(order[5:7]) == ["x0", "y0"], "round-robin"


async def test_bulk_has_its_turn_though_people_never_stop(writer):
    over = threading.Event()

    def again(tx):
        if not over.is_set():
            writer.submit(Waiting(None, again, None, lambda _: None))

    def job():
        yield lambda tx: say(tx, "数える")
        yield lambda tx: say(tx, "消す")

    writer.submit(Waiting(None, again, None, lambda _: None))
    try:
        async with asyncio.timeout(10):
            await writer.bulk(job())
    finally:
        over.set()
    assert said(writer.path) == ["数える", "消す"]


async def test_a_bulk_job_ends_with_its_failure_and_harms_nobody(writer):
    def job():
        yield lambda tx: say(tx, "一歩")
        yield lambda tx: 1 / 0
        yield lambda tx: say(tx, "来ない")

    with pytest.raises(ZeroDivisionError):
        await writer.bulk(job())
    assert await writer.act(say, "次") == "次"
    assert said(writer.path) == ["一歩", "次"]


async def test_when_the_commit_fails_everybody_hears_unavailable_and_nothing_is_announced(writer):
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def fail(connection):
        raise OperationalError("COMMIT", {}, full)

    event.listen(writer._engine, "commit", fail)
    results = await asyncio.gather(writer.act(say, "一"), writer.ask(SAYING, "二"), return_exceptions=True)
    event.remove(writer._engine, "commit", fail)

    assert all(isinstance(result, Unavailable) for result in results)
    assert said(writer.path) == [] and not any(outcome.events for outcome in writer.announced)
    assert await writer.act(say, "また") == "また", "the connection was opened anew"


async def test_time_never_goes_back(tmp_path):
    async with small_writer(tmp_path / "w.db") as (writer, _):
        first = await writer.act(lambda tx: tx.now)
        writer._committer._clock = lambda: first - timedelta(seconds=4)
        assert await writer.act(lambda tx: tx.now) == first


async def test_after_stop_nothing_is_taken(tmp_path):
    async with small_writer(tmp_path / "w.db") as (writer, _):
        await writer.stop()
        with pytest.raises(AppError):
            await writer.act(say, "遅い")


@pytest.mark.parametrize("stopping", [True, False])
async def test_whoever_stops_without_a_line_tries_once_and_turns_all_away(writer, monkeypatch, stopping):
    monkeypatch.setattr("server.data.writer.PAUSES", (0.0, 0.0, 0.0))
    release, _ = await held_up(writer)
    tries = []

    def away():
        tries.append(1)
        raise OperationalError("connect", {}, ConnectionError("away"))

    monkeypatch.setattr(writer._committer, "open", away)
    waiting = asyncio.gather(*(writer.act(say, f"{n}") for n in range(3 * 256)), return_exceptions=True)
    await asyncio.sleep(0)
    stopped = asyncio.ensure_future(writer.stop()) if stopping else None
    await asyncio.sleep(0)
    release.set()

    assert all(isinstance(answer, Unavailable) for answer in await waiting)
    assert len(tries) == (1 if stopping else 3 * 3)
    if stopped is not None:
        await stopped


async def test_when_it_cannot_even_be_opened_anew_it_is_opened_later(writer):
    """No descriptor left, the mount gone, PostgreSQL starting: the writer must not be dead for ever."""
    broken = sqlite3.OperationalError("disk I/O error")
    broken.sqlite_errorcode = sqlite3.SQLITE_IOERR

    def fail(tx):
        raise OperationalError("INSERT", {}, broken)

    unopened = sqlite3.OperationalError("unable to open database file")
    unopened.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN

    def refuse():
        raise OperationalError("connect", {}, unopened)

    connect, writer._engine.connect = writer._engine.connect, refuse
    for _ in range(3):
        with pytest.raises(Unavailable):
            await writer.act(fail)
    writer._engine.connect = connect
    assert await writer.act(say, "また") == "また"


async def test_trouble_after_the_commit_does_not_run_it_again(writer):
    writer._committer._checkpointer.between = lambda connection: 1 / 0
    await asyncio.gather(writer.ask(SAYING, "一"), writer.ask(SAYING, "二"))
    assert sorted(said(writer.path)) == ["一", "二"]


async def test_one_answer_that_cannot_be_given_holds_up_no_other(writer):
    release, _ = await held_up(writer)
    heard = []
    writer.submit(Waiting(SAYING, "一", None, lambda answer: 1 / 0))
    writer.submit(Waiting(SAYING, "二", None, heard.append))
    release.set()
    assert await writer.act(say, "三") == "三"
    assert heard == ["二"] and writer.waiting == 0


async def test_a_clock_that_was_far_ahead_is_believed_when_it_is_mended(writer):
    now = await writer.act(lambda tx: tx.now)
    writer._committer._clock = lambda: now + timedelta(days=2)
    assert await writer.act(lambda tx: tx.now) == now + timedelta(days=2)
    writer._committer._clock = lambda: now + timedelta(seconds=1)
    assert await writer.act(lambda tx: tx.now) == now + timedelta(seconds=1)


async def test_a_commit_that_fails_by_a_bug_does_not_spoil_the_connection(writer):
    def late_constraint(tx):
        tx.connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        tx.connection.exec_driver_sql("INSERT INTO child VALUES (404)")

    await writer.act(lambda tx: tx.connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)"))
    await writer.act(lambda tx: tx.connection.exec_driver_sql("CREATE TABLE child (id REFERENCES parent (id))"))
    with pytest.raises(IntegrityError):
        await writer.act(late_constraint)
    assert await writer.act(say, "また") == "また"
