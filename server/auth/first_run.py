"""The first run: while there is nobody, who knows the setup code may make the company and become its administrator.

The code is made anew at each start and shown to whoever starts the server, nowhere else; the database has only its
hash, so that several processes accept the same one. Where several share a database, a start within a minute of
another makes none: the code told then still works. It works once, stands at most ten wrong tries, and is worth
nothing as soon as there is anybody. An hour after the tenth wrong try there is a new one.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from server.auth import actions, company, queries, session_actions
from server.auth.audit import record
from server.auth.changing import Listeners
from server.auth.company import Company
from server.auth.model import Account, Actor, NewAccount, Privilege
from server.auth.session_actions import NewSession
from server.auth.tables import setup
from server.auth.welcome_letter import WelcomeLetter, subject
from server.data.transaction import Transaction
from server.errors import AppError, Forbidden, Invalid, NotFound
from server.readable import readable_password
from server.text import is_mail_address
from server.work import mail
from server.work.mail import Letter

TRIES_LIMIT = 10
FRESH = timedelta(minutes=1)
"""Processes that are started together share a code: one younger than this is another process's, and is kept."""
CLOSED_FOR = timedelta(hours=1)
"""After too many wrong tries; whoever guesses on has ten an hour."""
PRIVILEGES = frozenset(Privilege) - {Privilege.ADMIN_ANPI}
"""The first administrator's: all but ADMIN_ANPI, which needs an 安否ログインID (S18). He may give himself any."""

_THE_ROW = 1


@dataclass(frozen=True, slots=True)
class _Setup:
    code_hash: str
    since: datetime
    """When it was made, or tried too often."""
    tries: int


@dataclass(frozen=True, slots=True)
class Founding:
    """What the first run makes, checked already."""

    company: str
    administrator: NewAccount
    password_hash: str
    session: NewSession
    url: str = ""
    mail_domain: str = "localhost"


@dataclass(frozen=True, slots=True)
class Founded:
    """What the first run has made."""

    company: Company
    account: Account


def make_code(tx: Transaction, *, alone: bool) -> str | None:
    """A new setup code in the place of an older one; None when there is somebody.

    None also when this process is not ``alone`` and another has just made one: that one says it.
    """
    tx.lock("company")
    if queries.anybody(tx.connection):
        return None
    before = _find(tx.connection)
    if before and not alone and before.tries < TRIES_LIMIT and abs(tx.now - before.since) < FRESH:
        return None
    return _new_code(tx)


def reopen(tx: Transaction) -> str | None:
    """A new code in the place of one that was tried too often, an hour after the last try; else None."""
    tx.lock("company")
    before = _find(tx.connection)
    if queries.anybody(tx.connection) or before is None or before.tries < TRIES_LIMIT:
        return None
    return _new_code(tx) if abs(tx.now - before.since) >= CLOSED_FOR else None


def _new_code(tx: Transaction) -> str:
    code = readable_password()
    tx.connection.execute(delete(setup))
    tx.connection.execute(insert(setup), {"id": _THE_ROW, "code_hash": _hash(code), "made_at": tx.now})
    return code


def try_code(tx: Transaction, actor: Actor, code: str) -> AppError | None:
    """Refuse a code that is wrong, and count it; refuse any when there is somebody, or after too many wrong ones.

    A wrong one's refusal is returned and not raised: whoever waits for it hears it all the same, and what was
    counted stays, before the next try is looked at.
    """
    if _is_right(tx, code):
        return None
    tries = tx.connection.execute(update(setup).values(tries=setup.c.tries + 1).returning(setup.c.tries)).scalar_one()
    record(tx, actor, "company.setup", "", "refused")
    if tries < TRIES_LIMIT:
        return Invalid("setup_code_wrong", left=TRIES_LIMIT - tries)
    tx.connection.execute(update(setup).values(made_at=tx.now))
    return _closed()


def set_up(tx: Transaction, actor: Actor, code: str, founding: Founding, listeners: Listeners) -> Founded:
    """Company, first administrator and session, together or not at all. Of two at once, one finds it done."""
    if not _is_right(tx, code):
        raise _closed()
    made = company.found(tx, founding.company)
    founder = Actor(None, "setup", operator=True, address=actor.address, request_id=actor.request_id)
    add = actions.add_account
    account = add(tx, founder, founding.administrator, founding.password_hash, must_change=False, listeners=listeners)
    record(tx, founder, "company.setup", account.login_id, name=founding.company)
    session_actions.begin_session(tx, actor, account, founding.session)
    tx.connection.execute(delete(setup))
    _write_to(tx, WelcomeLetter(made, account.login_id, founding.url), account.language, founding.mail_domain)
    return Founded(made, account)


def letter(connection: Connection, url: str) -> WelcomeLetter | None:
    """The 開通案内 again, without the password, for the first administrator who is still one."""
    found = company.find(connection)
    login_id = queries.first_administrator(connection)
    return WelcomeLetter(found, login_id, url) if found and login_id else None


def _write_to(tx: Transaction, welcome: WelcomeLetter, language: str, domain: str) -> None:
    """The 開通案内 by mail, when his login ID is an address."""
    if is_mail_address(welcome.login_id):
        mail.queue(tx, Letter("welcome", welcome.login_id, subject(language), welcome.as_text(language)), domain)


def _is_right(tx: Transaction, code: str) -> bool:
    """Under the lock that counts tries one after the other, however many come at once."""
    tx.lock("company")
    if queries.anybody(tx.connection):
        raise NotFound()
    kept = _find(tx.connection)
    if kept is None or kept.tries >= TRIES_LIMIT:
        raise _closed()
    return hmac.compare_digest(kept.code_hash, _hash(code))


def _closed() -> AppError:
    return Forbidden("setup_closed", limit=TRIES_LIMIT)


def _find(connection: Connection) -> _Setup | None:
    row = connection.execute(select(setup)).first()
    return _Setup(row.code_hash, row.made_at, row.tries) if row else None


def _hash(code: str) -> str:
    """However it was typed: capitals, blanks and hyphens make no difference."""
    plain = "".join(code.split()).replace("-", "").lower()
    return hashlib.sha256(plain.encode("utf-8", "replace")).hexdigest()
