"""uvicorn's WebSocket protocol, with its socket opened to us.

Two things are ours: a complete message goes to the conversation directly, without a queue and a task between;
and frames that are ready go to the transport directly, without waiting for a slow client (uvicorn's ``send``
does, and would hold up everybody in a fan-out). Because nothing pauses reading then, we do it ourselves.

The ASGI application authenticates, takes the line over and ends: an idle connection holds no task, no scope and
no request. uvicorn is pinned; ``tests/unit/live/test_protocol.py`` names what we rely on.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from server.live.frames import CloseCode

EXTENSION = "renraku.line"
SEND_BUFFER = 128 * 1024
"""Bytes that the kernel may hide for one socket; its own limit is about 4 MB, owed to a reader that stands still."""
FRAGMENTS = 64
"""Parts of one message: empty ones are not limited by the message's size."""
CLOSE_SECONDS = 1.0
"""How long the other end has to answer a close before the line is cut."""


class Listener(Protocol):
    """Who takes a line over."""

    def receive(self, data: bytes) -> None:
        """A complete text message, still to be decoded."""

    def slowed(self) -> None:
        """The line's buffer is full."""

    def drained(self) -> None:
        """The line has room again."""

    def lost(self) -> None:
        """The line is gone."""


class TalkProtocol(WebSocketsSansIOProtocol):
    """A WebSocket that somebody may take over."""

    listener: Listener | None = None
    cut: asyncio.TimerHandle | None = None

    # ------------------------------------------------------------ taking over

    def handle_connect(self, event) -> None:  # type: ignore[no-untyped-def]
        super().handle_connect(event)
        if not self.close_sent:
            self.scope["extensions"][EXTENSION] = self  # type: ignore[assignment]

    def take_over(self, listener: Listener) -> None:
        """From now on messages go to ``listener``, and the ASGI application may end."""
        self.listener = listener
        endpoint = self.transport.get_extra_info("socket")
        if endpoint is not None:
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)

    async def run_asgi(self) -> None:
        try:
            await self.app(self.scope, self.receive, self.send)
        except ClientDisconnected:
            pass
        except BaseException:
            self.logger.exception("Exception in the socket's application")
            self.send_500_response()
        if self.listener is None:
            if not self.handshake_complete:
                self.send_500_response()
            if self.close_timer is None and self.cut is None:
                self.transport.close()
        self._forget_handshake()

    def _forget_handshake(self) -> None:
        """What only the handshake needs is most of an idle connection's memory."""
        self.scope = self.request = self.response = None  # type: ignore[assignment]

    # ------------------------------------------------------------ what comes in

    def handle_cont(self, event) -> None:  # type: ignore[no-untyped-def]
        if len(self.frames) >= FRAGMENTS:
            return self.hang_up(CloseCode.TOO_BIG)
        super().handle_cont(event)

    def send_receive_event_to_app(self) -> None:
        if self.listener is None:
            return super().send_receive_event_to_app()
        data = self.frames[0] if len(self.frames) == 1 else b"".join(self.frames)
        self.frames = []
        if self.close_sent:
            return None
        if self.curr_msg_data_type != "text":
            return self.hang_up(CloseCode.NOT_TEXT)
        return self.listener.receive(data)

    def handle_ping(self) -> None:
        """Pongs for a client that does not read would pile up without an end: it gets none."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()

    def pause(self) -> None:
        """Read nothing more for now: too much of this client's waits already."""
        if not self.read_paused:
            self.read_paused = True
            self.transport.pause_reading()

    def resume(self) -> None:
        if self.read_paused:
            self.read_paused = False
            if not self.transport.is_closing():
                self.transport.resume_reading()

    # ------------------------------------------------------------ what goes out

    def send_bytes(self, data: bytes) -> None:
        """Give whole WebSocket frames to the transport."""
        self.transport.write(data)

    def pause_writing(self) -> None:
        super().pause_writing()
        if self.listener is not None:
            self.listener.slowed()

    def resume_writing(self) -> None:
        super().resume_writing()
        if self.listener is not None:
            self.listener.drained()

    def call_soon(self, function: Callable[..., None], *args: object) -> None:
        self.loop.call_soon(function, *args)

    def hang_up(self, code: int) -> None:
        """Close with this code; a client that does not answer is cut off after a second."""
        self._cut_soon()
        if self.close_sent or self.transport.is_closing():
            return
        self.stop_keepalive()
        self.conn.send_close(code)
        self.transport.write(b"".join(self.conn.data_to_send()))
        self.close_sent = True
        self.resume()

    # ------------------------------------------------------------ the end

    @property
    def ended_with(self) -> int:
        """The code that ended the line; 1006 when it was cut without a word."""
        sent, heard = self.conn.close_sent, self.conn.close_rcvd
        first = heard if heard is not None and (sent is None or self.conn.close_rcvd_then_sent) else sent
        return 1006 if first is None else first.code

    # uvicorn closes the transport when its buffer has drained, which a client that does not read never lets
    # happen: in each of these cases the line is cut after a second.

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._cut_soon()

    def handle_close(self, event) -> None:  # type: ignore[no-untyped-def]
        super().handle_close(event)
        # Its answer to our close, or ours to its: nothing more is to be said.
        self.transport.close()
        self._cut_soon()

    def handle_parser_exception(self) -> None:
        super().handle_parser_exception()
        self._cut_soon()

    def shutdown(self) -> None:
        super().shutdown()
        self._cut_soon()

    def _cut_soon(self) -> None:
        if self.cut is None and not self.disconnected:
            self.cut = self.loop.call_later(CLOSE_SECONDS, self.transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.cut is not None:
            self.cut.cancel()
        super().connection_lost(exc)
        listener, self.listener = self.listener, None
        if listener is not None:
            listener.lost()
