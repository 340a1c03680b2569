"""What an import does to accounts, in a few statements for all of them; the rules have been asked before.

The rows come staged (``server/data/staged.py``): ``id`` is the account, ``key`` the login key, and the fields are
the columns of the user file, each one only when it is set. Who calls this holds the lock ``company``, has proved the
right, and asks ``require_company`` afterwards: what breaks a rule of the company is undone with all the rest.

New accounts are made ahead (``make``), as accounts that are deleted are kept: nobody sees them, nobody signs in to
them. They hold their login ID and anpi ID already, unless an anpi ID is still somebody's whom the same import takes
it from, and unless they shall be disabled: then a word with blanks, which nobody can have, stands for the login ID.
``admit`` makes them valid, ``unmake`` takes away what was never admitted.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec
from sqlalchemy import ColumnElement, or_

from server.auth import company, seats
from server.auth.model import INITIAL_PASSWORD_LASTS
from server.auth.revocation import revoke_all
from server.auth.rules import Counts, Licences, company_problems
from server.auth.tables import accounts
from server.clock import to_micros
from server.data.staged import Staged
from server.data.transaction import Transaction

_SET = "coalesce(s.f ->> '{column}', accounts.{name})"
_STATE = "CASE s.f ->> 'ENABLED' WHEN '0' THEN 'disabled' WHEN '1' THEN 'enabled' ELSE accounts.state END"
_FLAG = "CASE WHEN s.f ->> '{column}' IS NULL THEN accounts.{name} ELSE s.f ->> '{column}' = '1' END"
_COLUMNS = {
    "LOGIN_ID": ("login_id", f"{_SET}, login_key = s.key"),
    "NAME": ("name", _SET),
    "NAME_KANA": ("kana", _SET),
    "_search_key": ("search_key", _SET),
    "LANGUAGE": ("language", _SET),
    "USER_TYPE": ("user_type", _SET),
    "ANPI_LOGIN_ID": ("anpi_login_id", _SET),
    "_anpi_key": ("anpi_key", _SET),
    "ENABLED": ("state", _STATE),
    "TALK_AVAILABLE": ("talk", _FLAG),
    "TALK_LOG_DOWNLOAD_AVAILABLE": ("talk_log", _FLAG),
}
UNSEEN = "accounts.state = 'deleted' AND accounts.login_key NOT LIKE 'deleted %'"
"""SQL of an account that has been made and not been admitted."""
# JSON's true is 1 to SQLite.
_MUST = "CAST(s.f ->> 'must_change' AS text) IN ('true', '1')"
_SIGNED_OUT = (
    "(s.f ->> 'ENABLED' = '0'"
    " OR coalesce(s.f ->> 'USER_TYPE', 'REGULAR_USER') <> 'REGULAR_USER' OR s.f ->> '_password' = '1')"
)
_SIGNS_OUT = frozenset({"ENABLED", "USER_TYPE", "_password"})
_TOLD = ("LOGIN_ID", "NAME", "LANGUAGE", "PRIVILEGES", "TALK_AVAILABLE", "TALK_LOG_DOWNLOAD_AVAILABLE")
_TOLD_ANEW = " OR ".join(f"s.f ->> '{column}' IS NOT NULL" for column in _TOLD)


def admitted() -> ColumnElement[bool]:
    """Of an account: that it is valid, or was; not one that waits for its import."""
    return or_(accounts.c.state != "deleted", accounts.c.login_key.like("deleted %"))


class HashedPassword(msgspec.Struct, frozen=True):
    """Somebody's new password; ``must_change``: at his next sign-in he chooses his own."""

    id: int
    hash: str
    must_change: bool


def remove(staged: Staged) -> None:
    """Free login IDs, anpi IDs, seats and privileges. The hash stays until an undo is no longer possible."""
    staged.run(
        "UPDATE accounts SET state = 'deleted', login_key = 'deleted ' || accounts.id, talk = false,"
        " talk_log = false, anpi_login_id = '', anpi_key = NULL FROM s WHERE accounts.id = s.id",
        ["remove"],
    )
    staged.run("DELETE FROM privileges WHERE account_id IN (SELECT id FROM s)", ["remove"])


def change(staged: Staged, touched: Collection[str]) -> None:
    """Those who are there, and those who come back; ``touched`` are the fields that any of them sets.

    Anpi IDs may have been swapped, so all are given up first.
    """
    if "ANPI_LOGIN_ID" in touched:
        staged.run(
            "UPDATE accounts SET anpi_key = NULL FROM s"
            " WHERE accounts.id = s.id AND s.f ->> 'ANPI_LOGIN_ID' IS NOT NULL",
            ["change", "return"],
        )
    parts = [
        f"{name} = {form.format(column=column, name=name)}"
        for column, (name, form) in _COLUMNS.items()
        if column in touched
    ]
    if parts:
        staged.run(
            f"UPDATE accounts SET {', '.join(parts)} FROM s WHERE accounts.id = s.id",
            ["change", "return"],
        )


def make(staged: Staged, tx: Transaction, import_id: int) -> None:
    """New accounts, as nobody sees them yet, without a password; ``made`` says which is whose.

    Raises ``IntegrityError`` when a login ID is somebody else's by now.
    """
    anpi_id = "s.f ->> 'ANPI_LOGIN_ID'"
    held = f"SELECT 1 FROM accounts AS o WHERE o.anpi_key = lower({anpi_id})"
    staged.run(
        "INSERT INTO accounts (login_id, login_key, name, kana, search_key, language, must_change, state, talk,"
        " created_at, user_type, anpi_login_id, anpi_key, talk_log)"
        f" SELECT s.f ->> 'LOGIN_ID', {made(import_id)}, s.f ->> 'NAME', s.f ->> 'NAME_KANA', s.f ->> '_search_key',"
        " s.f ->> 'LANGUAGE', false, 'deleted', s.f ->> 'TALK_AVAILABLE' = '1', CAST(:now AS bigint),"
        " s.f ->> 'USER_TYPE', s.f ->> 'ANPI_LOGIN_ID',"
        f" CASE WHEN {anpi_id} = '' OR EXISTS ({held}) THEN NULL ELSE lower({anpi_id}) END,"
        " s.f ->> 'TALK_LOG_DOWNLOAD_AVAILABLE' = '1' FROM s ORDER BY s.row",
        ["add"],
        now=to_micros(tx.now),
    )


