"""A small company for tests: people with open sessions, made straight in the database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from types import SimpleNamespace

from sqlalchemy import insert

from server.auth import actions, sessions
from server.auth.model import Account, Privilege, new_account, operator
from server.auth.tables import sessions as session_rows
from server.data.transaction import Transaction
from server.ports import people_listeners
from server.services import Services


@dataclass(frozen=True)
class Someone:
    """A person with one session."""

    account: Account
    token: str

    @property
    def id(self) -> int:
        return self.account.id


SESSION_DAYS = 90
NAMES = ("sato", "suzuki", "ito")
"""佐藤, 鈴木 and 伊藤, who all may talk."""


async def hire_all(services: Services) -> SimpleNamespace:
    """Everybody of ``NAMES``, by name."""
    return SimpleNamespace(**{name: await hire(services, name) for name in NAMES})


async def hire(
    services: Services, name: str, *, talk: bool = True, privileges: frozenset[Privilege] = frozenset()
) -> Someone:
    """A new person who is signed in."""
    anpi = "anpi01" if Privilege.ADMIN_ANPI in privileges else ""
    new = new_account(f"{name}@hokuto.example", name, talk=talk, privileges=privileges, anpi_login_id=anpi)
    listeners = people_listeners(services.ports)

    def make(tx: Transaction) -> Account:
        return actions.add_account(tx, operator(), new, None, must_change=False, listeners=listeners)

    account = await services.writer.act(make)
    return Someone(account, await sign_in(services, account.id))


async def sign_in(services: Services, account: int) -> str:
    """One more session of somebody; its token."""
    token = sessions.new_token()

    def keep(tx: Transaction) -> None:
        row = {
            "token_hash": sessions.hash_of(token),
            "public_id": token[:12],
            "account_id": account,
            "created_at": tx.now,
            "seen_at": tx.now,
            "ends_at": tx.now + timedelta(days=SESSION_DAYS),
        }
        tx.connection.execute(insert(session_rows), row)

    await services.writer.act(keep)
    return token
