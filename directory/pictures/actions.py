"""What is done with pictures: one's own photo or another's, and the company's logo."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from sqlalchemy import select, update

from directory import changes
from directory.pictures import queries
from directory.pictures.model import SWEPT_AFTER, Picture
from directory.tables import people
from server.auth import company
from server.auth.audit import record
from server.auth.company import Company
from server.auth.model import Actor, Privilege, State
from server.auth.tables import accounts
from server.auth.tables import company as company_row
from server.data.batch import Steps
from server.data.sets import chunks
from server.data.transaction import Transaction
from server.errors import NotFound
from server.ports import CompanyChanged

Listeners = Sequence[CompanyChanged]

A_STEP = 20
"""So many pictures go in one step: people's answers wait no longer than that."""


def set_photo(tx: Transaction, actor: Actor, account_id: int, picture: Picture) -> str:
    """The photo of this person: his own doing, or an ADMIN_USER's. Returns the picture's name."""
    shown = _begin(tx, actor, account_id)
    if shown.photo != picture.name:
        queries.keep(tx, picture)
        _write(tx, actor, shown, picture.name)
    return picture.name


def remove_photo(tx: Transaction, actor: Actor, account_id: int) -> None:
    """He has none any more."""
    shown = _begin(tx, actor, account_id)
    if shown.photo:
        _write(tx, actor, shown, "")


def set_logo(tx: Transaction, actor: Actor, picture: Picture, listeners: Listeners = ()) -> str:
    """The company's logo (S8)."""
    before = _company(tx, actor)
    if before.logo != picture.name:
        queries.keep(tx, picture)
        _write_logo(tx, actor, before, picture.name, listeners)
    return picture.name


def remove_logo(tx: Transaction, actor: Actor, listeners: Listeners = ()) -> None:
    """The company shows its name alone."""
    before = _company(tx, actor)
    if before.logo:
        _write_logo(tx, actor, before, "", listeners)


def sweep(names: Sequence[str]) -> Steps:
    """Those of these pictures go that nobody has, and that are old enough; gives how many did."""
    gone = 0
    for some in chunks(names, A_STEP):
        gone += yield partial(_drop, some)
    return gone


def _drop(names: Sequence[str], tx: Transaction) -> int:
    return queries.drop(tx, names, tx.now - SWEPT_AFTER)


class _Shown(NamedTuple):
    """Somebody as he is shown."""

    account_id: int
    login_id: str
    photo: str


def _begin(tx: Transaction, actor: Actor, account_id: int) -> _Shown:
    """Somebody whose photo this actor may change; who may not hears the same as of nobody."""
    if actor.account_id != account_id:
        actor.require(Privilege.ADMIN_USER)
    changes.begin(tx)
    whose = accounts.join(people, people.c.account_id == accounts.c.id)
    wanted = select(accounts.c.id, accounts.c.login_id, people.c.photo).select_from(whose)
    there = accounts.c.state != State.DELETED.value
    found = tx.connection.execute(wanted.where(accounts.c.id == account_id, there)).first()
    if found is None:
        raise NotFound()
    return _Shown(*found)


def _write(tx: Transaction, actor: Actor, shown: _Shown, name: str) -> None:
    rev = changes.next_rev(tx)
    tx.connection.execute(update(people).where(people.c.account_id == shown.account_id).values(photo=name))
    changes.tell(tx, rev, actor.account_id, people=[shown.account_id])
    record(tx, actor, "person.photo", shown.login_id, picture=name)


def _company(tx: Transaction, actor: Actor) -> Company:
    actor.require(Privilege.ADMIN_COMPANY)
    tx.lock("company")
    found = company.find(tx.connection)
    if found is None:
        raise NotFound()
    return found


def _write_logo(tx: Transaction, actor: Actor, before: Company, name: str, listeners: Listeners) -> None:
    tx.connection.execute(update(company_row).values(logo=name))
    tx.note(company.CHANGED)
    record(tx, actor, "company.logo", before.name, picture=name)
    for listener in listeners:
        listener(tx, actor, before, replace(before, logo=name))
