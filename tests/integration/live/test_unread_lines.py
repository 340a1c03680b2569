"""Clients that do not read, at the level of the socket: cut within a second, and never a growing buffer."""

from __future__ import annotations

import asyncio

import pytest

from tests.fault.test_slow_reader import stalled


async def gone(server, count):
    async with asyncio.timeout(5):
        while server.services.hub.count() > count:
            await asyncio.sleep(0.01)


@pytest.fixture
async def filled(server, company):
    """Ito's line: its buffer is full, and he reads nothing."""
    sato = await server.connect(company.sato.token)
    made = await sato.ask("room.create", kind="group", name="会議", people=[company.ito.id])
    ws = await stalled(server, company.ito.token)
    line = next(c.line for c in server.services.hub.connections() if c.account == company.ito.id)
    number = 0
    while line.writable.is_set():
        number += 1
        await sato.post(made["room"]["id"], f"{number} " + "あ" * 9000)
    yield ws, line
    ws.transport.abort()


async def test_one_whose_keepalive_ends_is_cut_though_its_buffer_never_drains(server, filled):
    _, line = filled
    line.keepalive_timeout()
    await gone(server, 1)


async def test_one_who_sends_rubbish_and_does_not_read_is_cut(server, filled):
    ws, _ = filled
    # A reserved bit: not a WebSocket frame any more.
    ws.transport.write(b"\xf1\x80\x00\x00\x00\x00")
    await gone(server, 1)


async def test_pings_of_one_who_does_not_read_are_not_answered_into_the_buffer(server, filled):
    ws, line = filled
    before = line.transport.get_write_buffer_size()
    for _ in range(2000):
        ws.protocol.send_ping(b"x" * 100)
    for chunk in ws.protocol.data_to_send():
        ws.transport.write(chunk)
    await asyncio.sleep(0.1)
    assert line.transport.get_write_buffer_size() <= before
