"""Law 7: who does not read holds up nobody, and comes back to exactly the database's list."""

from __future__ import annotations

import asyncio
import socket
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from server.live.frames import CloseCode
from tests.tools.mirror import Mirror, everything


async def stalled(server, token):
    """A socket that greets and then reads nothing more, with a small buffer."""
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    line.setblocking(False)
    await asyncio.get_running_loop().sock_connect(line, ("127.0.0.1", server.port))
    ws = await connect(
        f"ws://{server.host}/socket",
        sock=line,
        origin=server.address,
        additional_headers={"Cookie": f"__Host-session={token}"},
        compression=None,
        max_queue=1,
        ping_interval=None,
        proxy=None,
        max_size=None,
    )
    await ws.send('{"do":"hello","ref":1}')
    await ws.recv()
    ws.transport.pause_reading()
    return ws


async def test_one_who_does_not_read_is_closed_and_holds_up_nobody(server, company):
    sato = await server.connect(company.sato.token)
    suzuki = await server.connect(company.suzuki.token)
    people = [company.suzuki.id, company.ito.id]
    room = (await sato.ask("room.create", kind="group", name="会議", people=people))["room"]["id"]
    await suzuki.expect("room.added")
    mirror = Mirror()
    first = await server.connect(company.ito.token)
    mirror.apply(first.welcome)
    mirror.timelines[room] = await everything(first, room)
    await first.close()
    ws = await stalled(server, company.ito.token)
    assert server.services.hub.count() == 3, "this test needs the stalled one to be here"

    for number in range(400):
        await sato.post(room, f"{number} " + "あ" * 3000)
        await suzuki.expect("message.posted")

    async with asyncio.timeout(5):
        while server.services.hub.count() == 3:
            await asyncio.sleep(0.01)
    ws.transport.resume_reading()
    async with asyncio.timeout(5):
        with suppress(ConnectionClosed):
            while True:
                await ws.recv()
    assert ws.close_code in (CloseCode.SLOW, 1006), "told so, or cut when he did not even read that"

    back = await server.connect(company.ito.token, have=mirror.have)
    mirror.apply(back.welcome)
    await back.ask("ping")
    assert [frame["is"] for frame in back.heard] == ["reset"]
    mirror.apply(back.heard[0])
    assert max(mirror.timelines[room].messages) == 400


async def test_one_who_pauses_and_reads_on_is_told_the_heads(server, company):
    sato = await server.connect(company.sato.token)
    people = [company.ito.id]
    room = (await sato.ask("room.create", kind="group", name="会議", people=people))["room"]["id"]
    ws = await stalled(server, company.ito.token)
    for number in range(60):
        await sato.post(room, f"{number} " + "あ" * 3000)
    ws.transport.resume_reading()

    heard = []
    async with asyncio.timeout(5):
        while not heard or '"is":"heads"' not in heard[-1]:
            heard.append(await ws.recv())

    assert f'"channel:{room}":61' in heard[-1]
    await ws.close()
