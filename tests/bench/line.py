"""One WebSocket of a returning client, as cheap as Python can: a plain protocol, no queue, no task."""

from __future__ import annotations

import asyncio
import os
import socket
import struct
from collections.abc import Callable
from typing import Protocol

TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
NO_STATUS = 1005
ABNORMAL = 1006
HANDSHAKE = (
    "GET /socket HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    "Origin: http://{host}\r\nCookie: {cookie}\r\n\r\n"
)


class Owner(Protocol):
    """Whose line it is."""

    def opened(self, line: Line) -> None:
        """The handshake is over."""

    def heard(self, line: Line, payload: bytes) -> None:
        """A text message has come."""

    def lost(self, line: Line, code: int) -> None:
        """The line is gone, with the close code that came, or 1006."""


class Line(asyncio.Protocol):
    """Bytes in, frames out."""

    def __init__(self, owner: Owner, host: str, cookie: str) -> None:
        self._owner = owner
        self._request = HANDSHAKE.format(host=host, cookie=cookie).encode()
        self._transport: asyncio.Transport | None = None
        self._take: Callable[[], bool] = self._handshake
        self._waiting = bytearray()
        self._code = ABNORMAL

    def say(self, payload: bytes) -> None:
        self._send(TEXT, payload)

    def cut(self) -> None:
        """Without a word, as when a cable is pulled: the other end gets a reset."""
        if self._transport is not None:
            endpoint: socket.socket = self._transport.get_extra_info("socket")
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self._transport.abort()

    # ------------------------------------------------------------ asyncio.Protocol

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._waiting += data
        while self._transport is not None and self._take():
            pass

    def connection_lost(self, problem: Exception | None) -> None:
        self._transport = None
        self._owner.lost(self, self._code)

    # ------------------------------------------------------------ what comes in

    def _handshake(self) -> bool:
        end = self._waiting.find(b"\r\n\r\n")
        if end < 0:
            return False
        if not self._waiting.startswith(b"HTTP/1.1 101 "):
            self.cut()
            return False
        del self._waiting[: end + 4]
        self._take = self._frame
        self._owner.opened(self)
        return True

    def _frame(self) -> bool:
        waiting = self._waiting
        if len(waiting) < 2:
            return False
        length, head = waiting[1] & 0x7F, 2
        if length >= 126:
            head = 4 if length == 126 else 10
            length = int.from_bytes(waiting[2:head], "big")
        if len(waiting) < head + length:
            return False
        opcode, payload = waiting[0] & 0x0F, bytes(waiting[head : head + length])
        del waiting[: head + length]
        if opcode == TEXT:
            self._owner.heard(self, payload)
        elif opcode == PING:
            self._send(PONG, payload)
        elif opcode == CLOSE:
            self._close(payload)
        return True

    def _close(self, payload: bytes) -> None:
        self._code = int.from_bytes(payload[:2], "big") if payload else NO_STATUS
        self._send(CLOSE, payload[:2])
        if self._transport is not None:
            self._transport.close()

    def _send(self, opcode: int, payload: bytes) -> None:
        if self._transport is None:
            return
        mask = os.urandom(4)
        length = len(payload)
        if length < 126:
            head = bytes((0x80 | opcode, 0x80 | length))
        else:
            head = bytes((0x80 | opcode, 0x80 | 126)) + length.to_bytes(2, "big")
        masks = (mask * (length // 4 + 1))[:length]
        masked = (int.from_bytes(payload, "big") ^ int.from_bytes(masks, "big")).to_bytes(length, "big")
        self._transport.write(head + mask + masked)
