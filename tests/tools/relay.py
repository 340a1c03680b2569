"""A mail server to hand mails to: it keeps what it is given, and can be told to refuse, to hang and to hang up."""

from __future__ import annotations

import asyncio
import contextlib
import warnings
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

TAKEN = "250 taken"
HANG = "hang"
SLOW = "slow"
CUT = "cut"
CUT_AFTER = "cut after taking it"
HANG_AFTER = "hang after taking it"
SLOW_SECONDS = 1.5


@dataclass
class Sink:
    """What came in, and what to say next."""

    port: int = 0
    taken: list[Envelope] = field(default_factory=list)
    to_senders: list[str] = field(default_factory=list)
    """Answers to MAIL, one after the other; then anybody may send."""
    to_recipients: list[str] = field(default_factory=list)
    """Answers to RCPT, one after the other; then all are welcome."""
    to_mails: list[str] = field(default_factory=list)
    """Answers to what follows DATA, one after the other; then everything is taken."""
    connections: int = 0
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"

    def mails(self) -> list[EmailMessage]:
        """What came in, read by the standard library."""
        return [_read(each.content) for each in self.taken]

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to_senders.pop(0) if self.to_senders else TAKEN
        if answer == TAKEN:
            envelope.mail_from = address
        return answer

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        answer = self.to_recipients.pop(0) if self.to_recipients else TAKEN
        if answer == TAKEN:
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        answer = self.to_mails.pop(0) if self.to_mails else TAKEN
        if answer == SLOW:
            await asyncio.sleep(SLOW_SECONDS)
            answer = TAKEN
        if answer in (TAKEN, CUT_AFTER, HANG_AFTER):
            self.taken.append(envelope)
            self.arrived.set()
        if answer in (HANG, HANG_AFTER):
            # Until whoever asks has gone away.
            await asyncio.sleep(30)
        if answer in (CUT, CUT_AFTER):
            assert server.transport is not None
            server.transport.abort()
        return answer


@contextlib.asynccontextmanager
async def relay(**options: Any) -> AsyncIterator[Sink]:
    """A sink that listens on this machine while the block runs."""
    sink = Sink()
    lines: list[SMTP] = []

    def answer() -> SMTP:
        sink.connections += 1
        with warnings.catch_warnings():
            # It warns of passwords without TLS, which is what a test asks for on purpose.
            warnings.simplefilter("ignore", UserWarning)
            lines.append(SMTP(sink, hostname="relay.test", loop=asyncio.get_running_loop(), **options))
        return lines[-1]

    server = await asyncio.get_running_loop().create_server(answer, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
        for line in lines:
            if line.transport is not None:
                line.transport.abort()
        tasks = [line._handler_coroutine for line in lines if line._handler_coroutine is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def _read(content: bytes | str | None) -> EmailMessage:
    assert isinstance(content, bytes)
    read = message_from_bytes(content, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read
