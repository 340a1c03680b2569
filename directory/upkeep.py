"""What the directory puts right at its times: accounts it has not heard of, and badges that ended long ago."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, bindparam, delete, false, select

from directory import changes, listing, reindexing
from directory.search import indexing
from directory.tables import people, statuses
from server.auth import queries as accounts_queries
from server.auth.model import State
from server.auth.tables import accounts
from server.data.batch import Steps
from server.data.transaction import Transaction
from server.module import Tick
from server.services import Services

IN_A_STEP = 100
ENDED_FOR = timedelta(days=7)
"""So long a cleared badge is kept: whoever tells of badges has told of it long before."""

# ---------------------------------------------------------------- who came while the directory was not running


async def take_in(services: Services) -> None:
    """List who was added while the module did not run, and bury who was deleted."""
    if await services.readers.ask(_unheard_of):
        await services.writer.bulk(_taking_in())


def _taking_in() -> Steps:
    while (yield _take_in_some):
        pass


def _take_in_some(tx: Transaction) -> bool:
    """Whether there may be more."""
    changes.begin(tx)
    ids = _unheard_of(tx.connection)
    if not ids:
        return False
    found = accounts_queries.accounts_of(tx.connection, ids)
    left = [listing.listed(tx, None, account) for account in found.values()]
    changes.tell(tx, changes.next_rev(tx), None, people=ids, departments=set().union(*left))
    indexing.mark(tx, ids)
    reindexing.soon(tx)
    return True


def _unheard_of(connection: Connection) -> list[int]:
    a, p = accounts.c, people.c
    new, deleted = p.account_id.is_(None), (a.state == State.DELETED) & (p.gone == false())
    wanted = select(a.id).select_from(accounts.outerjoin(people, p.account_id == a.id)).where(new | deleted)
    return list(connection.execute(wanted.order_by(a.id).limit(IN_A_STEP)).scalars())


# ---------------------------------------------------------------- badges


async def forget_badges(services: Services) -> None:
    """Delete the rows of badges that were cleared a week ago."""
    await services.writer.bulk(_forgetting())


def _forgetting() -> Steps:
    while (yield _forget_some):
        pass


def _forget_some(tx: Transaction) -> bool:
    """Whether there may be more."""
    s = statuses.c
    old = (
        select(s.account_id, s.incident).where(s.gone, s.since < tx.now - ENDED_FOR).order_by(s.rev).limit(IN_A_STEP)
    )
    found = [{"who": row.account_id, "what": row.incident} for row in tx.connection.execute(old)]
    if found:
        one = delete(statuses).where(s.account_id == bindparam("who"), s.incident == bindparam("what"))
        tx.connection.execute(one, found)
    return bool(found)


TICKS = (
    Tick("directory.listing", timedelta(minutes=10), take_in),
    Tick("directory.statuses", timedelta(hours=24), forget_badges),
)
