"""What is forgotten: the addresses of deliveries after 30 days, and browsers that are nobody's any more."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update

from anpi.sending import subscribing
from anpi.sending.tables import deliveries
from server.data.transaction import Transaction
from server.module import Tick
from server.services import Services

KEPT = timedelta(days=30)
STEP = 500


async def forget(services: Services) -> None:
    """The tick."""
    await services.writer.act(subscribing.forget, spends=False)
    while await services.writer.alone(forget_addresses):
        pass


def forget_addresses(tx: Transaction) -> int:
    """At most ``STEP`` addresses, with what other servers have said of them; the hash stays, for law 9."""
    d = deliveries.c
    old = (d.ended_at.is_not(None), d.ended_at <= tx.now - KEPT, d.address != "")
    some = select(d.id).where(*old).order_by(d.ended_at).limit(STEP)
    forgotten = update(deliveries).where(d.id.in_(some)).values(address="", error="")
    return tx.connection.execute(forgotten).rowcount


TICK = Tick("anpi.forget addresses", timedelta(days=1), forget, late=timedelta(days=1))