def made(import_id: int) -> str:
    """SQL of the login key that the new account of a staged row has until it is admitted."""
    return f"CASE s.f ->> 'ENABLED' WHEN '0' THEN 'disabled {import_id} ' || CAST(s.row AS text) ELSE s.key END"


def admit(staged: Staged) -> None:
    """Make them valid. What has an index is left alone where it stands already: that is most of the cost.

    Login IDs and anpi IDs are ASCII, whose case every database knows.
    """
    own = f"accounts.id = s.id AND {UNSEEN}"
    staged.run(
        f"UPDATE accounts SET anpi_key = lower(accounts.anpi_login_id) FROM s"
        f" WHERE {own} AND accounts.anpi_key IS NULL AND accounts.anpi_login_id <> ''",
        ["add"],
    )
    staged.run(
        "UPDATE accounts SET login_key = s.key, state = 'disabled' FROM s"
        f" WHERE {own} AND accounts.login_key LIKE 'disabled %'",
        ["add"],
    )
    staged.run(f"UPDATE accounts SET state = 'enabled' FROM s WHERE {own}", ["add"])


def unmake(staged: Staged) -> None:
    """Take away those that were never admitted; nothing refers to them."""
    made = f"SELECT accounts.id FROM accounts JOIN s ON s.id = accounts.id WHERE {UNSEEN}"
    for table, key in (("privileges", "account_id"), ("accounts", "id")):
        staged.run(f"DELETE FROM {table} WHERE {key} IN ({made})", ["add"])


def write_privileges(staged: Staged, acts: Sequence[str]) -> None:
    """Exactly those of ``_privileges``, where it is set."""
    staged.run(
        "DELETE FROM privileges WHERE account_id IN (SELECT id FROM s WHERE s.f ->> 'PRIVILEGES' IS NOT NULL)", acts
    )
    staged.run(
        f"INSERT INTO privileges (account_id, privilege) SELECT s.id, {staged.item()} {staged.each('_privileges')}",
        acts,
    )


def set_passwords(tx: Transaction, hashed: Sequence[HashedPassword]) -> None:
    """Passwords that an administrator has set: for thirty days, when their owners must choose others."""
    if not hashed:
        return
    given = Staged.of(tx.connection, msgspec.json.encode(hashed).decode())
    given.run(
        f"UPDATE accounts SET password_hash = s.f ->> 'hash', must_change = {_MUST},"
        f" initial_until = CASE WHEN {_MUST} THEN CAST(:until AS bigint) END"
        " FROM s WHERE accounts.id = s.id",
        until=to_micros(tx.now + INITIAL_PASSWORD_LASTS),
    )


def end_sessions(tx: Transaction, staged: Staged, removes: bool, touched: Collection[str]) -> None:
    """Who may be here no longer is signed out, and a code that was read out to him ends; whose rights are others
    comes back at once and is told anew.

    Only who has a session has a socket: of ten thousand people that are few.
    """
    if removes:
        # Whose fields are not asked: to read them takes longer than all the rest.
        _sign_out(tx, staged, ["remove"], "1 = 1")
    if _SIGNS_OUT & set(touched):
        _sign_out(tx, staged, ["change", "return"], _SIGNED_OUT)
    if set(_TOLD) & set(touched):
        anew = staged.run(
            f"SELECT DISTINCT sessions.account_id FROM s JOIN sessions ON sessions.account_id = s.id"
            f" WHERE {_TOLD_ANEW}",
            ["change"],
        )
        revoke_all(tx, list(anew.scalars()), final=False)


def _sign_out(tx: Transaction, staged: Staged, acts: Sequence[str], who: str) -> None:
    out = staged.run(
        f"SELECT DISTINCT sessions.account_id FROM s JOIN sessions ON sessions.account_id = s.id WHERE {who}", acts
    )
    revoke_all(tx, list(out.scalars()), final=True)
    for table in ("sessions", "sign_in_codes"):
        staged.run(f"DELETE FROM {table} WHERE account_id IN (SELECT s.id FROM s WHERE {who})", acts)


def write_trail(staged: Staged, at: int, actor_id: int | None, actor: str, detail: str) -> None:
    """A line of the audit for each person: added, changed, deleted or restored."""
    staged.run(
        "INSERT INTO audit (at, actor_id, actor, action, target, detail)"
        " SELECT CAST(:at AS bigint), CAST(:actor_id AS bigint), CAST(:actor AS text), CASE s.act"
        " WHEN 'remove' THEN 'account.delete' WHEN 'return' THEN 'account.restore' ELSE 'account.' || s.act END,"
        " s.key, CAST(:detail AS text) FROM s ORDER BY s.row",
        at=at,
        actor_id=actor_id,
        actor=actor,
        detail=detail,
    )


def require_company(tx: Transaction, before: Counts) -> None:
    """Refuse when the company is now against its own rules: seats, anpi administrators, the last ADMIN_USER."""
    found, after = company.find(tx.connection), seats.counts(tx.connection)
    limits = found.licences if found else Licences(after.basic, after.talk, after.anpi)
    for problem in company_problems(before, after, limits):
        raise problem
