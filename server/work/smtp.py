"""The two ways a mail can go: over SMTP to the relay that the operator has named, or into a folder without one.

What the answers on the way mean stands in ``smtp_verdicts.py``.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPSenderRefused,
    SMTPServerDisconnected,
)

from server.settings import Settings
from server.work.mail import Mail, State, sender, written
from server.work.relay import Relay, parse_relay
from server.work.smtp_verdicts import Later, Refused, RouteTrouble, Unanswered, said, verdict

SEND_SECONDS = 60.0
"""For one mail until it may be handed over, connecting included."""
TAKING_SECONDS = 600.0
"""For the answer to a whole mail (RFC 5321, 4.5.3.2.6): some relays look through it first. Who gives up earlier sends
it twice. Both together are less than a lease, so that nobody else has taken the mail meanwhile."""
CONTACT_SECONDS = 20.0
"""For any other answer of the relay."""
TAKEN, GO_ON, CLOSING = 250, 354, 421


@dataclass(frozen=True, slots=True)
class Parcel:
    """A mail as bytes, CRLF after each line; ``name`` is its file's, where mails go into a folder."""

    sender: str
    to: str
    content: bytes
    name: str


class Route(Protocol):
    """A way for mails. Raises ``Refused``, ``Later`` or ``RouteTrouble``."""

    async def deliver(self, mail: Mail) -> State:
        """Hand the mail over; what has become of it."""

    async def carry(self, parcel: Parcel) -> State:
        """The same for one that is bytes already."""

    async def rest(self) -> None:
        """Nothing is waiting: hold nothing open."""


def route_for(settings: Settings) -> Route:
    """The way that the settings name."""
    if not settings.smtp_url:
        return FolderRoute(settings.var / "mail", sender(settings))
    return SmtpRoute(parse_relay(settings.smtp_url), sender(settings))


class SmtpRoute:
    """One connection to the relay, kept while there is something to send."""

    def __init__(
        self, relay: Relay, from_address: str, seconds: float = SEND_SECONDS, taking_seconds: float = TAKING_SECONDS
    ) -> None:
        self._relay = relay
        self._from = from_address
        self._seconds = seconds
        self._taking_seconds = taking_seconds
        self._line: SMTP | None = None
        self.reached = False
        """Whether the relay has let us in for the last mail."""
        self.at_stake = False
        """Whether a mail has been handed over and no word has come back yet."""

    async def deliver(self, mail: Mail) -> State:
        return await self.carry(parcel_of(mail, self._from))

    async def carry(self, parcel: Parcel) -> State:
        whole = self.at_stake = self.reached = False
        try:
            await self._send(parcel)
            whole = True
        except (Refused, Later):
            whole = await self._taken_back()
            raise
        except TimeoutError:
            raise RouteTrouble(f"{self._relay}: no answer") from None
        except (SMTPException, OSError) as problem:
            raise RouteTrouble(f"{self._relay}: {said(problem)}") from problem
        finally:
            # What is half said cannot be gone on with: the next mail begins on a new line.
            if not whole:
                self._drop()
        return State.SENT

    async def rest(self) -> None:
        line, self._line = self._line, None
        if line is None:
            return
        try:
            async with asyncio.timeout(CONTACT_SECONDS):
                await line.quit()
        except (SMTPException, OSError):
            # It has gone already. (A timeout is an OSError.)
            pass
        finally:
            line.close()

    async def _send(self, parcel: Parcel) -> None:
        try:
            async with asyncio.timeout(self._seconds):
                line = await self._open()
                self.reached = True
                await self._announce(line, parcel)
            await self._hand_over(line, stuffed(parcel.content))
        except (SMTPSenderRefused, SMTPRecipientRefused, SMTPDataError) as refusal:
            raise verdict(refusal) from refusal

    async def _announce(self, line: SMTP, parcel: Parcel) -> None:
        """From whom and to whom, until the relay wants to have it."""
        await line.mail(parcel.sender)
        await line.rcpt(parcel.to)
        answer = await line.execute_command(b"DATA")
        if answer.code != GO_ON:
            raise SMTPDataError(answer.code, answer.message)

    async def _hand_over(self, line: SMTP, content: bytes) -> None:
        """From here on the relay may have the mail, whatever is heard of it."""
        if line.protocol is None:
            raise SMTPServerDisconnected("Connection lost")
        self.at_stake = True
        line.protocol.write(content)
        try:
            async with asyncio.timeout(self._taking_seconds):
                answer = await line.protocol.read_response()
        except (SMTPException, OSError) as silence:
            raise Unanswered(f"{self._relay}: perhaps taken, no answer: {said(silence)}") from silence
        if answer.code == CLOSING:
            line.close()
        if answer.code >= 400:
            raise SMTPDataError(answer.code, answer.message)
        if answer.code != TAKEN:
            raise Unanswered(f"{self._relay}: perhaps taken: {answer.code}")

    async def _taken_back(self) -> bool:
        """Whether the line can be gone on with after a refusal."""
        try:
            async with asyncio.timeout(CONTACT_SECONDS):
                if self._line is None:
                    return False
                await self._line.rset()
        except (SMTPException, OSError):
            return False
        return True

    async def _open(self) -> SMTP:
        if self._line is not None and self._line.is_connected:
            return self._line
        self._drop()
        relay = self._relay
        self._line = SMTP(
            hostname=relay.host,
            port=relay.port,
            timeout=CONTACT_SECONDS,
            use_tls=relay.implicit_tls,
            # Asked below, because what it offers decides.
            start_tls=False,
        )
        await self._line.connect()
        await self._secure(self._line)
        if relay.user:
            await self._line.login(relay.user, relay.password)
        return self._line

    async def _secure(self, line: SMTP) -> None:
        relay = self._relay
        if relay.implicit_tls or relay.tls == "off":
            return
        await line.ehlo()
        if line.supports_extension("starttls"):
            await line.starttls()
        elif relay.needs_tls:
            raise RouteTrouble(f"{relay}: offers no TLS, and without it nothing is handed over")

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()


class FolderRoute:
    """Mails as ``.eml`` files that only the operator can read: nobody has got them."""

    def __init__(self, folder: Path, from_address: str) -> None:
        self._folder = folder
        self._from = from_address

    async def deliver(self, mail: Mail) -> State:
        return await self.carry(parcel_of(mail, self._from))

    async def carry(self, parcel: Parcel) -> State:
        try:
            await asyncio.to_thread(self._write, parcel)
        except OSError as problem:
            raise RouteTrouble(f"{problem.filename}: {problem.strerror}") from problem
        return State.WRITTEN

    async def rest(self) -> None:
        """Nothing is held."""

    def _write(self, parcel: Parcel) -> None:
        """The same name at each try, and never half a file under it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{parcel.name}.eml"
        part = path.with_suffix(".part")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(parcel.content)
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)


def parcel_of(mail: Mail, from_address: str) -> Parcel:
    """The same bytes and the same name at each try."""
    name = f"{mail.at:%Y%m%d-%H%M%S}-{mail.message_id.partition('@')[0]}"
    return Parcel(parseaddr(from_address)[1], mail.to, written(mail, from_address), name)


def stuffed(content: bytes) -> bytes:
    """A mail as it follows DATA: CRLF after each line, a dot more before a line's first one, and a dot at the end."""
    lines = (b"." * line.startswith(b".") + line + b"\r\n" for line in content.splitlines())
    return b"".join(lines) + b".\r\n"
