"""What somebody does with his own addresses: enter, have asked again, remove, confirm; and what a deletion does."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from anpi import links
from anpi.contacts import model, queries
from anpi.contacts.model import CONTACTS_LIMIT, Claim, Contact
from anpi.sending import addresses, health
from anpi.sending.tables import contacts
from server.auth import queries as accounts
from server.auth.audit import record
from server.auth.model import Account, Actor, State
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid, NotFound
from server.secrets import Secrets
from server.settings import Settings
from server.texts import text
from server.work import mail
from server.work.mail import Letter

A_STEP = 500
"""Addresses of people who are gone, in one transaction: an import may have deleted everybody."""

_C = contacts.c


def add(tx: Transaction, actor: Actor, secrets: Secrets, settings: Settings, address: str) -> None:
    """Keep an address and ask by mail whether it is read."""
    owner = require_owner(tx, actor)
    kept = model.accepted(address)
    if kept is None:
        raise Invalid("format", field="address")
    tx.lock(f"contacts {owner.id}")
    places = queries.of_account(tx.connection, owner.id)
    key = addresses.key(secrets, kept)
    if any(each.is_set and each.address_key == key for each in places):
        raise Conflict("contact_known", field="address")
    taken = {each.place for each in places if each.is_set}
    free = next((place for place in range(1, CONTACTS_LIMIT + 1) if place not in taken), None)
    if free is None:
        raise Conflict("contacts_full", limit=CONTACTS_LIMIT)
    before = next((each for each in places if each.place == free), None)
    row = {"address": kept, "address_key": key, "made_at": tx.now, "confirmed_at": None}
    if before is None:
        tx.connection.execute(insert(contacts), {"account_id": owner.id, "place": free, **row})
    else:
        _change(tx, before, version=before.version + 1, **row)
    health.good(tx, key)
    _ask(tx, _place(tx, owner.id, free), owner, secrets, settings)
    record(tx, actor, "anpi.contact.add", str(free))


def ask_again(tx: Transaction, actor: Actor, secrets: Secrets, settings: Settings, place: int) -> None:
    """Send the question once more."""
    owner = require_owner(tx, actor)
    tx.lock(f"contacts {owner.id}")
    _ask(tx, _place(tx, owner.id, place), owner, secrets, settings)


def remove(tx: Transaction, actor: Actor, place: int) -> None:
    """Forget the address; its links say no more."""
    owner = require_owner(tx, actor)
    tx.lock(f"contacts {owner.id}")
    found = _place(tx, owner.id, place)
    _change(tx, found, address="", address_key="", confirmed_at=None, version=found.version + 1)
    record(tx, actor, "anpi.contact.remove", str(place))


def confirm(tx: Transaction, claim: Claim) -> bool:
    """Whoever followed the link reads the address; whether the link still holds. Again is harmless."""
    tx.lock(f"contacts {claim.account_id}")
    found = claimed(tx.connection, claim, tx.now)
    owner = accounts.account(tx.connection, claim.account_id)
    if found is None or owner is None:
        return False
    if found.confirmed_at is None:
        _change(tx, found, confirmed_at=tx.now)
        record(tx, Actor(owner.id, owner.name, owner.privileges), "anpi.contact.confirm", str(found.place))
    health.good(tx, found.address_key)
    return True


def claimed(connection: Connection, claim: Claim, now: datetime) -> Contact | None:
    """The address that a link is about; None when it is another by now, its owner is gone, or the link too old."""
    places = queries.of_account(connection, claim.account_id)
    found = next((each for each in places if each.is_meant(claim)), None)
    return None if found is None or found.gone or found.link_is_over(now) else found


def require_owner(tx: Transaction, actor: Actor) -> Account:
    """Who is asked by the safety check may say where; to others there is nothing."""
    owner = accounts.account(tx.connection, actor.account_id) if actor.account_id is not None else None
    if owner is None or not owner.may_sign_in or not owner.anpi_login_id:
        raise NotFound()
    return owner


# ---------------------------------------------------------------- people who go and come back


def on_people_changed(tx: Transaction, actor: Actor, before: Account | None, after: Account) -> None:
    """Addresses go with their owner, and come back with him."""
    was, now = before is not None and before.state is State.DELETED, after.state is State.DELETED
    if before is not None and was != now:
        _mark(tx, [after.id], tx.now if now else None)


def on_people_moved(
    tx: Transaction, actor: Actor, removed: list[int], returned: list[int], since: datetime | None
) -> None:
    """The same for many."""
    _mark(tx, removed, tx.now)
    _mark(tx, returned, None)


def forget_gone(tx: Transaction) -> bool:
    """Addresses of some whose owners are not coming back; whether there may be more."""
    over = _C.gone_at <= tx.now - model.KEPT_AFTER_DELETION
    some = select(_C.account_id).where(over).order_by(_C.gone_at).limit(A_STEP)
    ids = set(tx.connection.execute(some).scalars())
    if ids:
        keys = key_rows(tx.dialect, int)
        gone = delete(contacts).where(over, _C.account_id.in_(keys.select()))
        tx.connection.execute(gone, {"keys": packed(sorted(ids))})
    return bool(ids)


def _mark(tx: Transaction, people: Iterable[int], gone_at: datetime | None) -> None:
    ids = sorted(set(people))
    if ids:
        keys = key_rows(tx.dialect, int)
        marked = update(contacts).where(_C.account_id.in_(keys.select())).values(gone_at=gone_at)
        tx.connection.execute(marked, {"keys": packed(ids)})


# ---------------------------------------------------------------- the mail that asks


def _ask(tx: Transaction, contact: Contact, owner: Account, secrets: Secrets, settings: Settings) -> None:
    base = links.base(settings)
    if not base:
        raise Conflict("no_public_url")
    sent = contact.mails_within_a_day(tx.now)
    if sent >= model.MAILS_A_DAY:
        raise Conflict("contact_mails_full", limit=model.MAILS_A_DAY)
    _change(tx, contact, asked_at=tx.now, mails=sent + 1)
    claim = Claim(contact.account_id, contact.place, contact.version)
    link = f"{base}/c/{model.token(secrets, claim)}"
    words = {"name": owner.name, "link": link, "days": model.LINK_LIVES.days}
    subject = text(owner.language, "contact.subject")
    said = text(owner.language, "contact.mail", **words)
    mail.queue(tx, Letter("contact", contact.address, subject, said), mail.sender_domain(settings))


def _place(tx: Transaction, account: int, place: int) -> Contact:
    found = next((each for each in queries.of_account(tx.connection, account) if each.place == place), None)
    if found is None or not found.is_set:
        raise NotFound()
    return found


def _change(tx: Transaction, contact: Contact, **values: object) -> None:
    own = update(contacts).where(_C.account_id == contact.account_id, _C.place == contact.place)
    tx.connection.execute(own.values(values))
