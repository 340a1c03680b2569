"""The head of the talk log goes out by syslog, and a place that does not answer is told and tried again."""

from __future__ import annotations

import asyncio
import socket

import pytest
from sqlalchemy import insert, select

from chat.log import heads
from chat.log.tables import log_heads
from server.clock import to_millis
from tests.tools.process import free_port
from tests.tools.running import running, settings_for


@pytest.fixture
async def services(tmp_path, sqlite_template):
    async with running(settings_for(tmp_path / "var", sqlite_template)) as here:
        yield here.services


async def send(services, **chosen) -> list[tuple[str, bool, str]]:
    """A head to all places that are set; what has become of it."""
    services.settings = services.settings.model_copy(update=chosen)
    row = {"n": 7, "hash": "a" * 64, "at": to_millis(services.clock())}
    rows = [{**row, "place": place} for place in heads.places(services.settings)]
    if rows:
        await services.writer.act(lambda tx: tx.connection.execute(insert(log_heads), rows))
    await heads.send_waiting(services)
    h = log_heads.c
    asked = select(h.place, h.sent_at, h.problem).order_by(h.id)
    found = await services.readers.ask(lambda connection: connection.execute(asked).all())
    return [(each.place, each.sent_at is not None, each.problem) for each in found]


async def test_by_udp(services):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there:
        there.bind(("127.0.0.1", 0))
        there.settimeout(5)
        sent = await send(services, log_syslog=f"udp://127.0.0.1:{there.getsockname()[1]}")
        said = await asyncio.to_thread(there.recv, 2000)
    assert sent == [("syslog", True, "")] and b'n="7"' in said and said.startswith(b"<109>1 ")


async def test_by_the_machines_own_socket(services, tmp_path):
    path = tmp_path / "log"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind(str(path))
        there.settimeout(5)
        sent = await send(services, log_syslog=f"unix:{path}")
        said = await asyncio.to_thread(there.recv, 2000)
    assert sent == [("syslog", True, "")] and b'n="7"' in said


async def test_by_tcp_with_its_length_before_it(services):
    said = asyncio.get_running_loop().create_future()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        said.set_result(await reader.read())
        writer.close()

    there = await asyncio.start_server(hear, "127.0.0.1", 0)
    async with there:
        sent = await send(services, log_syslog=f"tcp://127.0.0.1:{there.sockets[0].getsockname()[1]}")
        length, _, message = (await said).partition(b" ")
    assert sent == [("syslog", True, "")] and int(length) == len(message)


async def test_a_place_that_does_not_answer_holds_up_no_other_and_is_tried_again(services):
    port = free_port()
    chosen = {"log_syslog": f"tcp://127.0.0.1:{port}", "log_auditors": ("auditor@kansa.example",)}
    assert await send(services, **chosen) == [("mail", True, ""), ("syslog", False, "ConnectionRefusedError")]
    there = await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", port)
    async with there:
        await heads.send_waiting(services)
    assert await services.readers.ask(heads.waiting, to_millis(services.clock())) == []


async def test_what_waits_long_for_one_place_keeps_nothing_from_another(services):
    chosen = {"log_syslog": f"tcp://127.0.0.1:{free_port()}", "log_auditors": ("auditor@kansa.example",)}
    row = {"n": 6, "hash": "a" * 64, "at": to_millis(services.clock()), "place": "syslog"}
    old = [row] * (2 * heads.SENT_AT_ONCE)
    await services.writer.act(lambda tx: tx.connection.execute(insert(log_heads), old))
    found = await send(services, **chosen)
    assert [sent for place, sent, _ in found if place == "mail"] == [True]


async def test_a_host_in_ones_own_network_is_reached_only_when_it_is_listed(services):
    found = await send(services, log_syslog="tcp://192.168.7.7:601")
    assert found == [("syslog", False, "outbound_refused address")]


async def test_where_nothing_is_set_nothing_waits(services):
    assert await send(services, log_syslog="") == []
