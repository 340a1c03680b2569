"""The company's numbers as they stand: seats taken and licensed (S2), administrators of anpi and of users."""

from __future__ import annotations

from sqlalchemy import Connection, and_, func, select

from server.auth import company
from server.auth.model import Privilege, State, UserType
from server.auth.rules import Counts, Licences, company_problems
from server.auth.tables import accounts, privileges
from server.data.transaction import Transaction

_PRESENT = accounts.c.state != State.DELETED.value
_REGULAR = accounts.c.user_type == UserType.REGULAR_USER.value


def used(connection: Connection) -> Licences:
    """How many ID of each counter are taken."""
    now = counts(connection)
    return Licences(now.basic, now.talk, now.anpi)


def counts(connection: Connection) -> Counts:
    """The whole company in numbers; the caller that goes by them holds the lock ``company``."""
    seats = select(
        func.count().filter(_REGULAR),
        func.count().filter(accounts.c.talk),
        func.count().filter(accounts.c.anpi_key.is_not(None)),
    ).select_from(accounts)
    basic, talk, anpi = connection.execute(seats.where(_PRESENT)).one()
    held = accounts.join(privileges, privileges.c.account_id == accounts.c.id)
    enabled = and_(_REGULAR, accounts.c.state == State.ENABLED.value)
    administrators = select(
        func.count().filter(privileges.c.privilege == Privilege.ADMIN_ANPI.value),
        func.count().filter(and_(privileges.c.privilege == Privilege.ADMIN_USER.value, enabled)),
    )
    of_anpi, of_users = connection.execute(administrators.select_from(held).where(_PRESENT)).one()
    return Counts(basic, talk, anpi, of_anpi, of_users)


def require_room(tx: Transaction, change: Counts) -> None:
    """Refuse what does not fit into the company, with the counter and its limit; holds the lock ``company``.

    ``change`` is what comes and goes. Before there is a company there is no limit.
    """
    tx.lock("company")
    if change == Counts():
        return
    found = company.find(tx.connection)
    before = counts(tx.connection)
    limits = found.licences if found else Licences(*(before + change).seats)
    for problem in company_problems(before, before + change, limits):
        raise problem
