"""What only one may do: held by one at a time, and whoever slept through his time changes nothing more."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from server.auth.tables import throttles
from server.data.writer import Writer
from server.module import Tick
from server.work import leases, ticks
from server.work.leases import HELD, LeaseLost, give_up, require, take
from server.work.tables import leases as rows


@pytest.fixture
def act(server):
    return server.services.writer.act


def at(moment):
    """The same action at another time."""

    def wrapped(tx, action, *args):
        return action(replace(tx, now=tx.now + moment), *args)

    return wrapped


async def test_one_holds_it_until_he_is_silent_and_the_next_has_a_greater_number(act):
    first = await act(take, "follower", "a")
    assert await act(take, "follower", "b") is None
    assert await act(take, "follower", "a") == first
    later = at(HELD + timedelta(seconds=1))
    second = await act(later, take, "follower", "b")
    assert second.number == first.number + 1
    assert await act(later, take, "follower", "a") is None


async def test_who_slept_through_his_time_is_refused_and_has_written_nothing(act, server):
    """He still believes that he holds it: only the row knows better."""
    old = await act(take, "follower", "a")
    await act(at(HELD * 2), take, "follower", "b")

    def work(tx):
        tx.connection.execute(insert(throttles), {"key": "done", "failures": 1, "last_at": tx.now})
        require(tx, old)

    with pytest.raises(LeaseLost):
        await act(work)
    assert await server.services.readers.ask(lambda db: db.execute(select(throttles)).all()) == []


async def test_he_who_comes_back_under_the_same_name_is_another(act):
    old = await act(take, "follower", "a")
    await act(at(HELD * 2), take, "follower", "b")
    await act(at(HELD * 4), take, "follower", "a")
    with pytest.raises(LeaseLost):
        await act(require, old)


async def test_what_is_given_up_is_free_at_once_and_only_by_its_holder(act):
    first = await act(take, "follower", "a")
    await act(give_up, replace(first, number=first.number + 1))
    assert await act(take, "follower", "b") is None
    await act(give_up, first)
    assert (await act(take, "follower", "b")).holder == "b"


async def test_a_clock_that_was_far_ahead_holds_nothing_for_ever(act):
    await act(at(timedelta(days=400)), take, "follower", "a")
    assert (await act(take, "follower", "b")).holder == "b"


async def test_of_many_at_once_one_gets_it(server, act):
    writers: list[Writer] = [process.services.writer for process in server.processes]
    asked = [writers[n % len(writers)].act(take, "follower", f"p{n}") for n in range(20)]
    held = [lease for lease in await asyncio.gather(*asked) if lease is not None]
    assert len(held) == 1


async def test_ticks_happen_where_the_lease_is_and_go_on_when_it_moves(server, monkeypatch):
    monkeypatch.setattr(ticks, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(leases, "RENEW_SECONDS", 0.02)
    told: asyncio.Queue[str] = asyncio.Queue()
    services = server.processes[-1].services
    await server.services.writer.act(take, "ticks", "somebody who died")

    async def tell(services):
        told.put_nowait(services.bus.name)

    ticker = asyncio.create_task(ticks.Ticker(services, (Tick("t", timedelta(seconds=1), tell),)).run())
    try:
        await asyncio.sleep(0.2)
        assert told.empty(), "another holds the lease"

        def silent(tx):
            tx.connection.execute(rows.update().values(until=tx.now))

        await server.services.writer.act(silent)
        async with asyncio.timeout(10):
            assert await told.get() == services.bus.name
    finally:
        ticker.cancel()
        await asyncio.gather(ticker, return_exceptions=True)
