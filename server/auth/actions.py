"""What is done to people: added, changed, deleted, brought back, given passwords.

Each action asks the right, checks, changes, writes the audit line, closes the sockets whose rights are gone,
and tells those who listen (``ports.PeopleChanged``) in the same transaction. Changes pass through ``changing.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, insert, select, update

from server.auth import bulk, queries, revocation
from server.auth.audit import record, record_each
from server.auth.changing import (
    AccountChanges,
    Listeners,
    change_account,
    end_all_sessions,
    present,
    require_free,
    require_valid,
    search_key,
    tell,
    write_privileges,
    write_state,
)
from server.auth.model import (
    INITIAL_PASSWORD_LASTS,
    Account,
    Actor,
    NewAccount,
    Privilege,
    State,
    login_key,
    valid_language,
)
from server.auth.rules import AccountState, state_of, taken_away
from server.auth.seats import require_room
from server.auth.tables import accounts, throttles
from server.auth.throttle import sign_in_key
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import NotFound


def add_account(
    tx: Transaction,
    actor: Actor,
    new: NewAccount,
    password_hash: str | None,
    *,
    must_change: bool = True,
    listeners: Listeners = (),
) -> Account:
    """Somebody new. A login ID, and an anpi ID, belong to one person, compared without case."""
    actor.require(Privilege.ADMIN_USER)
    tx.lock("company")
    state = state_of(new)
    require_free(tx, state)
    require_valid(tx, state, None)
    row = {
        "login_id": new.login_id,
        "login_key": login_key(new.login_id),
        "name": new.name,
        "kana": new.kana,
        "search_key": search_key(new.name, new.kana),
        "language": new.language,
        "created_at": tx.now,
        **_password(tx, password_hash, must_change=must_change),
    }
    account_id = tx.connection.execute(insert(accounts).values(row).returning(accounts.c.id)).scalar_one()
    write_state(tx, account_id, state)
    added = present(tx, account_id)
    rights = sorted(added.privileges)
    record(tx, actor, "account.add", added.login_id, name=added.name, talk=added.talk, privileges=rights)
    tell(tx, actor, None, added, listeners)
    return added


def set_password(
    tx: Transaction, actor: Actor, account_id: int, password_hash: str, *, must_change: bool = True
) -> Account:
    """A password given by an administrator: to be changed at the next sign-in, and all sessions end."""
    return set_passwords(tx, actor, {account_id: password_hash}, must_change=must_change)[0]


def set_passwords(
    tx: Transaction, actor: Actor, hashes: Mapping[int, str], *, must_change: bool = True
) -> list[Account]:
    """The same for several people, or for none of them when one is missing or is the actor himself."""
    actor.require(Privilege.ADMIN_USER)
    tx.lock("company")
    found = queries.accounts_of(tx.connection, hashes)
    for account_id in hashes:
        # One's own goes through ``change_password``, which asks for the current one.
        actor.require_other(account_id)
        if account_id not in found or found[account_id].state is State.DELETED:
            raise NotFound()
    if not hashes:
        return []
    logins = [found[account_id].login_id for account_id in hashes]
    bulk.set_passwords(tx, [bulk.HashedPassword(id, hash, must_change) for id, hash in hashes.items()])
    forget_failures(tx, *logins)
    end_all_sessions(tx, *hashes)
    record_each(tx, actor, "account.password", logins)
    given = queries.accounts_of(tx.connection, hashes)
    return [given[account_id] for account_id in hashes]


def disable_account(tx: Transaction, actor: Actor, account_id: int, listeners: Listeners = ()) -> Account:
    """No sign-in from now on; still listed, and still taking its seats (A1)."""
    return change_account(tx, actor, account_id, AccountChanges(enabled=False), listeners)


def enable_account(tx: Transaction, actor: Actor, account_id: int, listeners: Listeners = ()) -> Account:
    """May sign in again."""
    return change_account(tx, actor, account_id, AccountChanges(enabled=True), listeners)


def set_talk(tx: Transaction, actor: Actor, account_id: int, talk: bool, listeners: Listeners = ()) -> Account:
    """トーク 有効/無効 (S10). Open clients come back at once and are told anew."""
    return change_account(tx, actor, account_id, AccountChanges(talk=talk), listeners)


def set_privileges(
    tx: Transaction, actor: Actor, account_id: int, wanted: frozenset[Privilege], listeners: Listeners = ()
) -> Account:
    """権限コントロール (S4): exactly these rights."""
    return change_account(tx, actor, account_id, AccountChanges(privileges=wanted), listeners)


def delete_account(tx: Transaction, actor: Actor, account_id: int, listeners: Listeners = ()) -> None:
    """Gone: frees the seats, the login ID and the anpi ID; the row stays, so that past messages keep the name."""
    actor.require(Privilege.ADMIN_USER)
    actor.require_other(account_id)
    tx.lock("company")
    account = present(tx, account_id)
    require_room(tx, taken_away(state_of(account)))
    _update(tx, account_id, **deleted_row(account_id), password_hash=None, must_change=False, initial_until=None)
    write_privileges(tx, account_id, frozenset())
    end_all_sessions(tx, account_id)
    gone = queries.account(tx.connection, account_id)
    assert gone is not None
    record(tx, actor, "account.delete", account.login_id, name=account.name)
    tell(tx, actor, account, gone, listeners)


def deleted_row(account_id: int) -> dict[str, Any]:
    """What a deleted account's row says; its privileges and sessions go as well."""
    return {
        "state": State.DELETED.value,
        # A blank cannot stand in a login ID, so nobody can ever own this key.
        "login_key": f"deleted {account_id}",
        "talk": False,
        "talk_log": False,
        "anpi_login_id": "",
        "anpi_key": None,
    }


