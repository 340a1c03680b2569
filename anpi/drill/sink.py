"""Where the mails of a drill go: an SMTP server on loopback that takes everything and keeps it in memory."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from email import message_from_bytes, policy
from types import TracebackType
from typing import cast

LINE_LIMIT, MAIL_LIMIT = 4096, 1024 * 1024
_END = b"\r\n.\r\n"
_TO = re.compile(rb"TO:\s*<([^<>]{1,320})>", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s<>\"]+/a/([A-Za-z0-9_-]+)")


class Sink:
    """What came in, by whose it is. ``async with`` it."""

    def __init__(self) -> None:
        self.arrived: Counter[str] = Counter()
        """How many mails each address got."""
        self._mails: dict[str, bytes] = {}
        self._lines: set[_Line] = set()

    async def __aenter__(self) -> Sink:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Line(self), "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for line in list(self._lines):
            line.close()
        await self._server.wait_closed()

    @property
    def mails(self) -> int:
        """All of them together."""
        return self.arrived.total()

    def token(self, address: str) -> str | None:
        """What the link in his newest mail carries; None: no mail has come, "": it has no link."""
        mail = self._mails.get(address)
        if mail is None:
            return None
        body = message_from_bytes(mail, policy=policy.default).get_body(("plain", "html"))
        found = _LINK.search(body.get_content()) if body is not None else None
        return found[1] if found else ""

    def begun(self, line: _Line) -> None:
        self._lines.add(line)

    def ended(self, line: _Line) -> None:
        self._lines.discard(line)

    def take(self, to: list[str], mail: bytes) -> None:
        for address in to:
            self.arrived[address] += 1
            self._mails[address] = mail


class _Line(asyncio.Protocol):
    """One connection of a sender."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._buffer = bytearray()
        self._to: list[str] = []
        self._in_mail = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's are of classes of their own.
        self._transport = cast(asyncio.Transport, transport)
        self._sink.begun(self)
        self._say("220 drill ESMTP")

    def connection_lost(self, problem: Exception | None) -> None:
        self._sink.ended(self)

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._mail() if self._in_mail else self._command():
            pass
        if len(self._buffer) > (MAIL_LIMIT if self._in_mail else LINE_LIMIT):
            self.close()

    def _mail(self) -> bool:
        """Take the mail, if it is there to its last dot."""
        # The line that ended DATA stands for the first line's beginning.
        end = 0 if self._buffer.startswith(b".\r\n") else self._buffer.find(_END)
        if end < 0:
            return False
        mail = bytes(self._buffer[:end]).replace(b"\r\n..", b"\r\n.")
        del self._buffer[: self._buffer.index(b".\r\n", end) + 3]
        self._sink.take(self._to, mail)
        self._to, self._in_mail = [], False
        self._say("250 2.0.0 taken")
        return True

    def _command(self) -> bool:
        """Answer the next line, if there is one."""
        end = self._buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        self._say(self._answer(line[:4].upper(), line))
        return True

    def _answer(self, verb: bytes, line: bytes) -> str:
        match verb:
            case b"EHLO":
                return "250-drill\r\n250 8BITMIME"
            case b"MAIL" | b"RSET":
                self._to = []
            case b"RCPT":
                to = _TO.search(line)
                if to is None:
                    return "501 5.1.3 to whom?"
                self._to.append(to[1].decode("utf-8", "replace").lower())
            case b"DATA":
                if not self._to:
                    return "503 5.5.1 to whom?"
                self._in_mail = True
                return "354 go on"
            case b"QUIT":
                return "221 2.0.0 bye"
            case b"HELO" | b"NOOP":
                pass
            case _:
                return "500 5.5.1 unknown"
        return "250 2.0.0 ok"

    def _say(self, answer: str) -> None:
        self._transport.write(f"{answer}\r\n".encode())
