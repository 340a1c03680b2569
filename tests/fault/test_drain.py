"""SIGTERM under load: everybody is told when to come back, nothing acked is lost, and the process ends well."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import uuid
from contextlib import suppress

from websockets.exceptions import ConnectionClosed

from tests.fault.test_kill import found, free_port
from tests.tools.client import Client, Refused
from tests.tools.process import ServerProcess

SOCKETS = 60


async def test_sigterm_under_load_tells_everybody_and_loses_nothing(tmp_path, sqlite_template):
    people, rooms = await found(tmp_path / "var", sqlite_template)
    server = ServerProcess(tmp_path / "var", free_port())
    await server.start()
    try:
        tokens = [people[number % len(people)].token for number in range(SOCKETS)]
        clients = [await Client.connect(server.host, token) for token in tokens]
        for client in clients:
            await client.hello()
        acked: dict[str, tuple[int, int]] = {}
        talking = [asyncio.create_task(talk(client, rooms, acked)) for client in clients]
        async with asyncio.timeout(10):
            while len(acked) < SOCKETS * 3:
                await asyncio.sleep(0.01)

        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(15):
            assert await server.process.wait() == 0, server.log.read_text()[-4000:]
        for client, task in zip(clients, talking, strict=True):
            await client.expect_close(1012)
            await task
    finally:
        await server.kill()
    byes = [client.heard[-1] for client in clients]
    assert all(bye["is"] == "bye" and bye["retry_ms"] >= 1000 for bye in byes), "each is told when to return"
    assert len({bye["retry_ms"] for bye in byes}) > SOCKETS // 2, "not all at one moment"
    check(tmp_path / "var" / "renraku.db", acked)


async def talk(client: Client, rooms: list[int], acked: dict[str, tuple[int, int]]) -> None:
    """Say one thing after the other until the line ends."""
    with suppress(ConnectionClosed, ConnectionError):
        for number in range(100_000):
            room, client_id = rooms[number % len(rooms)], str(uuid.uuid4())
            with suppress(Refused):
                acked[client_id] = (room, (await client.post(room, f"{number}", client_id))["seq"])


def check(path, acked: dict[str, tuple[int, int]]) -> None:
    with sqlite3.connect(path) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        stored = {row[0]: row[1:] for row in database.execute("SELECT client_id, channel_id, seq FROM messages")}
    assert acked.items() <= stored.items()


async def test_a_request_under_way_is_answered_and_a_second_signal_does_not_wait_for_one(tmp_path, sqlite_template):
    await found(tmp_path / "var", sqlite_template)
    server = ServerProcess(tmp_path / "var", free_port())
    try:
        await server.start()
        finishing = await half_a_request(server)
        server.process.send_signal(signal.SIGTERM)
        await refuses_new_lines(server)
        finishing[1].write(b"x" * 90)
        assert b" 400 " in await finishing[0].readline(), "answered: it is a wrong sign-in"
        finishing[1].close()
        assert await server.process.wait() == 0

        await server.start()
        lasting = await half_a_request(server)
        server.process.send_signal(signal.SIGTERM)
        await refuses_new_lines(server)
        assert server.process.returncode is None, "this test needs one that waits"
        server.process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await server.process.wait() == 0
        lasting[1].close()
    finally:
        await server.kill()


async def half_a_request(server: ServerProcess) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A sign-in whose last 90 bytes have not come yet, and which the server has begun to read."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    head = f"POST /signin HTTP/1.1\r\nHost: {server.host}\r\nOrigin: http://{server.host}\r\n"
    kind = "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n"
    writer.write((head + kind).encode())
    assert b" 100 " in await reader.readline()
    await reader.readline()
    writer.write(b"login_id=x")
    await writer.drain()
    return reader, writer


async def refuses_new_lines(server: ServerProcess) -> None:
    """Until the listener is closed: the server waits for nothing but what is under way."""
    async with asyncio.timeout(5):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            except OSError:
                return
            writer.close()
            await asyncio.sleep(0.02)
