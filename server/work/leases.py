"""What may be done by one process only: a lease, held for a while and renewed, with a number that fences others out.

Who holds a lease may have been asleep longer than he thinks. So a lease is not believed: every transaction of the
work begins with ``require``, which asks the row under its lock. A new holder has a greater number, and whoever still
works with an older one is refused, and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import insert, select, update

from server.data.transaction import Transaction
from server.errors import AppError, Conflict
from server.services import Services
from server.work.tables import leases

HELD = timedelta(seconds=15)
"""How long after its holder's last word a lease falls to another."""
CLOCKS_DIFFER = timedelta(minutes=1)
RENEW_SECONDS = 5.0

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
    """Tries to hold one name, as often as it is asked. What it holds is what it knows: the row decides."""

    def __init__(self, services: Services, name: str) -> None:
        self._services = services
        self._name = name
        self._lease: Lease | None = None
        self._next = 0.0

    async def hold(self) -> Lease | None:
        """The lease, taken or kept; None while another has it, or the database cannot be asked."""
        now = asyncio.get_running_loop().time()
        if now >= self._next:
            self._next = now + RENEW_SECONDS
            self._lease = await self._act(take, self._name, self._services.bus.name)
        return self._lease

    async def let_go(self) -> None:
        """Let another have it at once."""
        lease, self._lease = self._lease, None
        if lease is not None:
            await self._act(give_up, lease)

    async def _act(self, action: Callable[..., Lease | None], *args: object) -> Lease | None:
        try:
            held: Lease | None = await self._services.writer.act(action, *args)
            return held
        except AppError as problem:
            log.warning("lease.unknown", lease=self._name, reason=problem.code)
            return None
