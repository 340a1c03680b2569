"""Changing somebody: ``change_account`` asks the right for each field, the rules, and the company's numbers.

Form, import and command line pass here. What is not named stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import delete, insert, select, update

from server.auth import company, queries, revocation, seats
from server.auth.audit import record
from server.auth.model import (
    Account,
    Actor,
    Privilege,
    State,
    UserType,
    anpi_key,
    login_key,
    short_line,
    valid_anpi_id,
    valid_language,
    valid_login_id,
)
from server.auth.rules import (
    AccountState,
    changed_fields,
    counted,
    editable,
    problems,
    rights_problems,
    settled,
    state_of,
)
from server.auth.tables import accounts, privileges, sessions, sign_in_codes
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import Conflict, Forbidden, NotFound
from server.ports import PeopleChanged
from server.text import folded

Listeners = Sequence[PeopleChanged]


class AccountChanges(Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """What shall be different; a field that is left out stays."""

    login_id: str | UnsetType = UNSET
    name: str | UnsetType = UNSET
    kana: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    user_type: UserType | UnsetType = UNSET
    enabled: bool | UnsetType = UNSET
    privileges: frozenset[Privilege] | UnsetType = UNSET
    talk: bool | UnsetType = UNSET
    talk_log: bool | UnsetType = UNSET
    anpi_login_id: str | UnsetType = UNSET

    def given(self) -> dict[str, Any]:
        """The fields that were named, with their values."""
        asked = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in asked.items() if value is not UNSET}


_STATE_FIELDS = frozenset(AccountState.__slots__)
_WORDS = ("name", "kana", "language")
_VALID: dict[str, Callable[[str], str]] = {
    "login_id": valid_login_id,
    "name": lambda name: short_line(name, "name", required=True),
    "kana": lambda kana: short_line(kana, "kana"),
    "language": valid_language,
    "anpi_login_id": valid_anpi_id,
}
_SHOWN_TO_HIMSELF = frozenset({"login_id", "name", "language", "privileges", "talk", "talk_log"})
"""What open sockets were told in ``welcome``: they come back and are told anew."""


def change_account(
    tx: Transaction, actor: Actor, account_id: int, changes: AccountChanges, listeners: Listeners = ()
) -> Account:
    """Make it so, or refuse with the field that is in the way; nothing different: nothing happens.

    Rights by field (S4), seats (S2), talk log (S14), anpi (S17, S18), the last ADMIN_USER (A1). Whose right to be
    here has gone is signed out; whose other rights have changed comes back at once and is told anew.
    """
    _require_some_right(actor, changes)
    tx.lock("company")
    account = present(tx, account_id)
    given: dict[str, Any] = {
        name: _VALID[name](value) if name in _VALID else value for name, value in changes.given().items()
    }
    asked = {name: value for name, value in given.items() if name in _STATE_FIELDS}
    before = state_of(account)
    after = settled(replace(before, **asked), asked)
    words = {name: given[name] for name in _WORDS if name in given and given[name] != getattr(account, name)}
    if after == before and not words:
        return account
    _require(tx, actor, account, before, after, set(words))
    return _write(tx, actor, account, before, after, words, listeners)


def present(tx: Transaction, account_id: int) -> Account:
    """Somebody who has not been deleted."""
    account = queries.account(tx.connection, account_id)
    if account is None or account.state is State.DELETED:
        raise NotFound()
    return account


def require_free(tx: Transaction, after: AccountState, account_id: int | None = None) -> None:
    """Refuse a login ID or an anpi ID that is somebody else's."""
    owner = queries.credentials(tx.connection, login_key(after.login_id))
    if owner is not None and owner.account.id != account_id:
        raise Conflict("login_id_taken", field="login_id", login_id=after.login_id)
    key = anpi_key(after.anpi_login_id)
    if key is not None and queries.anpi_id_owner(tx.connection, key) not in (None, account_id):
        raise Conflict("anpi_id_taken", field="anpi_login_id", anpi_login_id=after.anpi_login_id)


