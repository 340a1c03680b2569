"""What may be done by one process only: a lease, held for a while and renewed, with a number that fences others out.

Who holds a lease may have been asleep longer than he thinks. So a lease is not believed: every transaction of the
work begins with ``require``, which asks the row under its lock. A new holder has a greater number, and whoever still
works with an older one is refused, and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import insert, select, update

from server.data.transaction import Transaction
from server.errors import Conflict
from server.services import Services
from server.work.tables import leases

HELD = timedelta(seconds=15)
"""How long after its holder's last word a lease falls to another."""
CLOCKS_DIFFER = timedelta(minutes=1)
RENEW_SECONDS = 5.0
LETTING_GO_SECONDS = 2.0
ALONE = "alone"

log = structlog.get_logger()


class LeaseLost(Conflict):
    """Another holds it now."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One's own hold of a name. ``number`` grows with every holder."""

    name: str
    holder: str
    number: int


def take(tx: Transaction, name: str, holder: str) -> Lease | None:
    """The lease, taken or renewed; None while another holds it."""
    tx.lock(f"lease:{name}")
    row = tx.connection.execute(select(leases).where(leases.c.name == name)).first()
    if row is None:
        tx.connection.execute(insert(leases), {"name": name, "holder": holder, "number": 1, "until": tx.now + HELD})
        return Lease(name, holder, 1)
    own = row.holder == holder
    # Clocks differ a little; one that was far ahead when it was taken must not hold it for ever.
    if not own and tx.now < row.until <= tx.now + CLOCKS_DIFFER + HELD:
        return None
    number = row.number if own else row.number + 1
    place = leases.c.name == name
    tx.connection.execute(update(leases).where(place).values(holder=holder, number=number, until=tx.now + HELD))
    return Lease(name, holder, number)


def require(tx: Transaction, lease: Lease) -> None:
    """Go on only as the holder: raises ``LeaseLost``, and until the end of the transaction no other can take it."""
    tx.lock(f"lease:{lease.name}")
    found = select(leases.c.number).where(leases.c.name == lease.name, leases.c.holder == lease.holder)
    if tx.connection.execute(found).scalar() != lease.number:
        raise LeaseLost()


def give_up(tx: Transaction, lease: Lease) -> None:
    """Let another have it at once."""
    place = (leases.c.name == lease.name, leases.c.holder == lease.holder, leases.c.number == lease.number)
    tx.connection.execute(update(leases).where(*place).values(until=tx.now))


class Holder:
    """Tries to hold one name. What it holds is what it knows: the row decides."""

    def __init__(self, services: Services, name: str) -> None:
        self._services = services
        self._name = name
        # Where one process owns all data, whoever starts is the only one: he need not wait for a dead one's lease.
        self._holder = ALONE if services.settings.embedded else services.bus.name
        self._lease: Lease | None = None

    @property
    def lease(self) -> Lease | None:
        """What it holds; None while another has it, or the database could not be asked."""
        return self._lease

    async def keep(self) -> None:
        """Take it and keep it, for ever; cancelled, let another have it at once."""
        try:
            while True:
                self._lease = await self._act(take, self._name, self._holder)
                await asyncio.sleep(RENEW_SECONDS)
        finally:
            await self._let_go()

    async def _let_go(self) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LETTING_GO_SECONDS):
                    await self._act(give_up, lease)

    async def _act(self, action: Callable[..., Lease | None], *args: object) -> Lease | None:
        """In a transaction of its own: with people's requests in it the lock would be held for theirs too."""
        try:
            held: Lease | None = await self._services.writer.alone(action, *args)
            return held
        except Exception as problem:
            log.warning("lease.unknown", lease=self._name, error=repr(problem))
            return None
