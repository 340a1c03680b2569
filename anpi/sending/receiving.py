"""What becomes of a mail that comes back: a delivery bounced, an address counts as bad, a person has answered."""

from __future__ import annotations

from hashlib import sha256

import structlog
from sqlalchemy import or_, select, update

from anpi import events
from anpi.answers.answering import ANSWER
from anpi.answers.frames import Said
from anpi.answers.model import Given
from anpi.model import SELVES
from anpi.sending import health, returns, trial
from anpi.sending.deliveries import State
from anpi.sending.returned import Came
from anpi.sending.returns import Returned
from anpi.sending.tables import deliveries
from server.clock import from_millis, to_millis
from server.data.transaction import Transaction
from server.errors import AppError, Busy
from server.services import Services

READ_SECONDS = 5.0
BOUNCE, REPLY = "anpi.bounce", "anpi.reply"
SANDBOX = {BOUNCE: "anpi.sending.returned:read_bounce", REPLY: "anpi.sending.returned:read_reply"}

log = structlog.get_logger()


def addressed(services: Services, recipient: str) -> Returned | None:
    """Which delivery a mail to this address is about; None for any address that we have not made."""
    base = services.settings.anpi_return_address
    return returns.read(services.secrets, base, recipient) if base else None


async def receive(services: Services, about: Returned, raw: bytes) -> None:
    """Take in one mail. Raises ``AppError`` when it should be brought again later."""
    try:
        reading = REPLY if about.what == returns.REPLY else BOUNCE
        came: Came = await services.sandbox.run(reading, raw, seconds=READ_SECONDS, answer=Came)
    except AppError as problem:
        if problem.code == "busy":
            raise
        # Bytes that nobody can read say nothing, however often they are brought.
        log.warning("anpi.returned_unreadable", delivery=about.delivery, reason=problem.code)
        return
    log.info("anpi.returned", delivery=about.delivery, kind=came.kind, status=came.status)
    if about.what == returns.BOUNCE and came.kind in ("hard", "soft"):
        await services.writer.act(bounced, about.delivery, came, spends=False)
    elif about.what == returns.TRIAL and came.kind in ("hard", "soft"):
        await services.writer.act(trial.came_back, about.delivery, came, spends=False)
    elif about.what == returns.REPLY and came.answer:
        await _answered(services, about.delivery, came, raw)


def bounced(tx: Transaction, delivery: int, came: Came) -> None:
    """The next server took it, and then it could not be delivered. Told twice, it is one bounce.

    Raises ``Busy`` while it is not written down yet that the mail went out.
    """
    d = deliveries.c
    wanted = (d.id == delivery, d.channel == "mail", d.state == State.SENT)
    values: dict[str, object] = {"error": came.status or came.kind}
    if came.kind == "hard":
        values["state"] = State.BOUNCED
    row = tx.connection.execute(
        update(deliveries).where(*wanted).values(values).returning(d.account_id, d.incident_id)
    ).first()
    if row is None:
        return _unless_under_way(tx, delivery)
    if came.kind == "hard":
        health.hard(tx, {delivery: came.status})
    events.moved(tx, row.incident_id)


def _unless_under_way(tx: Transaction, delivery: int) -> None:
    """A mail server of our own may bring a bounce before the sender has written down what it has handed over."""
    d = deliveries.c
    perhaps = or_(d.leased_by != "", d.state == State.DOUBTFUL)
    wanted = select(d.id).where(d.id == delivery, d.channel == "mail", d.ended_at.is_(None), perhaps)
    if tx.connection.execute(wanted).first() is not None:
        raise Busy()


async def _answered(services: Services, delivery: int, came: Came, raw: bytes) -> None:
    """「1」: as good as the link in the mail."""
    d = deliveries.c
    wanted = select(d.account_id, d.incident_id).where(d.id == delivery)
    row = await services.readers.ask(lambda db: db.execute(wanted).first())
    answer = next((each for each in SELVES if each == came.answer), None)
    if row is None or answer is None:
        return
    # Brought twice, it is one answer.
    key = sha256(raw).hexdigest()[:32]
    # After a disaster mails are hours on their way: what he has answered since then stays.
    written = from_millis(min(came.at, to_millis(services.clock()))) if came.at else None
    given = Given(key, row.account_id, row.incident_id, "reply", Said(self=answer), written_at=written)
    try:
        await services.writer.ask(ANSWER, given)
    except AppError as refusal:
        if refusal.status in (429, 503):
            raise
        log.info("anpi.reply_refused", delivery=delivery, reason=refusal.code)