def require_valid(tx: Transaction, after: AccountState, before: AccountState | None) -> None:
    """Refuse what breaks a rule, of the person or of the company, with the first one that is broken."""
    found = company.find(tx.connection)
    for problem in problems(after, before, found.login_domains if found else ()):
        raise problem
    seats.require_room(tx, counted(after) - counted(before))


def write_state(tx: Transaction, account_id: int, after: AccountState, **more: Any) -> None:
    """Write what the rules have let pass."""
    row = {
        "login_id": after.login_id,
        "login_key": login_key(after.login_id),
        "user_type": after.user_type.value,
        "state": State.ENABLED.value if after.enabled else State.DISABLED.value,
        "talk": after.talk,
        "talk_log": after.talk_log,
        "anpi_login_id": after.anpi_login_id,
        "anpi_key": anpi_key(after.anpi_login_id),
    }
    tx.connection.execute(update(accounts).where(accounts.c.id == account_id).values(**row, **more))
    write_privileges(tx, account_id, after.privileges)


def write_privileges(tx: Transaction, account_id: int, wanted: frozenset[Privilege]) -> None:
    tx.connection.execute(delete(privileges).where(privileges.c.account_id == account_id))
    rows = [{"account_id": account_id, "privilege": privilege.value} for privilege in sorted(wanted)]
    if rows:
        tx.connection.execute(insert(privileges), rows)


def end_all_sessions(tx: Transaction, *account_ids: int) -> None:
    """Sign these people out everywhere, for good; codes that were read out to them are worth nothing any more."""
    keys = key_rows(tx.dialect, int)
    for table in (sessions, sign_in_codes):
        gone = delete(table).where(table.c.account_id.in_(select(keys.c.k0)))
        tx.connection.execute(gone, {"keys": packed(account_ids)})
    revocation.revoke_all(tx, account_ids, final=True)


def search_key(name: str, kana: str) -> str:
    """By what people are found and sorted; never shown."""
    return f"{folded(kana)} {folded(name)}".strip()


def tell(tx: Transaction, actor: Actor, before: Account | None, after: Account, listeners: Listeners) -> None:
    for listener in listeners:
        listener(tx, actor, before, after)


def told(before: AccountState | None, after: AccountState) -> dict[str, Any]:
    """What has changed, for the audit: each field as it was and as it is."""
    return {
        name: [_plain(getattr(before, name)) if before else None, _plain(getattr(after, name))]
        for name in changed_fields(before, after)
    }


def _require_some_right(actor: Actor, changes: AccountChanges) -> None:
    """Before anything is looked up: a stranger to these rights does not learn whom there is."""
    if not editable(actor):
        raise Forbidden()
    for name in changes.given():
        if name not in editable(actor):
            raise Forbidden(field=name)


def _require(
    tx: Transaction, actor: Actor, account: Account, before: AccountState, after: AccountState, words: set[str]
) -> None:
    for problem in rights_problems(actor, before, after, actor.account_id == account.id):
        raise problem
    if words:
        actor.require(Privilege.ADMIN_USER)
    require_free(tx, after, account.id)
    require_valid(tx, after, before)


def _write(
    tx: Transaction,
    actor: Actor,
    account: Account,
    before: AccountState,
    after: AccountState,
    words: dict[str, str],
    listeners: Listeners,
) -> Account:
    name, kana = words.get("name", account.name), words.get("kana", account.kana)
    write_state(tx, account.id, after, **words, search_key=search_key(name, kana))
    now = present(tx, account.id)
    if account.may_sign_in and not now.may_sign_in:
        end_all_sessions(tx, account.id)
    elif _SHOWN_TO_HIMSELF.intersection({*changed_fields(before, after), *words}):
        revocation.revoke(tx, account.id, final=False)
    detail = {**told(before, after), **{name: [getattr(account, name), value] for name, value in words.items()}}
    record(tx, actor, "account.change", now.login_id, changed=detail)
    tell(tx, actor, account, now, listeners)
    return now


def _plain(value: Any) -> Any:
    return msgspec.to_builtins(sorted(value) if isinstance(value, frozenset) else value)
