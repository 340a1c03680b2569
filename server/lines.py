"""Lines on which nobody asks anything: a request's head must be there ten seconds after the line, and have an end, or
it is cut.

Else a few hundred that only connect take every descriptor, and nobody comes in, operators neither. When few are left,
the line that has been silent longest makes room for the newest. Sockets are never in here: theirs is a request whose
head has come.
"""

from __future__ import annotations

import asyncio
from typing import Any

import structlog

from server.descriptors import Descriptors

try:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol as HttpProtocol
except ImportError:  # httptools is compiled, and not there for every machine
    from uvicorn.protocols.http.h11_impl import H11Protocol as HttpProtocol  # type: ignore[assignment]

HEAD_SECONDS = 10.0
HEAD_BYTES = 256 * 1024
"""Of a head, without the part in which it begins; the parser would keep whatever comes."""
LARGE_BYTES = 16 * 1024
"""A part of a body that is handed on as it came: uvicorn would copy it into a bytearray, and out of it again."""
SWEEP_SECONDS = 1.0

log = structlog.get_logger()


class SilentLines:
    """The lines that owe us the head of a request, the longest silent first."""

    def __init__(self, descriptors: Descriptors) -> None:
        self._descriptors = descriptors
        self._since: dict[Line, float] = {}
        self._sweep: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._since)

    def connected(self, line: Line) -> None:
        """A new line is there; if room is short, another that says nothing goes for it."""
        self.expect(line)
        oldest = next(iter(self._since))
        if self._descriptors.scarce and oldest is not line:
            self.cut(oldest)

    def expect(self, line: Line) -> None:
        """A head is owed, since now or for longer already."""
        self._since.setdefault(line, line.loop.time())
        if self._sweep is None:
            self._sweep = line.loop.call_later(SWEEP_SECONDS, self._cut_overdue, line.loop)

    def forget(self, line: Line) -> None:
        """It owes nothing any longer."""
        self._since.pop(line, None)

    def _cut_overdue(self, loop: asyncio.AbstractEventLoop) -> None:
        latest = loop.time() - HEAD_SECONDS
        overdue = [line for line, since in self._since.items() if since <= latest]
        for line in overdue:
            self.cut(line)
        again = bool(self._since)
        self._sweep = loop.call_later(SWEEP_SECONDS, self._cut_overdue, loop) if again else None

    def cut(self, line: Line) -> None:
        """End it at once."""
        self.forget(line)
        line.transport.abort()
        log.debug("line.silent")


class Line(HttpProtocol):
    """uvicorn's HTTP protocol, which would wait for a request for ever."""

    def __init__(self, silent: SilentLines, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._silent = silent
        # Of the head that is on its way; None: there is none.
        self._head: int | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._silent.connected(self)

    def data_received(self, data: bytes) -> None:
        if self.timeout_keep_alive_task is not None:
            # A later request begins, and has its own ten seconds.
            self._silent.forget(self)
        has_begun = self._head is not None
        super().data_received(data)
        self._note()
        if has_begun and self._head is not None:
            self._head += len(data)
            if self._head > HEAD_BYTES:
                self._silent.cut(self)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0

    def on_headers_complete(self) -> None:
        self._head = None
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        cycle = self.cycle
        if isinstance(cycle.body, bytes):
            # A bytearray grows; bytes would be copied for each of the small parts that may follow.
            cycle.body = bytearray(cycle.body)
        if cycle.body or len(body) < LARGE_BYTES or cycle.response_complete or self.parser.should_upgrade():
            return super().on_body(body)
        cycle.body = body  # type: ignore[assignment]
        self.flow.pause_reading()
        return cycle.message_event.set()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._note()

    def connection_lost(self, exc: Exception | None) -> None:
        self._silent.forget(self)
        super().connection_lost(exc)

    def _note(self) -> None:
        answering = self.cycle is not None and not self.cycle.response_complete
        # uvicorn takes a line that became a WebSocket out of its connections.
        if answering or self.transport.is_closing() or self not in self.connections:
            self._silent.forget(self)
        else:
            self._silent.expect(self)
