"""What ``renraku check-config`` says about mail: whether the relay answers, and how many mails nobody has got."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from sqlalchemy.exc import SQLAlchemyError

from server.data.engine import UnsupportedDatabase, looking_engine, parse
from server.settings import Settings
from server.work import mail
from server.work.mail import OPEN, State
from server.work.relay import Relay, parse_relay

CONNECT_SECONDS = 5.0
UNDELIVERED = (*OPEN, State.WRITTEN, State.FAILED)


def mail_findings(settings: Settings) -> Iterator[str]:
    """One line a finding; ✗ stands before what must be mended."""
    for url in (settings.smtp_url, settings.smtp_url_2):
        if url:
            yield from _reached(parse_relay(url), mail.sender(settings))
    if not settings.smtp_url:
        yield f"! RENRAKU_SMTP_URL is not set: mails are only written into {settings.var / 'mail'}"
    undelivered = _undelivered(settings)
    if undelivered:
        yield f"! mails that nobody has got: {undelivered}"


def _reached(relay: Relay, sender: str) -> Iterator[str]:
    try:
        socket.create_connection((relay.host, relay.port), CONNECT_SECONDS).close()
        yield f"✓ mail: {relay}, from {sender}"
    except OSError as problem:
        yield f"✗ mail: {relay}: {problem.strerror or problem}"
    if relay.password and relay.tls == "off" and not relay.implicit_tls:
        yield "! RENRAKU_SMTP_URL says ?tls=off: its password crosses the line unencrypted"


def _undelivered(settings: Settings) -> str:
    """How many, by what has become of them; nothing where there are none, or no database to ask."""
    try:
        with looking_engine(parse(settings.database)).connect() as connection:
            counted = mail.counts(connection)
    except (UnsupportedDatabase, SQLAlchemyError):
        return ""
    return ", ".join(f"{counted[state]} {state}" for state in UNDELIVERED if counted[state])
