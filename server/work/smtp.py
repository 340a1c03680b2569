"""The two ways a mail can go: over SMTP to the relay that the operator has named, or into a folder without one.

Who carries mails on has three answers, and each means something else: ``Refused`` ends this mail, ``Later`` puts it
off, and ``RouteTrouble`` says nothing about the mail at all: the way itself is blocked.
"""

from __future__ import annotations

import asyncio
import os
from email.utils import parseaddr
from pathlib import Path
from typing import Protocol

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from server.settings import Settings
from server.work.mail import Mail, State, sender, written
from server.work.relay import Relay, parse_relay

SEND_SECONDS = 60.0
"""For one mail, connecting included; well below a lease, so that nobody else has taken it meanwhile."""
CONTACT_SECONDS = 20.0
"""For one answer of the relay."""
CLOSING = 421


class Refused(Exception):
    """This mail will never be taken."""


class Later(Exception):
    """This mail may be taken another time."""


class RouteTrouble(Exception):
    """Nothing can be handed over at the moment."""


class Route(Protocol):
    """A way for mails. Raises ``Refused``, ``Later`` or ``RouteTrouble``."""

    async def deliver(self, mail: Mail) -> State:
        """Hand the mail over; what has become of it."""

    async def rest(self) -> None:
        """Nothing is waiting: hold nothing open."""


def route_for(settings: Settings) -> Route:
    """The way that the settings name."""
    if not settings.smtp_url:
        return FolderRoute(settings.var / "mail", sender(settings))
    return SmtpRoute(parse_relay(settings.smtp_url), sender(settings))


class SmtpRoute:
    """One connection to the relay, kept while there is something to send."""

    def __init__(self, relay: Relay, from_address: str, seconds: float = SEND_SECONDS) -> None:
        self._relay = relay
        self._from = from_address
        self._seconds = seconds
        self._line: SMTP | None = None

    async def deliver(self, mail: Mail) -> State:
        whole = False
        try:
            async with asyncio.timeout(self._seconds):
                await self._send(mail)
            whole = True
        except (Refused, Later) as answer:
            whole = not isinstance(answer.__cause__, SMTPResponseException) or answer.__cause__.code != CLOSING
            raise
        except TimeoutError:
            raise RouteTrouble(f"{self._relay}: no answer") from None
        except (SMTPException, OSError) as problem:
            raise RouteTrouble(f"{self._relay}: {_said(problem)}") from problem
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

    async def _send(self, mail: Mail) -> None:
        line = await self._open()
        _, envelope = parseaddr(self._from)
        try:
            await line.sendmail(envelope, [mail.to], written(mail, self._from))
        except SMTPRecipientsRefused as refusal:
            raise _verdict(refusal.recipients[0]) from refusal.recipients[0]
        except (SMTPSenderRefused, SMTPDataError) as refusal:
            raise _verdict(refusal) from refusal

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
        try:
            await asyncio.to_thread(self._write, mail)
        except OSError as problem:
            raise RouteTrouble(f"{problem.filename}: {problem.strerror}") from problem
        return State.WRITTEN

    async def rest(self) -> None:
        """Nothing is held."""

    def _write(self, mail: Mail) -> None:
        """The same name at each try, and never half a file under it."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{mail.at:%Y%m%d-%H%M%S}-{mail.message_id.partition('@')[0]}.eml"
        part = path.with_suffix(".part")
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(written(mail, self._from))
            file.flush()
            os.fsync(file.fileno())
        part.rename(path)


def _verdict(refusal: SMTPResponseException) -> Refused | Later:
    kind = Refused if refusal.code >= 500 else Later
    return kind(f"{refusal.code} {refusal.message}")


def _said(problem: Exception) -> str:
    """What went wrong, in a few words that hold no password: the relay's own answer, or the kind of failure."""
    if isinstance(problem, SMTPResponseException):
        return f"{problem.code} {problem.message}"[:300]
    return f"{type(problem).__name__}: {problem}"[:300]
