"""What an import does to accounts, in a few statements for all of them; the rules have been asked before.

The rows come staged (``server/data/staged.py``): ``id`` is the account, ``key`` the login key, and the fields are
the columns of the user file, each one only when it is set. Who calls this holds the lock ``company``, has proved the
right, and asks ``require_company`` afterwards: what breaks a rule of the company is undone with all the rest.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from server.auth import company, seats
from server.auth.model import INITIAL_PASSWORD_LASTS
from server.auth.revocation import revoke_all
from server.auth.rules import Counts, Licences, company_problems
from server.clock import to_micros
from server.data.staged import Staged
from server.data.transaction import Transaction

_SET = "coalesce(s.f ->> '{column}', accounts.{name})"
_STATE = "CASE s.f ->> 'ENABLED' WHEN '0' THEN 'disabled' WHEN '1' THEN 'enabled' ELSE {otherwise} END"
_FLAG = "CASE WHEN s.f ->> '{column}' IS NULL THEN {otherwise} ELSE s.f ->> '{column}' = '1' END"
# JSON's true is 1 to SQLite.
_MUST = "CAST(s.f ->> 'must_change' AS text) IN ('true', '1')"
_SIGNED_OUT = (
    "(s.act = 'remove' OR s.f ->> 'ENABLED' = '0'"
    " OR coalesce(s.f ->> 'USER_TYPE', 'REGULAR_USER') <> 'REGULAR_USER' OR s.f ->> '_password' = '1')"
)
_TOLD_ANEW = " OR ".join(
    f"s.f ->> '{column}' IS NOT NULL" for column in ("LOGIN_ID", "NAME", "LANGUAGE", "PRIVILEGES", "TALK_AVAILABLE")
)


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


def change(staged: Staged) -> None:
    """Those who are there, and those who come back. Anpi IDs may have been swapped, so all are given up first."""
    staged.run(
        "UPDATE accounts SET anpi_key = NULL FROM s WHERE accounts.id = s.id AND s.f ->> 'ANPI_LOGIN_ID' IS NOT NULL",
        ["change", "return"],
    )
    texts = {
        "LOGIN_ID": "login_id",
        "NAME": "name",
        "NAME_KANA": "kana",
        "_search_key": "search_key",
        "LANGUAGE": "language",
        "USER_TYPE": "user_type",
        "ANPI_LOGIN_ID": "anpi_login_id",
        "_anpi_key": "anpi_key",
    }
    parts = [f"{name} = {_SET.format(column=column, name=name)}" for column, name in texts.items()]
    parts.append("login_key = s.key")
    parts.append(f"state = {_STATE.format(otherwise='accounts.state')}")
    parts.append(f"talk = {_FLAG.format(column='TALK_AVAILABLE', otherwise='accounts.talk')}")
    parts.append(f"talk_log = {_FLAG.format(column='TALK_LOG_DOWNLOAD_AVAILABLE', otherwise='accounts.talk_log')}")
    staged.run(f"UPDATE accounts SET {', '.join(parts)} FROM s WHERE accounts.id = s.id", ["change", "return"])


def add(staged: Staged, tx: Transaction) -> None:
    """Those who are new, without a password."""
    staged.run(
        "INSERT INTO accounts (login_id, login_key, name, kana, search_key, language, must_change, state, talk,"
        " created_at, user_type, anpi_login_id, anpi_key, talk_log)"
        " SELECT s.f ->> 'LOGIN_ID', s.key, s.f ->> 'NAME', s.f ->> 'NAME_KANA', s.f ->> '_search_key',"
        f" s.f ->> 'LANGUAGE', false, {_STATE.format(otherwise=repr('enabled'))},"
        " s.f ->> 'TALK_AVAILABLE' = '1', CAST(:now AS bigint), s.f ->> 'USER_TYPE', s.f ->> 'ANPI_LOGIN_ID',"
        " s.f ->> '_anpi_key', s.f ->> 'TALK_LOG_DOWNLOAD_AVAILABLE' = '1' FROM s ORDER BY s.row",
        ["add"],
        now=to_micros(tx.now),
    )


def write_privileges(staged: Staged) -> None:
    """Exactly those of ``_privileges``, where it is set."""
    acts = ["add", "change", "return"]
    staged.run(
        "DELETE FROM privileges WHERE account_id IN (SELECT id FROM s WHERE s.f ->> 'PRIVILEGES' IS NOT NULL)", acts
    )
    staged.run(
        f"INSERT INTO privileges (account_id, privilege) SELECT s.id, {staged.item()} {staged.each('_privileges')}",
        acts,
    )


def set_passwords(tx: Transaction, hashed: Sequence[HashedPassword]) -> None:
    """Passwords that an administrator has set: for thirty days, when their owners must choose others."""
    given = Staged.of(tx.connection, msgspec.json.encode(hashed).decode())
    given.run(
        f"UPDATE accounts SET password_hash = s.f ->> 'hash', must_change = {_MUST},"
        f" initial_until = CASE WHEN {_MUST} THEN CAST(:until AS bigint) END"
        " FROM s WHERE accounts.id = s.id",
        until=to_micros(tx.now + INITIAL_PASSWORD_LASTS),
    )


def end_sessions(tx: Transaction, staged: Staged) -> None:
    """Who may be here no longer is signed out, and a code that was read out to him ends; whose rights are others
    comes back at once and is told anew.

    Only who has a session has a socket: of ten thousand people that are few.
    """
    out = staged.run(
        f"SELECT DISTINCT sessions.account_id FROM s JOIN sessions ON sessions.account_id = s.id WHERE {_SIGNED_OUT}"
    )
    revoke_all(tx, list(out.scalars()), final=True)
    for table in ("sessions", "sign_in_codes"):
        staged.run(f"DELETE FROM {table} WHERE account_id IN (SELECT s.id FROM s WHERE {_SIGNED_OUT})")
    anew = staged.run(
        f"SELECT DISTINCT sessions.account_id FROM s JOIN sessions ON sessions.account_id = s.id WHERE {_TOLD_ANEW}",
        ["change"],
    )
    revoke_all(tx, list(anew.scalars()), final=False)


def write_trail(tx: Transaction, staged: Staged, actor_id: int | None, actor: str, detail: str) -> None:
    """A line of the audit for each person: added, changed, deleted or restored."""
    staged.run(
        "INSERT INTO audit (at, actor_id, actor, action, target, detail)"
        " SELECT CAST(:now AS bigint), CAST(:actor_id AS bigint), CAST(:actor AS text), CASE s.act"
        " WHEN 'remove' THEN 'account.delete' WHEN 'return' THEN 'account.restore' ELSE 'account.' || s.act END,"
        " s.key, CAST(:detail AS text) FROM s ORDER BY s.row",
        now=to_micros(tx.now),
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
