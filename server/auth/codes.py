"""The code of eight digits that an administrator reads out by phone to somebody who cannot sign in (A7).

One at a time for each person, for 15 minutes and at most five wrong tries. It opens one thing: choosing a new
password.
"""

from __future__ import annotations

import hmac
import secrets as random
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from server.auth import queries, session_actions
from server.auth.audit import record
from server.auth.changing import end_all_sessions, present
from server.auth.model import Account, Actor, Privilege, login_key
from server.auth.session_actions import NewSession
from server.auth.tables import sign_in_codes
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid
from server.secrets import Secrets

DIGITS = 8
LASTS = timedelta(minutes=15)
TRIES = 5

_PURPOSE = "sign-in code"


def new_code() -> str:
    return f"{random.randbelow(10**DIGITS):0{DIGITS}d}"


def hash_of(secrets: Secrets, login_id: str, code: str) -> str:
    """What we keep: eight digits alone could be guessed from a stolen backup, so our key is part of it.

    However the code was typed: blanks and hyphens make no difference, nor do full-width digits.
    """
    plain = "".join(str(int(char)) for char in code if char.isdecimal())
    data = f"{login_key(login_id)}\n{plain}".encode("utf-8", "replace")
    return secrets.sign(_PURPOSE, data).hex()


def issue(tx: Transaction, actor: Actor, account_id: int, code_hash: str) -> datetime:
    """A code in the place of an older one; returns until when it works. It changes nothing else."""
    actor.require(Privilege.ADMIN_USER)
    actor.require_other(account_id)
    account = present(tx, account_id)
    if not account.may_sign_in:
        raise Conflict("no_sign_in")
    tx.lock(_lock(account.login_id))
    _forget(tx, account_id)
    until = tx.now + LASTS
    row = {"account_id": account_id, "code_hash": code_hash, "until": until, "tries": 0}
    tx.connection.execute(insert(sign_in_codes), row)
    record(tx, actor, "account.code", account.login_id)
    return until


def try_code(tx: Transaction, actor: Actor, login_id: str, code_hash: str) -> Invalid | None:
    """Refuse a code that is wrong, and count it; one answer for every reason.

    The refusal is returned and not raised: whoever waits for it hears it all the same, and what was counted stays.
    """
    return None if _owner(tx, actor, login_id, code_hash) else wrong_code()


def use(
    tx: Transaction, actor: Actor, login_id: str, code_hash: str, password_hash: str, session: NewSession
) -> Account | Invalid:
    """The new password is set, the code is gone, all older sessions end, and this browser is signed in."""
    owner = _owner(tx, actor, login_id, code_hash)
    if owner is None:
        return wrong_code()
    end_all_sessions(tx, owner.id)
    session_actions.renew(tx, actor, owner, password_hash, session)
    return owner


def wrong_code() -> Invalid:
    return Invalid("code_wrong")


def forget_old(tx: Transaction) -> None:
    """Codes that open nothing any more."""
    tx.connection.execute(delete(sign_in_codes).where(sign_in_codes.c.until <= tx.now))


def _owner(tx: Transaction, actor: Actor, login_id: str, code_hash: str) -> Account | None:
    """Whose code this is; a wrong try is counted, under the lock that looks at one try after the other."""
    tx.lock(_lock(login_id))
    found = queries.credentials(tx.connection, login_key(login_id))
    if found is None or not found.account.may_sign_in:
        return None
    kept = tx.connection.execute(
        select(sign_in_codes).where(
            sign_in_codes.c.account_id == found.account.id,
            sign_in_codes.c.until > tx.now,
            sign_in_codes.c.tries < TRIES,
        )
    ).first()
    if kept is None:
        return None
    if hmac.compare_digest(str(kept.code_hash), code_hash):
        return found.account
    tried = update(sign_in_codes).where(sign_in_codes.c.account_id == found.account.id)
    tx.connection.execute(tried.values(tries=sign_in_codes.c.tries + 1))
    record(tx, actor, "signin.code", found.account.login_id, "refused")
    return None


def _lock(login_id: str) -> str:
    return f"code {login_key(login_id)}"


def _forget(tx: Transaction, account_id: int) -> None:
    tx.connection.execute(delete(sign_in_codes).where(sign_in_codes.c.account_id == account_id))
