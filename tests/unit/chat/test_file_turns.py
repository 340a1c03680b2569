"""Uploads take turns: a little of all of them together, so that nobody who talks waits for fifty of them."""

from __future__ import annotations

import asyncio

from chat.files.receiving import UNIT_BYTES, UNITS_A_TURN, Turns


async def test_a_turn_has_a_share_and_whoever_waits_longest_comes_first():
    turns, order = Turns(), []

    async def upload(number):
        await turns.mine()
        order.append(number)

    tasks = [asyncio.create_task(upload(number)) for number in range(3 * UNITS_A_TURN)]
    await asyncio.sleep(0)
    assert order == list(range(UNITS_A_TURN)), "the others wait for the next turn"
    await asyncio.gather(*tasks)
    assert order == list(range(3 * UNITS_A_TURN))


async def test_what_was_more_than_the_share_is_taken_from_the_next_turn():
    turns = Turns()
    await turns.mine()
    turns.came(2 * UNITS_A_TURN * UNIT_BYTES)
    waiting = asyncio.create_task(turns.mine())
    await asyncio.sleep(0)
    turns._renew()
    await asyncio.sleep(0)
    assert not waiting.done()
    await waiting


async def test_whoever_has_gone_holds_nobody_up():
    turns = Turns()
    turns.came(UNITS_A_TURN * UNIT_BYTES)
    gone, there = asyncio.create_task(turns.mine()), asyncio.create_task(turns.mine())
    await asyncio.sleep(0)
    gone.cancel()
    await there
    assert gone.cancelled()
