"""Coming and going: signing in and out, ending sessions, changing one's own password."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from server.auth import queries
from server.auth.audit import record, visible
from server.auth.device import Device
from server.auth.model import Account, Actor, Session, SignedIn, login_key
from server.auth.queries import Credentials
from server.auth.revocation import revoke
from server.auth.sessions import AGENT_LIMIT
from server.auth.tables import accounts, sessions, sign_in_codes, throttles
from server.auth.throttle import FORGOTTEN_AFTER, Throttle, password_key, sign_in_key
from server.data.sets import key_rows, packed
from server.data.transaction import Transaction
from server.errors import Busy, Conflict, Forbidden, Invalid, NotFound

SESSIONS_LIMIT = 100
"""How many sessions one account may have; a new one ends the longest unused."""


class TooManyTries(Busy):
    """It failed too often; the next try is looked at after ``seconds``."""

    code = "signin_wait"

    def __init__(self, wait: timedelta) -> None:
        milliseconds = int(wait.total_seconds() * 1000)
        super().__init__(retry_ms=milliseconds, seconds=-(-milliseconds // 1000))


@dataclass(frozen=True, slots=True)
class Tried:
    """A try that may be looked at: whose it is, if anybody's, and under which key it was counted."""

    credentials: Credentials | None
    key: str


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session to be kept."""

    token_hash: str
    lasts: timedelta
    agent: str = ""
    replaces: str = ""


def try_sign_in(tx: Transaction, login_key: str, device: Device | None) -> Tried:
    """Count a try before it is looked at, or refuse because the last one was too recently.

    Counted beforehand, because a hundred guesses sent at once would else all find the count at zero; the
    right password takes it back (``sign_in``).
    """
    found = queries.credentials(tx.connection, login_key)
    known = device is not None and found is not None and device.account_id == found.account.id
    key = sign_in_key(login_key, device.nonce if device and known else "")
    count_try(tx, key)
    return Tried(found, key)


def count_try(tx: Transaction, key: str) -> None:
    """One more failure under this key, unless it must wait: then a refusal that changes nothing."""
    failed = turn(tx, key).failed(tx.now)
    insert_for = sqlite.insert if tx.dialect == "sqlite" else postgresql.insert
    row = {"failures": failed.failures, "last_at": failed.last_at}
    written = insert_for(throttles).values(key=key, **row)
    tx.connection.execute(written.on_conflict_do_update(index_elements=["key"], set_=row))


def turn(tx: Transaction, key: str) -> Throttle:
    """What was counted under this key, if it is time for a try; nobody else's comes between it and our end."""
    tx.lock(f"throttle {key}")
    throttle = queries.throttle(tx.connection, key) or Throttle(0, tx.now)
    wait = throttle.wait(tx.now)
    if wait > timedelta(0):
        raise TooManyTries(wait)
    return throttle


def note_refused_sign_in(tx: Transaction, actor: Actor, found: Credentials | None) -> None:
    """The audit line of a try that failed.

    A login ID that does not exist is not written down: people type their password into the wrong field.
    """
    target = found.account.login_id if found else ""
    record(tx, actor, "signin", target, "refused", known=found is not None)


def wrong_sign_in() -> Invalid:
    """The one answer to every sign-in that fails, whatever the reason."""
    return Invalid("signin_wrong")


def sign_in(tx: Transaction, actor: Actor, tried: Tried, session: NewSession, rehashed: str | None = None) -> Account:
    """The password was right: a new session. Refused when the account has changed meanwhile.

    A password that somebody else has set, and that nobody has used in time, is refused with its own sentence.
    """
    assert tried.credentials is not None
    found = queries.credentials_of(tx.connection, tried.credentials.account.id)
    same = found is not None and found.password_hash == tried.credentials.password_hash
    if found is None or not same or not found.account.may_sign_in:
        raise wrong_sign_in()
    account = found.account
    if account.expired(tx.now):
        raise Forbidden("initial_expired").then(partial(_note_expired, actor=actor, account=account))
    forget_tries(tx, tried.key)
    if rehashed is not None:
        _write_password(tx, account.id, rehashed, must_change=account.must_change)
    if session.replaces:
        _end(tx, _own(tx, account.id, session.replaces), final=False)
    _make_room(tx, account.id)
    _arrive(tx, actor, account, session)
    return account


