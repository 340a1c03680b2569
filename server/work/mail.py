"""Mails that leave after the commit of their cause: rows, taken by one dispatcher at a time, sent at least once.

``queue`` is called in the transaction of the cause. A dispatcher (``dispatching.py``) takes a row under a lease and
hands it to a route (``smtp.py``); when it dies in between, the lease ends and another sends the mail again, with the
same Message-ID, by which the receiving side can know it. Three things end a mail: the next server's word (it took
it, or refused it for good), two days without any, or a second time that it was handed over and no word came back.
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, or_, select, update

from server.data.transaction import Transaction
from server.errors import Invalid
from server.settings import Settings
from server.text import is_mail_address, one_line, plain_text, storable
from server.work.tables import mails

QUEUE = "mails"
LEASE = timedelta(minutes=12)
"""Longer than the slowest relay takes for one mail (``smtp.py``)."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=1)
GIVE_UP_AFTER = timedelta(days=2)
KEPT = timedelta(days=30)
SUBJECT_LIMIT = 200

_HOST = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?")


class State(StrEnum):
    """What has become of a mail.

    ``DOUBTFUL``: handed over once without an answer, so perhaps taken; it goes once more. ``WRITTEN``: into a folder,
    because there is no way out; so nobody has got it.
    """

    WAITING = "waiting"
    DOUBTFUL = "doubtful"
    SENT = "sent"
    WRITTEN = "written"
    FAILED = "failed"


OPEN = (State.WAITING, State.DOUBTFUL)
"""What is still to be sent."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to be sent."""

    kind: str
    to: str
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that a dispatcher has taken."""

    id: int
    at: datetime
    kind: str
    to: str
    subject: str
    text: str
    message_id: str
    tries: int
    doubtful: bool = False


def queue(tx: Transaction, letter: Letter, domain: str) -> None:
    """Have this sent after the commit. ``domain`` (``sender_domain``) stands in its Message-ID."""
    if not is_mail_address(letter.to):
        raise Invalid("format", field="address")
    row = {
        "at": tx.now,
        "kind": letter.kind,
        "to_address": letter.to,
        "subject": one_line(letter.subject)[:SUBJECT_LIMIT],
        "body": plain_text(letter.text),
        "message_id": f"{secrets.token_hex(16)}@{domain}",
        "due_at": tx.now,
    }
    tx.connection.execute(insert(mails), row)
    tx.wake(QUEUE)


def claim(tx: Transaction, dispatcher: str) -> Mail | None:
    """Take a mail that is due and that nobody holds."""
    tx.connection.execute(update(mails).where(*_free(tx), *_too_old(tx)).values(state=State.FAILED))
    first = select(mails.c.id).where(*_free(tx)).order_by(mails.c.due_at, mails.c.id).limit(1)
    id = tx.connection.execute(first.with_for_update(skip_locked=True)).scalar()
    if id is None:
        return None
    taken = {"leased_until": tx.now + LEASE, "leased_by": dispatcher, "tries": mails.c.tries + 1}
    held = update(mails).where(mails.c.id == id).values(taken)
    return _mail(tx.connection.execute(held.returning(*mails.c)).one())


def finish(tx: Transaction, dispatcher: str, mail: Mail, state: State, error: str = "") -> None:
    """This has become of the mail, unless another has taken it over meanwhile."""
    tx.connection.execute(_held(dispatcher, mail).values(state=state, leased_until=None, error=_kept(error)))


def postpone(tx: Transaction, dispatcher: str, mail: Mail, error: str) -> None:
    """It did not work: again after a pause that grows, up to an hour."""
    pause = min(FIRST_PAUSE * 2 ** min(mail.tries - 1, 10), LONGEST_PAUSE)
    values = {"due_at": tx.now + pause, "leased_until": None, "error": _kept(error)}
    tx.connection.execute(_held(dispatcher, mail).values(values))


def doubt(tx: Transaction, dispatcher: str, mail: Mail, error: str) -> None:
    """Perhaps it was taken: once more after a pause, and the second time never again."""
    if mail.doubtful:
        return finish(tx, dispatcher, mail, State.FAILED, error)
    tx.connection.execute(_held(dispatcher, mail).values(state=State.DOUBTFUL))
    return postpone(tx, dispatcher, mail, error)


def forget_old(tx: Transaction) -> None:
    """Mails whose fate was decided long ago, with the addresses in them."""
    decided = mails.c.state.not_in(OPEN)
    tx.connection.execute(delete(mails).where(decided, mails.c.at <= tx.now - KEPT))


def counts(connection: Connection) -> dict[State, int]:
    """How many mails there are in each state."""
    counted = select(mails.c.state, func.count().label("mails")).group_by(mails.c.state)
    found = {row.state: row.mails for row in connection.execute(counted)}
    return {state: found.get(state, 0) for state in State}


def sender(settings: Settings) -> str:
    """From whom mails are: what the operator has set, else a name at our public host."""
    return settings.mail_from or f"renraku@{sender_domain(settings)}"


def sender_domain(settings: Settings) -> str:
    """The part after the @ of who sends."""
    _, address = parseaddr(settings.mail_from)
    host = address.rpartition("@")[2] or urlsplit(settings.public_url).hostname or ""
    return host if _HOST.fullmatch(host) else "localhost"


def written(mail: Mail, from_address: str) -> bytes:
    """The mail as it goes over the line: the same bytes at each try."""
    name, address = parseaddr(from_address)
    message = EmailMessage(policy=SMTP)
    message["From"] = str(Address(one_line(name), addr_spec=address))
    message["To"] = mail.to
    message["Subject"] = one_line(mail.subject)
    message["Date"] = mail.at
    message["Message-ID"] = f"<{mail.message_id}>"
    message["Auto-Submitted"] = "auto-generated"
    # Some servers on the way still take seven bits only.
    message.set_content(mail.text, cte="7bit" if _is_plain(mail.text) else "base64")
    return message.as_bytes()


def _is_plain(text: str) -> bool:
    return text.isascii() and all(len(line) <= 990 for line in text.split("\n"))


def _free(tx: Transaction) -> tuple[ColumnElement[bool], ...]:
    unheld = or_(mails.c.leased_until.is_(None), mails.c.leased_until <= tx.now)
    return (mails.c.state.in_(OPEN), mails.c.due_at <= tx.now, unheld)


def _too_old(tx: Transaction) -> tuple[ColumnElement[bool], ...]:
    """Tried, and still without an end; one that was never tried gets its chance."""
    return (mails.c.tries > 0, mails.c.at <= tx.now - GIVE_UP_AFTER)


def _held(dispatcher: str, mail: Mail) -> Any:
    return update(mails).where(mails.c.id == mail.id, mails.c.leased_by == dispatcher, mails.c.state.in_(OPEN))


def _mail(row: Row[Any]) -> Mail:
    known = (row.id, row.at, row.kind, row.to_address, row.subject, row.body, row.message_id, row.tries)
    return Mail(*known, doubtful=row.state == State.DOUBTFUL)


def _kept(error: str) -> str:
    """Other servers' words, in any encoding."""
    return storable(error)[:500]