def restore_account(
    tx: Transaction, actor: Actor, account_id: int, state: AccountState, listeners: Listeners = ()
) -> Account:
    """Somebody who was deleted is back as ``state`` says, if his login ID and the seats are still to be had.

    He signs in with the password that his row still holds; without one he needs a new one.
    """
    actor.require(Privilege.ADMIN_USER)
    tx.lock("company")
    before = queries.account(tx.connection, account_id)
    if before is None or before.state is not State.DELETED:
        raise NotFound()
    require_free(tx, state)
    require_valid(tx, state, None)
    write_state(tx, account_id, state)
    back = present(tx, account_id)
    record(tx, actor, "account.restore", back.login_id, name=back.name)
    tell(tx, actor, before, back, listeners)
    return back


def set_language(tx: Transaction, actor: Actor, language: str, listeners: Listeners = ()) -> Account:
    """In which language this person reads us."""
    if actor.account_id is None:
        raise NotFound()
    valid_language(language)
    account = present(tx, actor.account_id)
    if account.language == language:
        return account
    _update(tx, account.id, language=language)
    # Open sockets come back and are spoken to in the new language.
    revocation.revoke(tx, account.id, final=False)
    after = replace(account, language=language)
    record(tx, actor, "account.language", after.login_id, language=language)
    tell(tx, actor, account, after, listeners)
    return after


def agree(tx: Transaction, actor: Actor) -> None:
    """The purpose of use has been accepted (A6); the first time counts."""
    if actor.account_id is None:
        raise NotFound()
    account = present(tx, actor.account_id)
    if account.agreed_at is None:
        _update(tx, account.id, agreed_at=tx.now)
        record(tx, actor, "account.agree", account.login_id)


def forget_failures(tx: Transaction, *login_ids: str) -> None:
    """Whoever failed before has spoken with an administrator."""
    keys = key_rows(tx.dialect, str)
    gone = delete(throttles).where(throttles.c.key.in_(select(keys.c.k0)))
    tx.connection.execute(gone, {"keys": packed(sign_in_key(login_key(each)) for each in login_ids)})


def _password(tx: Transaction, password_hash: str | None, *, must_change: bool) -> dict[str, Any]:
    """A password that somebody else has chosen, and until when it can be used."""
    until = tx.now + INITIAL_PASSWORD_LASTS if must_change and password_hash is not None else None
    return {"password_hash": password_hash, "must_change": must_change, "initial_until": until}


def _update(tx: Transaction, account_id: int, **values: Any) -> None:
    tx.connection.execute(update(accounts).where(accounts.c.id == account_id).values(values))
