"""The code of eight digits that an administrator reads out by phone to somebody who cannot sign in (A7).

One at a time for each person, for 15 minutes. It opens one thing: choosing a new password. Wrong ones are slowed down
as wrong passwords are, so that a stranger who knows a login ID cannot use up the tries while the code lasts.
"""

from __future__ import annotations

import hmac
import secrets as random
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from server.auth import queries, session_actions
from server.auth.audit import record
from server.auth.changing import end_all_sessions, present
from server.auth.device import Device
from server.auth.model import Account, Actor, Privilege, login_key
from server.auth.session_actions import NewSession, count_try, forget_tries, turn
from server.auth.tables import sign_in_codes
from server.auth.throttle import code_key
from server.data.transaction import Transaction
from server.errors import Conflict, Invalid
from server.secrets import Secrets

DIGITS = 8
LASTS = timedelta(minutes=15)
TRIES = 50
"""So many wrong ones end a code: more than who must wait between them can send while it lasts."""

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
    forget_tries(tx, code_key(login_key(account.login_id)))
    until = tx.now + LASTS
    row = {"account_id": account_id, "code_hash": code_hash, "until": until, "tries": 0}
    tx.connection.execute(insert(sign_in_codes), row)
    record(tx, actor, "account.code", account.login_id)
    return until


def try_code(
    tx: Transaction, actor: Actor, login_id: str, code_hash: str, known: Device | None = None
) -> Invalid | None:
    """Refuse a code that is wrong, and count it; one answer for every reason. ``known``: the browser, by its mark.

    The refusal is returned and not raised: whoever waits for it hears it all the same, and what was counted stays.
    Only that one must wait is raised, and changes nothing.
    """
    return None if _owner(tx, actor, login_id, code_hash, known) else wrong_code()


def use(
    tx: Transaction,
    actor: Actor,
    login_id: str,
    code_hash: str,
    password_hash: str,
    session: NewSession,
    known: Device | None = None,
) -> Account | Invalid:
    """The new password is set, the code is gone, all older sessions end, and this browser is signed in."""
    owner = _owner(tx, actor, login_id, code_hash, known)
    if owner is None:
        return wrong_code()
    forget_tries(tx, code_key(login_key(login_id)))
    end_all_sessions(tx, owner.id)
    session_actions.renew(tx, actor, owner, password_hash, session)
    return owner


def wrong_code() -> Invalid:
    return Invalid("code_wrong")


def forget_old(tx: Transaction) -> None:
    """Codes that open nothing any more."""
    tx.connection.execute(delete(sign_in_codes).where(sign_in_codes.c.until <= tx.now))


def _owner(tx: Transaction, actor: Actor, login_id: str, code_hash: str, known: Device | None) -> Account | None:
    """Whose code this is; a wrong try is counted, under the locks that look at one try after the other.

    Who has no code waits like who has one: else the waiting would tell.
    """
    tx.lock(_lock(login_id))
    found = queries.credentials(tx.connection, login_key(login_id))
    account = found.account if found is not None else None
    own = account is not None and known is not None and known.account_id == account.id
    key = code_key(login_key(login_id), known.nonce if known and own else "")
    turn(tx, key)
    if account is not None and account.may_sign_in and _right(tx, actor, account, code_hash):
        return account
    count_try(tx, key)
    return None


def _right(tx: Transaction, actor: Actor, account: Account, code_hash: str) -> bool:
    """Whether this person's code is this one; a wrong one takes one of its tries."""
    kept = tx.connection.execute(
        select(sign_in_codes.c.code_hash).where(
            sign_in_codes.c.account_id == account.id, sign_in_codes.c.until > tx.now, sign_in_codes.c.tries < TRIES
        )
    ).scalar()
    if kept is None:
        return False
    if hmac.compare_digest(str(kept), code_hash):
        return True
    tried = update(sign_in_codes).where(sign_in_codes.c.account_id == account.id)
    tx.connection.execute(tried.values(tries=sign_in_codes.c.tries + 1))
    record(tx, actor, "signin.code", account.login_id, "refused")
    return False


def _lock(login_id: str) -> str:
    return f"code {login_key(login_id)}"


def _forget(tx: Transaction, account_id: int) -> None:
    tx.connection.execute(delete(sign_in_codes).where(sign_in_codes.c.account_id == account_id))
