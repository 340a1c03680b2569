"""A door for the operator's mail server: bounces and replies are brought here by LMTP (RFC 2033).

Only to addresses that we have made; each mail is taken in before it is answered for, and one that cannot be taken in
just now is brought again by the mail server. Off, unless an address to listen on is set.
"""

from __future__ import annotations

import asyncio
import re

import structlog

from anpi.sending.receiving import addressed, receive
from anpi.sending.returns import Returned
from server.errors import AppError
from server.services import Services

LINE_LIMIT = 64 * 1024
MAIL_LIMIT = 1024 * 1024
RECIPIENTS_LIMIT = 50
LINES_AT_ONCE = 20
WAIT_SECONDS = 120.0

_PATH = re.compile(rb"(?:FROM|TO):\s*<([^<>]{0,320})>", re.IGNORECASE)

log = structlog.get_logger()


async def listen(services: Services) -> None:
    """Until the process drains."""
    host, _, port = services.settings.anpi_lmtp.rpartition(":")
    door = Door(services)
    server = await asyncio.start_server(door.talk, host.strip("[]"), int(port), limit=LINE_LIMIT)
    log.info("anpi.lmtp_open", port=server.sockets[0].getsockname()[1])
    try:
        while not services.draining:
            await services.wakeups.sleep("anpi lmtp", WAIT_SECONDS)
    finally:
        server.close()
        await door.close()


class Door:
    """Talks with whoever comes, a few at a time."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._talks: set[asyncio.Task[None]] = set()

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._talks.add(task)
        try:
            if len(self._talks) > LINES_AT_ONCE:
                writer.write(b"421 4.3.2 too many\r\n")
            else:
                await _Talk(self._services, reader, writer).run()
            await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as problem:
            log.info("anpi.lmtp_broken", reason=type(problem).__name__)
        finally:
            self._talks.discard(task)
            writer.close()

    async def close(self) -> None:
        """A mail that is not answered for is brought again."""
        for talk in list(self._talks):
            talk.cancel()
        await asyncio.gather(*self._talks, return_exceptions=True)


class _Talk:
    """One connection."""

    def __init__(self, services: Services, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._services = services
        self._reader = reader
        self._writer = writer
        self._to: list[Returned] = []

    async def run(self) -> None:
        await self._say("220 Renraku LMTP")
        while True:
            async with asyncio.timeout(WAIT_SECONDS):
                line = (await self._reader.readline()).rstrip(b"\r\n")
            verb = line[:4].upper()
            if not line or verb == b"QUIT":
                return await self._say("221 2.0.0 bye")
            if verb == b"DATA":
                await self._data()
            else:
                await self._say(self._answer(verb, line))

    def _answer(self, verb: bytes, line: bytes) -> str:
        match verb:
            case b"LHLO":
                return f"250-Renraku\r\n250-ENHANCEDSTATUSCODES\r\n250 SIZE {MAIL_LIMIT}"
            case b"MAIL" | b"RSET":
                self._to.clear()
                return "250 2.0.0 ok"
            case b"RCPT":
                return self._recipient(line)
            case b"NOOP":
                return "250 2.0.0 ok"
        return "500 5.5.1 unknown"

    def _recipient(self, line: bytes) -> str:
        path = _PATH.search(line)
        about = addressed(self._services, path[1].decode("ascii", "replace")) if path else None
        if about is None:
            return "550 5.1.1 nobody"
        if len(self._to) >= RECIPIENTS_LIMIT:
            return "452 4.5.3 too many"
        self._to.append(about)
        return "250 2.1.5 ok"

    async def _data(self) -> None:
        if not self._to:
            return await self._say("503 5.5.1 to whom?")
        await self._say("354 go on")
        raw = await self._mail()
        to, self._to = self._to, []
        for about in to:
            await self._say(await self._taken(about, raw))
        return None

    async def _mail(self) -> bytes | None:
        """The mail up to its last dot; None for one that is too long, which is read to its end all the same."""
        lines: list[bytes] = []
        size = 0
        async with asyncio.timeout(WAIT_SECONDS):
            while True:
                line = await self._reader.readuntil(b"\n")
                if line in (b".\r\n", b".\n"):
                    return b"".join(lines) if size <= MAIL_LIMIT else None
                size += len(line)
                if size <= MAIL_LIMIT:
                    lines.append(line[1:] if line.startswith(b".") else line)

    async def _taken(self, about: Returned, raw: bytes | None) -> str:
        if raw is None:
            return "552 5.3.4 too long"
        try:
            await receive(self._services, about, raw)
        except AppError as problem:
            log.warning("anpi.returned_later", delivery=about.delivery, reason=problem.code)
            return "451 4.3.0 later"
        return "250 2.0.0 taken"

    async def _say(self, answer: str) -> None:
        self._writer.write(f"{answer}\r\n".encode())
        async with asyncio.timeout(WAIT_SECONDS):
            await self._writer.drain()
