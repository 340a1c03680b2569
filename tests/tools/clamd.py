"""A clamd that knows one virus: EICAR, put together here so that no file of ours is one."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

EICAR = b"X5O!P%@AP[4" + rb"\PZX54(P^)7CC)7}$EICAR-STANDARD-" + b"ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd:
    """Answers INSTREAM; ``says`` is what it says instead, ``most`` the bytes that it takes."""

    def __init__(self) -> None:
        self.says: bytes | None = None
        self.most = 1_000_000
        self.asked = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked += 1
        try:
            assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
            body = b""
            while size := struct.unpack(">I", await reader.readexactly(4))[0]:
                body += await reader.readexactly(size)
                if len(body) > self.most:
                    writer.write(b"INSTREAM size limit exceeded. ERROR\0")
                    return
            found = b"stream: Eicar-Test-Signature FOUND\0" if EICAR in body else b"stream: OK\0"
            writer.write(self.says or found)
            await writer.drain()
        except asyncio.IncompleteReadError:
            pass
        finally:
            writer.close()


@asynccontextmanager
async def clamd(socket: Path | None = None) -> AsyncIterator[tuple[Clamd, str]]:
    """One that listens at ``socket``, or at a port of loopback; and how the setting names it."""
    here = Clamd()
    if socket is None:
        server = await asyncio.start_server(here.answer, "127.0.0.1", 0)
        address = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    else:
        server = await asyncio.start_unix_server(here.answer, socket)
        address = f"unix:{socket}"
    async with server:
        yield here, address