def _note_expired(tx: Transaction, actor: Actor, account: Account, action: str = "signin") -> None:
    record(tx, actor, action, account.login_id, "refused", expired=True)


def begin_session(tx: Transaction, actor: Actor, account: Account, session: NewSession) -> None:
    """Somebody is signed in who has just come to be, and has no older session."""
    _arrive(tx, actor, account, session)


def renew(tx: Transaction, actor: Actor, account: Account, password_hash: str, session: NewSession) -> None:
    """A new password of his own, and a session: he has shown by a code who he is. Older sessions have ended."""
    _write_password(tx, account.id, password_hash, must_change=False)
    forget_tries(tx, sign_in_key(login_key(account.login_id)))
    record(tx, _as(actor, account), "signin.code", account.login_id)
    _arrive(tx, actor, account, session)


def sign_out(tx: Transaction, actor: Actor, signed_in: SignedIn) -> None:
    """End this session, here and in its open windows."""
    _end(tx, _own(tx, signed_in.account.id, signed_in.session.token_hash), final=True)
    record(tx, actor, "signout", signed_in.account.login_id)


def end_session(tx: Transaction, actor: Actor, public_id: str) -> None:
    """End one of one's own sessions; another's is not there."""
    own = sessions.c.account_id == actor.account_id
    wanted = select(sessions.c.token_hash).where(own, sessions.c.public_id == public_id)
    token_hash = tx.connection.execute(wanted).scalar()
    if token_hash is None or actor.account_id is None:
        raise NotFound()
    _end(tx, [(actor.account_id, token_hash)], final=True)
    record(tx, actor, "session.end", public_id)


def end_other_sessions(tx: Transaction, actor: Actor, current: Session) -> int:
    """ほかの端末をすべてログアウト: all but this one. Returns how many."""
    others = _others(tx, current)
    _end(tx, others, final=True)
    record(tx, actor, "session.end_others", ended=len(others))
    return len(others)


def change_password(
    tx: Transaction, actor: Actor, current: Session, verified: str, password_hash: str, session: NewSession
) -> None:
    """One's own new password, unless the one that somebody else has set was not changed in time. All other sessions
    end; this browser goes on under a new token.

    ``verified`` is the hash that the current password was compared with: it must still be the one we keep.
    """
    found = queries.credentials_of(tx.connection, current.account_id)
    if found is None or found.password_hash != verified:
        raise Conflict("password_changed_meanwhile")
    if found.account.expired(tx.now):
        note = partial(_note_expired, actor=actor, account=found.account, action="password.change")
        raise Forbidden("initial_expired").then(note)
    _write_password(tx, current.account_id, password_hash, must_change=False)
    _end(tx, _others(tx, current), final=True)
    _end(tx, [(current.account_id, current.token_hash)], final=False)
    forget_tries(tx, password_key(current.account_id))
    _insert(tx, current.account_id, session, actor)
    record(tx, actor, "password.change", found.account.login_id)


def note_refused_change(tx: Transaction, actor: Actor, login_id: str) -> None:
    """The audit line of somebody who did not know his current password."""
    record(tx, actor, "password.change", login_id, "refused")


def note_refused_confirmation(tx: Transaction, actor: Actor, login_id: str) -> None:
    """The audit line of somebody who was asked for his password again and did not know it."""
    record(tx, actor, "password.confirm", login_id, "refused")


