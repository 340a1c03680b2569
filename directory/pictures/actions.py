"""What is done with pictures: one's own photo or another's, and the company's logo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select, update

from directory import changes
from directory.pictures import queries
from directory.pictures.model import SWEPT_AFTER, Picture
from directory.tables import people
from server.auth import company
from server.auth.audit import record
from server.auth.model import Actor, Privilege, State
from server.auth.tables import accounts
from server.auth.tables import company as company_row
from server.data.transaction import Transaction
from server.errors import NotFound
from server.ports import CompanyChanged

Listeners = Sequence[CompanyChanged]


def set_photo(tx: Transaction, actor: Actor, account_id: int, picture: Picture) -> str:
    """The photo of this person: his own doing, or an ADMIN_USER's. Returns the picture's name."""
    login_id = _require(tx, actor, account_id)
    name = queries.keep(tx, picture)
    _write(tx, actor, account_id, login_id, name)
    return name


def remove_photo(tx: Transaction, actor: Actor, account_id: int) -> None:
    """He has none any more."""
    _write(tx, actor, account_id, _require(tx, actor, account_id), "")


def set_logo(tx: Transaction, actor: Actor, picture: Picture, listeners: Listeners = ()) -> str:
    """The company's logo (S8)."""
    actor.require(Privilege.ADMIN_COMPANY)
    name = queries.keep(tx, picture)
    _write_logo(tx, actor, name, listeners)
    return name


def remove_logo(tx: Transaction, actor: Actor, listeners: Listeners = ()) -> None:
    """The company shows its name alone."""
    actor.require(Privilege.ADMIN_COMPANY)
    _write_logo(tx, actor, "", listeners)


def sweep(tx: Transaction) -> int:
    """Pictures that nobody has go; how many did."""
    return queries.sweep(tx, tx.now - SWEPT_AFTER)


def _require(tx: Transaction, actor: Actor, account_id: int) -> str:
    """The login ID of somebody whose photo this actor may change; who may not hears the same as of nobody."""
    if actor.account_id != account_id:
        actor.require(Privilege.ADMIN_USER)
    wanted = select(accounts.c.login_id).where(accounts.c.id == account_id, accounts.c.state != State.DELETED.value)
    found: str | None = tx.connection.execute(wanted).scalar()
    if found is None:
        raise NotFound()
    return found


def _write(tx: Transaction, actor: Actor, account_id: int, login_id: str, name: str) -> None:
    # The number first: whoever changes the directory holds its row.
    rev = changes.next_rev(tx)
    tx.connection.execute(update(people).where(people.c.account_id == account_id).values(photo=name))
    changes.tell(tx, rev, actor.account_id, people=[account_id])
    record(tx, actor, "person.photo", login_id, picture=name)


def _write_logo(tx: Transaction, actor: Actor, name: str, listeners: Listeners) -> None:
    tx.lock("company")
    before = company.find(tx.connection)
    if before is None:
        raise NotFound()
    tx.connection.execute(update(company_row).values(logo=name))
    tx.note(company.CHANGED)
    record(tx, actor, "company.logo", before.name, picture=name)
    for listener in listeners:
        listener(tx, actor, before, replace(before, logo=name))
