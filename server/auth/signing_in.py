"""Signing in, from what was typed to a session. The cheap questions come first, the hash last."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Connection

from server.auth import device, queries, session_actions, sessions
from server.auth.model import LOGIN_ID_LIMIT, Account, Actor, SignedIn, login_key
from server.auth.password_rule import Accepted, check_password, could_be_password
from server.auth.passwords import TooManySignIns
from server.auth.session_actions import NewSession, Tried
from server.auth.throttle import password_key
from server.errors import Invalid
from server.services import Services


@dataclass(frozen=True, slots=True)
class Attempt:
    """What somebody typed, and what his browser brought along."""

    login_id: str
    password: str
    actor: Actor
    device_mark: str = ""
    agent: str = ""
    old_token: str = ""


@dataclass(frozen=True, slots=True)
class Welcome:
    """Signed in: the two cookies' values."""

    account: Account
    token: str
    device_mark: str


async def sign_in(services: Services, attempt: Attempt) -> Welcome:
    """A session, or the one refusal that everybody gets, whatever was wrong.

    What cannot be a password or a login ID is neither hashed nor counted.
    """
    if not could_be_password(attempt.password) or len(attempt.login_id) > LOGIN_ID_LIMIT:
        raise session_actions.wrong_sign_in()
    services.passwords.require_room()
    tried = await _try(services, attempt)
    found = tried.credentials
    async with _looked_at(services, tried.key):
        right = await services.passwords.verify(found.password_hash if found else None, attempt.password)
    if not right or found is None or not found.account.may_sign_in:
        await services.writer.act(session_actions.note_refused_sign_in, attempt.actor, found)
        raise session_actions.wrong_sign_in()
    token, session = new_session(services, attempt.agent, attempt.old_token)
    rehashed = await _rehashed(services, found.password_hash, attempt.password)
    account = await services.writer.act(session_actions.sign_in, attempt.actor, tried, session, rehashed)
    mark = device.written(device.new_device(account.id), services.secrets)
    return Welcome(account, token, mark)


async def change_own_password(
    services: Services, signed_in: SignedIn, actor: Actor, current: str, new: str, agent: str = ""
) -> str:
    """A new password instead of the current one; returns the token that this browser goes on with."""
    account = signed_in.account
    accepted = check_password(new, account.login_id, services.company.name)
    if new == current:
        raise Invalid("password_same")
    services.passwords.require_room()
    key = password_key(account.id)
    await services.writer.act(session_actions.count_try, key)
    verified = await services.readers.ask(_password_hash, account.id)
    async with _looked_at(services, key):
        if not could_be_password(current) or not await services.passwords.verify(verified, current):
            await services.writer.act(session_actions.note_refused_change, actor, account.login_id)
            raise Invalid("password_current_wrong")
        new_hash = await services.passwords.hash(accepted)
    token, session = new_session(services, agent)
    change = session_actions.change_password
    await services.writer.act(change, actor, signed_in.session, verified, new_hash, session)
    return token


async def confirm_password(services: Services, signed_in: SignedIn, actor: Actor, password: str) -> None:
    """That it is really he who asks for something grave: his own password again, slowed down as signing in is."""
    services.passwords.require_room()
    account = signed_in.account
    key = password_key(account.id)
    await services.writer.act(session_actions.count_try, key)
    kept = await services.readers.ask(_password_hash, account.id)
    async with _looked_at(services, key):
        if not could_be_password(password) or not await services.passwords.verify(kept, password):
            await services.writer.act(session_actions.note_refused_confirmation, actor, account.login_id)
            raise Invalid("password_current_wrong", field="password")
    await services.writer.act(session_actions.forget_tries, key)


def new_session(services: Services, agent: str, old_token: str = "") -> tuple[str, NewSession]:
    """A fresh token and the session it opens."""
    token = sessions.new_token()
    replaces = sessions.hash_of(old_token) if old_token else ""
    lasts = timedelta(days=services.settings.session_days)
    return token, NewSession(sessions.hash_of(token), lasts, agent, replaces)


async def _try(services: Services, attempt: Attempt) -> Tried:
    known = device.read(attempt.device_mark, services.secrets)
    key = login_key(attempt.login_id)
    tried: Tried = await services.writer.act(session_actions.try_sign_in, key, known)
    return tried


@asynccontextmanager
async def _looked_at(services: Services, key: str) -> AsyncIterator[None]:
    """A try that was counted under ``key``; it is no failure when the pool has no room to look at it.

    After an earthquake whole companies hear "come back"; nobody of them has guessed.
    """
    try:
        yield
    except TooManySignIns:
        await services.writer.act(session_actions.take_back_try, key)
        raise


async def _rehashed(services: Services, password_hash: str | None, password: str) -> str | None:
    """A new hash when the kept one has older parameters: only now do we know the password."""
    if password_hash is None or not services.passwords.needs_rehash(password_hash):
        return None
    try:
        # It was accepted once; a rule that came later does not lock its owner out.
        return await services.passwords.hash(Accepted(password))
    except TooManySignIns:
        # He is in; the next time will do as well.
        return None


def _password_hash(connection: Connection, account_id: int) -> str | None:
    found = queries.credentials_of(connection, account_id)
    return found.password_hash if found else None