def take_back_try(tx: Transaction, key: str) -> None:
    """The try was never looked at: it counts for nothing.

    One less, and not all forgotten: else a guesser would only have to keep us busy.
    """
    fewer = update(throttles).where(throttles.c.key == key, throttles.c.failures > 0)
    tx.connection.execute(fewer.values(failures=throttles.c.failures - 1))


def forget_tries(tx: Transaction, key: str) -> None:
    tx.connection.execute(delete(throttles).where(throttles.c.key == key))


def forget_old_tries(tx: Transaction) -> None:
    """Rows that slow nobody down any more."""
    tx.connection.execute(delete(throttles).where(throttles.c.last_at <= tx.now - FORGOTTEN_AFTER))


def _insert(tx: Transaction, account_id: int, session: NewSession, actor: Actor) -> None:
    row = {
        "token_hash": session.token_hash,
        "public_id": secrets.token_urlsafe(9),
        "account_id": account_id,
        "created_at": tx.now,
        "seen_at": tx.now,
        "ends_at": tx.now + session.lasts,
        "agent": visible(session.agent, AGENT_LIMIT),
        "address": visible(actor.address),
    }
    tx.connection.execute(insert(sessions).values(row))


def _arrive(tx: Transaction, actor: Actor, account: Account, session: NewSession) -> None:
    """Signed in; the first time is remembered (A7)."""
    if account.first_seen_at is None:
        tx.connection.execute(update(accounts).where(accounts.c.id == account.id).values(first_seen_at=tx.now))
    _insert(tx, account.id, session, actor)
    record(tx, _as(actor, account), "signin", account.login_id)


def _make_room(tx: Transaction, account_id: int) -> None:
    """End the longest unused sessions beyond the limit, so that a script cannot pile them up."""
    own = select(sessions.c.token_hash).where(sessions.c.account_id == account_id)
    beyond = own.order_by(sessions.c.seen_at.desc(), sessions.c.token_hash).offset(SESSIONS_LIMIT - 1)
    hashes = tx.connection.execute(beyond.limit(SESSIONS_LIMIT)).scalars()
    _end(tx, [(account_id, token_hash) for token_hash in hashes], final=True)


def _others(tx: Transaction, current: Session) -> list[tuple[int, str]]:
    own = sessions.c.account_id == current.account_id
    wanted = select(sessions.c.token_hash).where(own, sessions.c.token_hash != current.token_hash)
    return [(current.account_id, token_hash) for token_hash in tx.connection.execute(wanted).scalars()]


def _own(tx: Transaction, account_id: int, token_hash: str) -> list[tuple[int, str]]:
    """This session, if it exists and is this account's."""
    own = sessions.c.account_id == account_id
    wanted = select(sessions.c.token_hash).where(own, sessions.c.token_hash == token_hash)
    return [(account_id, found) for found in tx.connection.execute(wanted).scalars()]


def _end(tx: Transaction, ending: list[tuple[int, str]], *, final: bool) -> None:
    """Remove these sessions and close their sockets."""
    if not ending:
        return
    keys = key_rows(tx.dialect, str)
    gone = delete(sessions).where(sessions.c.token_hash.in_(select(keys.c.k0)))
    tx.connection.execute(gone, {"keys": packed(token_hash for _, token_hash in ending)})
    for account_id, token_hash in ending:
        revoke(tx, account_id, token_hash, final=final)


def _write_password(tx: Transaction, account_id: int, password_hash: str, *, must_change: bool) -> None:
    """Who has chosen his own is bound to no date, and needs no code any more."""
    values: dict[str, Any] = {"password_hash": password_hash, "must_change": must_change}
    if not must_change:
        values["initial_until"] = None
        tx.connection.execute(delete(sign_in_codes).where(sign_in_codes.c.account_id == account_id))
    tx.connection.execute(update(accounts).where(accounts.c.id == account_id).values(values))


def _as(actor: Actor, account: Account) -> Actor:
    """The stranger has shown who he is."""
    return replace(actor, account_id=account.id, name=account.name, privileges=account.privileges)
