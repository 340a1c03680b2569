"""What is done to people: added, disabled, deleted, allowed to talk, given rights and passwords.

Each action asks the right, checks, changes, writes the audit line, closes the sockets whose rights are gone,
and tells those who listen (``ports.PeopleChanged``) in the same transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import delete, insert, update

from server.auth import queries
from server.auth.audit import record
from server.auth.model import LANGUAGES, Account, Actor, NewAccount, Privilege, State, login_key
from server.auth.revocation import revoke
from server.auth.tables import accounts, privileges, sessions, throttles
from server.auth.throttle import sign_in_key
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid, NotFound
from server.ports import PeopleChanged
from server.text import folded

Listeners = Sequence[PeopleChanged]


def add_account(
    tx: Transaction,
    actor: Actor,
    new: NewAccount,
    password_hash: str | None,
    *,
    must_change: bool = True,
    listeners: Listeners = (),
) -> Account:
    """Somebody new. A login ID belongs to one person, compared without case."""
    actor.require(Privilege.ADMIN_USER)
    tx.lock("company")
    key = login_key(new.login_id)
    if queries.credentials(tx.connection, key) is not None:
        raise Conflict("login_id_taken", login_id=new.login_id)
    row = {
        "login_id": new.login_id,
        "login_key": key,
        "name": new.name,
        "kana": new.kana,
        "search_key": search_key(new.name, new.kana),
        "language": new.language,
        "password_hash": password_hash,
        "must_change": must_change,
        "talk": new.talk,
        "created_at": tx.now,
    }
    account_id = tx.connection.execute(insert(accounts).values(row).returning(accounts.c.id)).scalar_one()
    _write_privileges(tx, account_id, new.privileges)
    added = _present(tx, account_id)
    rights = sorted(new.privileges)
    record(tx, actor, "account.add", added.login_id, name=added.name, talk=added.talk, privileges=rights)
    _tell(tx, actor, None, added, listeners)
    return added


def set_password(tx: Transaction, actor: Actor, account_id: int, password_hash: str) -> None:
    """A password given by an administrator: to be changed at the next sign-in, and all sessions end."""
    actor.require(Privilege.ADMIN_USER)
    # One's own goes through ``change_password``, which asks for the current one.
    actor.require_other(account_id)
    account = _present(tx, account_id)
    _update(tx, account_id, password_hash=password_hash, must_change=True)
    forget_failures(tx, account.login_id)
    end_all_sessions(tx, account_id)
    record(tx, actor, "account.password", account.login_id)


def disable_account(tx: Transaction, actor: Actor, account_id: int, listeners: Listeners = ()) -> Account:
    """No sign-in from now on; still listed, and still taking its seats (A1)."""
    actor.require(Privilege.ADMIN_USER)
    actor.require_other(account_id)
    tx.lock("company")
    account = _present(tx, account_id)
    if account.state is State.DISABLED:
        return account
    _keep_an_administrator(tx, account)
    _update(tx, account_id, state=State.DISABLED.value)
    end_all_sessions(tx, account_id)
    return _changed(tx, actor, "account.disable", account, listeners)


def enable_account(tx: Transaction, actor: Actor, account_id: int, listeners: Listeners = ()) -> Account:
    """May sign in again."""
    actor.require(Privilege.ADMIN_USER)
    account = _present(tx, account_id)
    if account.state is State.ENABLED:
        return account
    _update(tx, account_id, state=State.ENABLED.value)
    return _changed(tx, actor, "account.enable", account, listeners)


def delete_account(tx: Transaction, actor: Actor, account_id: int, listeners: Listeners = ()) -> None:
    """Gone: frees the seats and the login ID; the row stays, so that past messages keep the name."""
    actor.require(Privilege.ADMIN_USER)
    actor.require_other(account_id)
    tx.lock("company")
    account = _present(tx, account_id)
    _keep_an_administrator(tx, account)
    # A blank cannot stand in a login ID, so nobody can ever own this key.
    freed = {"login_key": f"deleted {account_id}", "password_hash": None, "must_change": False, "talk": False}
    _update(tx, account_id, state=State.DELETED.value, **freed)
    _write_privileges(tx, account_id, frozenset())
    end_all_sessions(tx, account_id)
    gone = replace(account, state=State.DELETED, talk=False, must_change=False, privileges=frozenset())
    record(tx, actor, "account.delete", account.login_id, name=account.name)
    _tell(tx, actor, account, gone, listeners)


def set_talk(tx: Transaction, actor: Actor, account_id: int, talk: bool, listeners: Listeners = ()) -> Account:
    """トーク 有効/無効 (S10). Open clients come back at once and are told anew."""
    actor.require_one_of(Privilege.ADMIN_USER, Privilege.ADMIN_GOTALK)
    tx.lock("company")
    account = _present(tx, account_id)
    if account.talk == talk:
        return account
    _update(tx, account_id, talk=talk)
    revoke(tx, account_id, final=False)
    return _changed(tx, actor, "account.talk", account, listeners, talk=talk)


def set_privileges(
    tx: Transaction, actor: Actor, account_id: int, wanted: frozenset[Privilege], listeners: Listeners = ()
) -> Account:
    """権限コントロール (S4): exactly these rights. Nobody strips himself, or the company, of ADMIN_USER."""
    actor.require(Privilege.ADMIN_USER)
    tx.lock("company")
    account = _present(tx, account_id)
    if account.privileges == wanted:
        return account
    if Privilege.ADMIN_USER in account.privileges - wanted:
        actor.require_other(account_id)
        _keep_an_administrator(tx, account)
    _write_privileges(tx, account_id, wanted)
    revoke(tx, account_id, final=False)
    given, taken = sorted(wanted - account.privileges), sorted(account.privileges - wanted)
    return _changed(tx, actor, "account.privileges", account, listeners, given=given, taken=taken)


def set_language(tx: Transaction, actor: Actor, language: str, listeners: Listeners = ()) -> Account:
    """In which language this person reads us."""
    if actor.account_id is None:
        raise NotFound()
    if language not in LANGUAGES:
        raise Invalid("format", field="language")
    account = _present(tx, actor.account_id)
    if account.language == language:
        return account
    _update(tx, account.id, language=language)
    # Open sockets come back and are spoken to in the new language.
    revoke(tx, account.id, final=False)
    return _changed(tx, actor, "account.language", account, listeners, language=language)


def end_all_sessions(tx: Transaction, account_id: int) -> None:
    """Sign this person out everywhere, for good."""
    tx.connection.execute(delete(sessions).where(sessions.c.account_id == account_id))
    revoke(tx, account_id, final=True)


def forget_failures(tx: Transaction, login_id: str) -> None:
    """Whoever failed before has spoken with an administrator."""
    tx.connection.execute(delete(throttles).where(throttles.c.key == sign_in_key(login_key(login_id))))


def search_key(name: str, kana: str) -> str:
    """By what people are found and sorted; never shown."""
    return f"{folded(kana)} {folded(name)}".strip()


def _present(tx: Transaction, account_id: int) -> Account:
    account = queries.account(tx.connection, account_id)
    if account is None or account.state is State.DELETED:
        raise NotFound()
    return account


def _keep_an_administrator(tx: Transaction, account: Account) -> None:
    """Refuse to take away the last enabled ADMIN_USER: nobody could give the right again."""
    is_one = account.state is State.ENABLED and Privilege.ADMIN_USER in account.privileges
    if is_one and queries.enabled_administrators(tx.connection) <= 1:
        raise Conflict("last_administrator")


def _update(tx: Transaction, account_id: int, **values: Any) -> None:
    tx.connection.execute(update(accounts).where(accounts.c.id == account_id).values(values))


def _write_privileges(tx: Transaction, account_id: int, wanted: frozenset[Privilege]) -> None:
    tx.connection.execute(delete(privileges).where(privileges.c.account_id == account_id))
    if wanted:
        rows = [{"account_id": account_id, "privilege": privilege.value} for privilege in sorted(wanted)]
        tx.connection.execute(insert(privileges), rows)


def _changed(
    tx: Transaction, actor: Actor, action: str, before: Account, listeners: Listeners, **detail: Any
) -> Account:
    after = _present(tx, before.id)
    record(tx, actor, action, after.login_id, **detail)
    _tell(tx, actor, before, after, listeners)
    return after


def _tell(tx: Transaction, actor: Actor, before: Account | None, after: Account, listeners: Listeners) -> None:
    for listener in listeners:
        listener(tx, actor, before, after)
